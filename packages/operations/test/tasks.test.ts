import { Client, defineTask, Server, silentLogger } from "hikyaku";
import { expect, it } from "vitest";
import * as z from "zod";
import { type Authorize, Operations, webHandler } from "../src/index.ts";
import { onBothStores } from "./both-stores.ts";

const mail = defineTask({ type: "email:send", payload: z.object({ user: z.object({ id: z.int() }) }), queue: "mail" });
const other = defineTask({ type: "other" });

onBothStores("tasks over HTTP", [mail], (onStore) => {
  const ask = (...args: Parameters<ReturnType<typeof onStore>["ask"]>) => onStore().ask(...args);
  const client = () => new Client({ broker: onStore().broker });
  const seed = async (): Promise<void> => {
    const some = client();
    await some.enqueueMany([
      ...[1, 2, 3].map((id) => mail.with({ user: { id } }, { taskId: `m${id}`, in: `${id}h` })),
      mail.with({ user: { id: 2 } }, { taskId: "m4" }),
      other.with({ text: "needle" }, { taskId: "o1", headers: { a: "b" } }),
    ]);
  };
  const ids = (answer: Awaited<ReturnType<typeof ask>>) => answer.body.tasks.map(({ id }: { id: string }) => id);

  it("are listed over queues and states, page by page, without what callers wrote", async () => {
    await seed();
    const all = await ask("GET", "/tasks", { scopes: "read" });
    expect(all).toMatchObject({ status: 200, body: { next: null, complete: true, scanned: 5 } });
    expect(ids(all)).toEqual(["o1", "m4", "m1", "m2", "m3"]);
    expect(JSON.stringify(all.body)).not.toContain("needle");
    expect(all.body.tasks[0]).toMatchObject({ kind: "task", state: "pending", payload_size: 17 });
    expect(all.body.tasks[0]).not.toHaveProperty("headers");
    const full = await ask("GET", "/tasks?view=full&limit=2");
    expect(full.body.tasks[0]).toMatchObject({ payload: { value: { text: "needle" } }, headers: { a: "b" } });
    const rest = await ask("GET", `/tasks?limit=10&cursor=${full.body.next}`);
    expect(ids(rest)).toEqual(["m1", "m2", "m3"]);
  });

  it.each([
    ["queue=mail&state=scheduled", ["m1", "m2", "m3"]],
    ["state=scheduled&state=pending&type=email:send", ["m4", "m1", "m2", "m3"]],
    ["id_prefix=o", ["o1"]],
    ["payload=needle", ["o1"]],
    ["payload_base64=bmVlZGxl", ["o1"]],
    ["payload_path=user.id&payload_value=2", ["m4", "m2"]],
    ["payload_path=user.id&payload_value=%222%22", []],
    ["payload_path=text&payload_value=needle", ["o1"]],
    [`from=${new Date(Date.now() + 9_000_000).toISOString()}`, ["m3"]],
    ["error=nothing", []],
  ])("are found by %s", async (query, found) => {
    await seed();
    const answer = await ask("GET", `/tasks?${query}`);
    expect(answer.body).toMatchObject({ complete: true, next: null });
    expect(ids(answer)).toEqual(found);
  });

  it.each([
    ["limit=0", 422, "invalid_query"],
    ["state=gone", 422, "invalid_query"],
    ["colour=red", 422, "invalid_query"],
    ["payload_path=a", 422, "invalid_query"],
    ["payload=a&payload_base64=AAAA", 422, "invalid_query"],
    ["cursor=x", 422, "invalid_option"],
    ["from=2026-01-01T00:00:00Z&state=active", 422, "invalid_option"],
    ["queue=none", 404, "queue_not_found"],
  ])("are not listed by %s", async (query, status, code) => {
    expect(await ask("GET", `/tasks?${query}`)).toMatchObject({ status, body: { code } });
  });

  it("of other queues than the caller's are neither listed nor told of", async () => {
    await seed();
    const authorize: Authorize = () => ({ scopes: ["read"], queues: ["ma*"] });
    const handle = webHandler(new Operations({ broker: onStore().broker, authorize, logger: silentLogger }));
    const asked = async (path: string) => {
      const answer = await handle(new Request(`http://localhost${path}`));
      return { status: answer.status, body: (await answer.json()) as { readonly tasks: { readonly queue: string }[] } };
    };
    const own = await asked("/tasks");
    expect(own.body.tasks.map(({ queue }) => queue)).toEqual(["mail", "mail", "mail", "mail"]);
    expect((await asked("/tasks?queue=mail&queue=mail")).body.tasks).toHaveLength(4);
    for (const path of ["/tasks?queue=default", "/tasks?queue=mail&queue=default", "/tasks/default/o1"]) {
      expect(await asked(path), path).toMatchObject({ status: 403, body: { code: "forbidden" } });
    }
    // A cursor that names another queue opens nothing.
    const { next } = (await ask("GET", "/tasks?limit=1")).body;
    const beyond = await asked(`/tasks?cursor=${next}`);
    expect(beyond.body.tasks.every(({ queue }) => queue === "mail")).toBe(true);
  });

  it("are shown, run, archived, cancelled and deleted", async () => {
    await seed();
    const shown = await ask("GET", "/tasks/mail/m1", { scopes: "read" });
    expect(shown).toMatchObject({ status: 200, body: { id: "m1", payload: { value: { user: { id: 1 } } } } });
    expect(shown.headers.get("etag")).toMatch(/^"[\w-]{27}"$/);
    expect((await ask("GET", "/tasks/mail/m1")).headers.get("etag")).toBe(shown.headers.get("etag"));
    const reason = { body: { reason: "a faulty build" }, scopes: "operate" };
    const run = await ask("POST", "/tasks/mail/m1/run", reason);
    expect(run).toMatchObject({ status: 200, body: { done: "run", state: "pending" } });
    expect((await ask("GET", "/tasks/mail/m1")).headers.get("etag")).not.toBe(shown.headers.get("etag"));
    const again = await ask("POST", "/tasks/mail/m1/run", reason);
    expect(again).toMatchObject({ status: 409, body: { code: "wrong_state", state: "pending", task_id: "m1" } });
    expect(await ask("POST", "/tasks/mail/m2/archive", reason)).toMatchObject({ body: { state: "archived" } });
    expect(await ask("POST", "/tasks/mail/m2/archive", reason)).toMatchObject({
      body: { state: "archived" },
      status: 409,
    });
    expect(await ask("POST", "/tasks/mail/m3/cancel", reason)).toMatchObject({ body: { done: "cancelled" } });
    const gone = await ask("DELETE", "/tasks/mail/m2?reason=old", { scopes: "operate" });
    expect(gone).toMatchObject({ status: 200, body: { done: "deleted", state: null } });
    expect(await ask("GET", "/tasks/mail/m2")).toMatchObject({ status: 404, body: { code: "task_not_found" } });
    expect(await ask("GET", "/tasks/none/m2")).toMatchObject({ status: 404, body: { code: "queue_not_found" } });
  });

  it("are due at another moment, also one that was archived", async () => {
    await seed();
    const reschedule = (body: unknown, id = "m1") => ask("POST", `/tasks/mail/${id}/reschedule`, { body });
    const at = "2126-01-31T12:00:00.123Z";
    const later = await reschedule({ due_at: at, reason: "not before the holidays" });
    expect(later).toMatchObject({ status: 200, body: { done: "rescheduled", state: "scheduled" } });
    expect((await ask("GET", "/tasks/mail/m1")).body).toMatchObject({ state: "scheduled", due_at: at });
    await ask("POST", "/tasks/mail/m1/archive", { body: {} });
    expect((await reschedule({ delay: "1h" })).body.state).toBe("scheduled");
    expect((await reschedule({ delay: "1h" }, "m4")).body.state).toBe("scheduled");
    for (const body of [{}, { delay: "1h", due_at: at }, { delay: "1" }]) {
      expect(await reschedule(body)).toMatchObject({ status: 422, body: { code: "invalid_body" } });
    }
    expect(await reschedule({ delay: "9999999999d" })).toMatchObject({ status: 422, body: { code: "invalid_option" } });
    expect(await reschedule({ delay: "1h" }, "none")).toMatchObject({ status: 404, body: { code: "task_not_found" } });
  });

  it("that run are left to their worker, which is asked to stop", async () => {
    await seed();
    const started = Promise.withResolvers<void>();
    const server = new Server({ broker: onStore().broker, queues: { default: 1 }, logger: silentLogger });
    server.handle(other, async ({ signal }) => {
      started.resolve();
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    });
    await server.start();
    try {
      await started.promise;
      for (const verb of ["run", "archive"]) {
        const refused = await ask("POST", `/tasks/default/o1/${verb}`, { body: {} });
        expect(refused).toMatchObject({ status: 409, body: { code: "wrong_state", state: "active" } });
      }
      expect(await ask("DELETE", "/tasks/default/o1")).toMatchObject({ status: 409, body: { state: "active" } });
      const edited = await ask("PUT", "/tasks/default/o1/payload", { body: { payload: 1 } });
      expect(edited).toMatchObject({ status: 409, body: { state: "active" } });
      const told = await ask("POST", "/tasks/default/o1/cancel", { body: {} });
      expect(told).toMatchObject({ status: 200, body: { done: "asked_to_stop", state: "active" } });
    } finally {
      await server.stop();
    }
  });

  it("get another payload only while they are as they were read", async () => {
    await seed();
    const put = (payload: unknown, headers: Record<string, string> = {}) =>
      ask("PUT", "/tasks/mail/m1/payload", { body: { payload, reason: "typo" }, headers, scopes: "operate" });
    const etag = (await ask("GET", "/tasks/mail/m1")).headers.get("etag") ?? "";
    const edited = await put({ user: { id: 7 } }, { "if-match": `"other", ${etag}` });
    expect(edited).toMatchObject({ status: 200, body: { done: "edited", state: "scheduled" } });
    const stale = await put({ user: { id: 8 } }, { "if-match": etag });
    expect(stale).toMatchObject({ status: 412, body: { code: "precondition_failed", state: "scheduled" } });
    const next = await put({ user: { id: 9 } }, { "if-match": edited.headers.get("etag") ?? "" });
    expect(next.status).toBe(200);
    expect((await put({ user: { id: 10 } }, { "if-match": "*" })).status).toBe(200);
    expect((await put({ user: { id: 11 } })).status).toBe(200);
    const wrong = await put({ user: { id: "x" } });
    expect(wrong).toMatchObject({
      status: 422,
      body: { code: "invalid_payload", errors: [{ location: "body.payload.user.id" }] },
    });
    const { body } = await ask("GET", "/tasks/mail/m1");
    expect(body.payload.value).toEqual({ user: { id: 11 } });
    const both = await ask("PUT", "/tasks/mail/m1/payload", { body: { payload: 1, payload_base64: "AAAA" } });
    expect(both).toMatchObject({ status: 422, body: { code: "invalid_option" } });
    const bytes = await ask("PUT", "/tasks/default/o1/payload", { body: { payload_base64: "AP8=" } });
    expect(bytes.status).toBe(200);
    expect((await ask("GET", "/tasks/default/o1")).body.payload).toMatchObject({ bytes: "AP8=", kind: "binary" });
  });

  it("are not changed where an If-Match would count for nothing", async () => {
    await seed();
    const headers = { "if-match": '"another"' };
    const later = { delay: "1h" };
    const asks: [string, string, object?][] = [
      ["POST", "/tasks/mail/m1/run", {}],
      ["POST", "/tasks/mail/m1/archive", {}],
      ["POST", "/tasks/mail/m1/cancel", {}],
      ["POST", "/tasks/mail/m1/reschedule", later],
      ["DELETE", "/tasks/mail/m1"],
    ];
    const before = (await ask("GET", "/tasks/mail/m1")).headers.get("etag");
    for (const [method, path, body] of asks) {
      const refused = { status: 422, body: { code: "invalid_headers", errors: [{ location: "header.if-match" }] } };
      expect(await ask(method, path, { headers, ...(body && { body }) }), path).toMatchObject(refused);
    }
    expect((await ask("GET", "/tasks/mail/m1", { headers })).headers.get("etag")).toBe(before);
    expect((await ask("POST", "/tasks/mail/m1/run", { body: {} })).status).toBe(200);
  });

  it("of two edits of one task as it was read, one is refused", async () => {
    await seed();
    const etag = (await ask("GET", "/tasks/mail/m1")).headers.get("etag") ?? "";
    const answers = await Promise.all(
      [21, 22].map((id) =>
        ask("PUT", "/tasks/mail/m1/payload", { body: { payload: { user: { id } } }, headers: { "if-match": etag } }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
  });
});
