import { expect, it } from "vitest";
import { describeOnBothStores } from "../../test/stores.ts";
import { aTask } from "../../test/tasks.ts";

describeOnBothStores("queues over HTTP", (served) => {
  const enqueue = (queue: string, count = 1) =>
    served.broker.enqueue(Array.from({ length: count }, () => aTask({ queue })));

  it("are listed by name, page by page", async () => {
    for (const queue of ["c", "a", "b/ü"]) await enqueue(queue, 2);
    await expect.poll(async () => (await served.json("GET", "/queues")).body.queues.length).toBe(3);
    const first = (await served.json("GET", "/queues?limit=2")).body;
    expect(first.queues).toMatchObject([
      { queue: "a", size: 2, counts: { pending: 2 }, paused: false, pause: null, policy: null },
      { queue: "b/ü" },
    ]);
    const rest = (await served.json("GET", `/queues?limit=2&cursor=${first.next}`)).body;
    expect(rest).toMatchObject({ queues: [{ queue: "c" }], next: null });
    expect((await served.json("GET", `/queues/${encodeURIComponent("b/ü")}`)).body).toMatchObject({ queue: "b/ü" });
  });

  it("refuse a cursor that no page gave out, and a limit that is none", async () => {
    for (const query of ["cursor=x", "cursor=bmEx", "limit=0", "limit=1001", "limit=x"]) {
      expect(await served.json("GET", `/queues?${query}`), query).toMatchObject({
        status: query === "cursor=bmEx" ? 200 : 422,
      });
    }
    expect((await served.json("GET", "/queues?cursor=!")).body).toMatchObject({
      code: "invalid_query",
      errors: [{ location: "query.cursor", value: "!" }],
    });
  });

  it("show one with its room and what it did by day", async () => {
    await enqueue("mail", 3);
    await expect.poll(async () => (await served.json("GET", "/queues/mail")).status).toBe(200);
    const { body } = await served.json("GET", "/queues/mail");
    expect(body).toMatchObject({ queue: "mail", size: 3, groups: 0, memory_unknown_because: null });
    expect(body.memory_bytes).toBeGreaterThan(0);
    const { days } = (await served.json("GET", "/queues/mail/history?days=3")).body;
    expect(days).toHaveLength(3);
    expect(days[0]).toEqual({
      day: new Date().toISOString().slice(0, 10),
      processed: 0,
      succeeded: 0,
      failed: 0,
    });
    for (const path of ["/queues/none", "/queues/none/history", "/queues/none/groups"]) {
      expect(await served.json("GET", path)).toMatchObject({ status: 404, body: { code: "queue_not_found" } });
    }
  });

  it("are paused for somebody, for a reason, and resumed", async () => {
    await enqueue("mail");
    const pause = () => served.json("POST", "/queues/mail/pause", { reason: "a faulty build" }, "operate");
    expect(await pause()).toEqual({ status: 200, body: { queue: "mail", paused: true, changed: true } });
    expect((await pause()).body.changed).toBe(false);
    expect((await served.json("GET", "/queues/mail")).body).toMatchObject({
      paused: true,
      pause: {
        since: expect.stringMatching(/^20/),
        by: expect.stringContaining("key test"),
        reason: "a faulty build",
      },
    });
    const resumed = await served.json("POST", "/queues/mail/resume", {});
    expect(resumed.body).toEqual({ queue: "mail", paused: false, changed: true });
    expect((await served.json("GET", "/queues/mail")).body).toMatchObject({ paused: false, pause: null });
    expect((await served.json("POST", "/queues/mail/pause", {}, "read")).status).toBe(403);
    expect(await served.json("POST", "/queues/%20/pause", {})).toMatchObject({
      status: 422,
      body: { code: "invalid_option" },
    });
  });

  it("tell by which policy they are worked", async () => {
    await enqueue("line");
    await served.broker.declarePolicy({ queue: "line", policy: { kind: "ordered", discipline: "loose" } });
    expect((await served.json("GET", "/queues/line")).body.policy).toBe("ordered:loose");
  });

  it("are removed, with their tasks only by force, and say what is in the way", async () => {
    await enqueue("mail", 3);
    expect(await served.json("DELETE", "/queues/mail")).toMatchObject({
      status: 409,
      body: { code: "wrong_state", detail: expect.stringContaining("holds tasks") },
    });
    expect(await served.json("DELETE", "/queues/mail?force=true&reason=over")).toEqual({
      status: 200,
      body: { queue: "mail", removed_tasks: 3 },
    });
    expect(await served.json("DELETE", "/queues/mail?force=true")).toMatchObject({ status: 404 });
    expect((await served.json("DELETE", "/queues/mail?force=maybe")).body.code).toBe("invalid_query");
  });

  it("stay, with all their tasks, while a worker holds one of them", async () => {
    await enqueue("mail", 3);
    const request = { queues: [{ queue: "mail", limit: 1 }], limit: 1, serverId: "s", leaseMs: 60_000 };
    const { tasks } = await served.broker.claim({ ...request, handles: { kind: "all" } });
    expect(await served.json("DELETE", "/queues/mail?force=true")).toMatchObject({
      status: 409,
      body: { code: "wrong_state", detail: expect.stringContaining("running") },
    });
    expect((await served.json("GET", "/queues/mail")).body.counts).toMatchObject({ pending: 2, active: 1 });
    await served.broker.settle(tasks.map((task) => ({ task, outcome: { kind: "done" } })));
    expect(await served.json("DELETE", "/queues/mail?force=true")).toMatchObject({ body: { removed_tasks: 2 } });
  });

  it("free the lock of a unique task, named by its payload as JSON or as bytes", async () => {
    const payload = { to: "a" };
    const unique = () => ({ ...aTask({ queue: "mail", type: "t", payload }), uniqueForMs: 60_000 });
    const one = unique();
    await served.broker.enqueue([one]);
    const release = (body: object) => served.json("POST", "/queues/mail/locks/release", body);
    expect((await release({ type: "t", payload: { to: "b" } })).body).toEqual({ task_id: null });
    expect((await release({ type: "t", payload })).body).toEqual({ task_id: one.message.id });
    const other = unique();
    expect(await served.broker.enqueue([other])).toMatchObject([{ kind: "accepted" }]);
    const bytes = Buffer.from(JSON.stringify(payload)).toString("base64");
    expect((await release({ type: "t", payload_base64: bytes })).body).toEqual({ task_id: other.message.id });
    expect(await release({ type: "t", payload, payload_base64: bytes })).toMatchObject({
      status: 422,
      body: { code: "invalid_body" },
    });
  });

  it("are summed up where several are the shards of one", async () => {
    await enqueue("mail:0", 2);
    await enqueue("mail:1", 3);
    await enqueue("mail", 1);
    await expect
      .poll(async () => (await served.json("GET", "/queues/mail/shards?count=2")).body)
      .toMatchObject({ size: 5, paused: "none", shards: [{ queue: "mail:0" }, { queue: "mail:1" }], stray: ["mail"] });
    expect((await served.json("GET", "/queues/mail/shards")).status).toBe(422);
  });
});
