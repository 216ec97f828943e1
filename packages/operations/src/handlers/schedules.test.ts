import { expect, it } from "vitest";
import { describeOnBothStores } from "../../test/stores.ts";

describeOnBothStores("schedules over HTTP", (served) => {
  const task = { type: "report:send", payload: { kind: "daily" }, queue: "low", max_retry: 3 };
  const add = (more: object = {}) =>
    served.json("POST", "/schedules", { id: "nightly", spec: "0 3 * * *", time_zone: "Asia/Tokyo", task, ...more });
  const change = (body: object, ifMatch?: string) =>
    served.mounting.ask("/schedules/nightly", {
      method: "PATCH",
      headers: {
        authorization: "Bearer operate",
        "content-type": "application/json",
        ...(ifMatch !== undefined && { "if-match": ifMatch }),
      },
      body: JSON.stringify(body),
    });

  it("are added, shown with their next turn, and listed page by page", async () => {
    const added = await served.ask("POST", "/schedules", { id: "a/ü", spec: "@every 90s", task: { type: "t" } });
    expect([added.status, added.headers.get("etag"), added.headers.get("location")]).toEqual([
      201,
      '"1"',
      "schedules/a%2F%C3%BC",
    ]);
    expect(await add()).toMatchObject({
      status: 201,
      body: {
        id: "nightly",
        spec: "0 3 * * *",
        time_zone: "Asia/Tokyo",
        catch_up: "once",
        type: "report:send",
        queue: "low",
        payload: { kind: "daily" },
        options: ['Queue("low")', "MaxRetry(3)", "Timeout(30m0s)"],
        paused: false,
        next_at: expect.stringMatching(/T18:00:00.000Z$/),
        previous_at: null,
        schedulers: 0,
        revision: 1,
      },
    });
    const first = (await served.json("GET", "/schedules?limit=1")).body;
    expect(first.schedules).toMatchObject([{ id: "a/ü", queue: "default", payload: null }]);
    const rest = (await served.json("GET", `/schedules?cursor=${first.next}`)).body;
    expect(rest).toMatchObject({ schedules: [{ id: "nightly" }], next: null });
    expect(await served.json("GET", "/schedules/a%2F%C3%BC")).toMatchObject({ status: 200, body: { id: "a/ü" } });
    expect(await add()).toMatchObject({ status: 409, body: { code: "entry_exists" } });
  });

  it("say what does not fit, and where", async () => {
    expect(await add({ spec: "every day" })).toMatchObject({ status: 422, body: { code: "invalid_option" } });
    expect(await add({ time_zone: "Mars/Base" })).toMatchObject({ status: 422, body: { code: "invalid_option" } });
    expect(await add({ task: { ...task, due_at: "2026-01-01T00:00:00Z" } })).toMatchObject({
      status: 422,
      body: { code: "invalid_body", errors: [{ location: "body.task.due_at" }] },
    });
    expect(await add({ task: { ...task, retention: "-1s" } })).toMatchObject({ body: { code: "invalid_body" } });
    expect(await add({ task: { type: "t", unique_for: "1ms" } })).toMatchObject({
      status: 422,
      body: { code: "invalid_option", errors: [{ location: "body.task.unique_for" }] },
    });
    expect(await served.json("GET", "/schedules")).toMatchObject({ body: { schedules: [], next: null } });
  });

  it("are changed only as they were seen, when If-Match says so", async () => {
    await add();
    const changed = await change({ spec: "@hourly", reason: "more often" }, '"1"');
    expect([changed.status, changed.headers.get("etag")]).toEqual([200, '"2"']);
    expect(await changed.json()).toMatchObject({ spec: "@hourly", time_zone: "Asia/Tokyo", revision: 2 });
    const late = await change({ spec: "@daily" }, '"1"');
    expect([late.status, await late.json()]).toMatchObject([412, { code: "precondition_failed" }]);
    expect((await change({ catch_up: { all: 3 } }, "*")).status).toBe(200);
    expect((await change({ task: { type: "other" } })).status).toBe(200);
    expect((await change({}, "2")).status).toBe(422);
    const { body } = await served.json("GET", "/schedules/nightly");
    expect(body).toMatchObject({ spec: "@hourly", catch_up: { all: 3 }, type: "other", queue: "default", revision: 4 });
  });

  it("are made as they should be, and an equal one is left alone", async () => {
    const put = (spec: string) => served.json("PUT", "/schedules/nightly", { spec, task });
    expect(await put("@daily")).toMatchObject({ status: 200, body: { revision: 1 } });
    expect(await put("@daily")).toMatchObject({ status: 200, body: { revision: 1 } });
    expect(await put("@weekly")).toMatchObject({ status: 200, body: { spec: "@weekly", revision: 2 } });
  });

  it("are paused, resumed and removed", async () => {
    await add();
    const pause = await served.json("POST", "/schedules/nightly/pause", { reason: "holidays" });
    expect(pause).toMatchObject({ status: 200, body: { paused: true, next_at: null } });
    const resume = await served.json("POST", "/schedules/nightly/resume", {});
    expect(resume).toMatchObject({ body: { paused: false, next_at: expect.any(String) } });
    expect(await served.json("DELETE", "/schedules/nightly?reason=over")).toEqual({
      status: 200,
      body: { id: "nightly" },
    });
    for (const [method, path, body] of [
      ["GET", "", undefined],
      ["PATCH", "", {}],
      ["DELETE", "", undefined],
      ["POST", "/pause", {}],
      ["POST", "/resume", {}],
      ["POST", "/run", {}],
      ["GET", "/turns", undefined],
    ] as const) {
      const answer = await served.json(method, `/schedules/nightly${path}`, body);
      expect(answer, `${method} ${path}`).toMatchObject({ status: 404, body: { code: "entry_not_found" } });
    }
    expect((await served.json("POST", "/schedules/nightly/pause", {}, "read")).status).toBe(403);
  });

  it("enqueue their task at once when asked, and tell each turn", async () => {
    await add();
    const ids: string[] = [];
    for (let time = 0; time < 3; time++) {
      const ran = await served.json("POST", "/schedules/nightly/run", { reason: "now" });
      expect(ran).toMatchObject({ status: 201, body: { type: "report:send", queue: "low", state: "pending" } });
      ids.unshift(ran.body.task_id);
    }
    expect((await served.json("GET", "/queues/low")).body).toMatchObject({ counts: { pending: 3 } });
    const first = (await served.json("GET", "/schedules/nightly/turns?limit=2")).body;
    const rest = (await served.json("GET", `/schedules/nightly/turns?cursor=${first.next}`)).body;
    expect([...first.turns, ...rest.turns].map((turn: { task_id: string }) => turn.task_id)).toEqual(ids);
    expect(await served.json("GET", "/schedules/nightly/turns?cursor=x")).toMatchObject({ status: 422 });
  });

  it("show who fires them, and what schedulers fire of their own code", async () => {
    await add();
    const at = Date.UTC(2026, 10, 28);
    const record = (entryId: string, previousAt?: number) => ({
      entryId,
      spec: "@daily",
      taskType: "t",
      payload: undefined,
      options: ["MaxRetry(5)"],
      nextAt: at + 1_000,
      previousAt,
    });
    for (const scheduler of ["s1", "s2"]) {
      await served.broker.announceEntries(scheduler, [record("nightly", at), record("code")], 60_000);
    }
    expect((await served.json("GET", "/schedules/nightly")).body).toMatchObject({
      schedulers: 2,
      previous_at: "2026-11-28T00:00:00.000Z",
    });
    const first = (await served.json("GET", "/scheduler-entries?limit=3")).body;
    expect(first.entries).toMatchObject([
      { scheduler_id: "s1", id: "code", previous_at: null, next_at: "2026-11-28T00:00:01.000Z" },
      { scheduler_id: "s1", id: "nightly", options: ["MaxRetry(5)"] },
      { scheduler_id: "s2", id: "code" },
    ]);
    const rest = (await served.json("GET", `/scheduler-entries?cursor=${first.next}`)).body;
    expect(rest).toMatchObject({ entries: [{ scheduler_id: "s2", id: "nightly" }], next: null });
    for (const scheduler of ["s1", "s2"]) await served.broker.withdrawEntries(scheduler);
  });
});
