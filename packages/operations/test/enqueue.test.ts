import { defineTask, rawBytes, Server, silentLogger } from "hikyaku";
import { expect, it, vi } from "vitest";
import * as z from "zod";
import { onBothStores } from "./both-stores.ts";

const mail = defineTask({
  type: "email:send",
  payload: z.object({ userId: z.int(), template: z.string().default("welcome") }),
  result: z.object({ sent: z.boolean() }),
  queue: "mail",
  maxRetry: 5,
});
const bytes = defineTask({ type: "bytes", payload: rawBytes });

onBothStores("enqueueing over HTTP", [mail, bytes], (onStore) => {
  const enqueueMail = (body: unknown, headers: Record<string, string> = {}, scopes = "enqueue") =>
    onStore().ask("POST", "/types/email:send/tasks", { body, headers, scopes });
  const stored = async (queue: string, id: string) => {
    const [entry] = await onStore().broker.get(queue, [id]);
    if (entry?.unreadable !== undefined || entry === undefined) throw new Error("expected a task");
    return entry;
  };

  it("takes a task of a type with its options, and says where it is", async () => {
    const answer = await enqueueMail({
      payload: { userId: 1 },
      delay: "1h30m",
      max_retry: 3,
      timeout: "20s",
      retention: "1d",
      headers: { trace: "abc" },
      id: "mail/1",
    });
    expect(answer).toMatchObject({
      status: 201,
      body: { id: "mail/1", type: "email:send", queue: "mail", state: "scheduled", created: true, checked: true },
    });
    expect(answer.headers.get("location")).toBe("../../tasks/mail/mail%2F1");
    expect(Date.parse(answer.body.due_at)).toBeGreaterThan(Date.now() + 5_390_000);
    const { message } = await stored("mail", "mail/1");
    expect(message).toMatchObject({
      maxRetry: 3,
      timeoutMs: 20_000,
      retentionMs: 86_400_000,
      headers: { trace: "abc" },
    });
  });

  it("names each place of a payload that does not fit, and stores nothing", async () => {
    const answer = await enqueueMail({ payload: { userId: "x" }, id: "a" });
    expect(answer).toMatchObject({
      status: 422,
      body: { code: "invalid_payload", errors: [{ location: "body.payload.userId" }] },
    });
    expect(await onStore().broker.get("mail", ["a"])).toEqual([undefined]);
  });

  it("refuses a number that would be stored as another", async () => {
    const { ask } = onStore();
    const refused = await ask("POST", "/queues/any/tasks", { text: '{"type":"t","id":"n","payload":{"v":1e999}}' });
    expect(refused).toMatchObject({
      status: 422,
      body: { code: "invalid_body", errors: [{ location: "body.payload.v", value: "1e999" }] },
    });
    expect(await onStore().broker.get("any", ["n"])).toEqual([undefined]);
  });

  it.each([
    [{ unique_for: "500ms" }, "body.unique_for"],
    [{ delay: "1h", due_at: "2026-01-01T00:00:00Z" }, "body.due_at"],
    [{ payload_base64: "AAAA" }, "body.payload_base64"],
    [{ deadline_at: "2020-01-01T00:00:00Z" }, "body.deadline_at"],
    [{ queue: "a{b}" }, "body.queue"],
  ])("refuses %j by its own name", async (options, location) => {
    const answer = await enqueueMail({ payload: { userId: 1 }, ...options });
    expect(answer).toMatchObject({ status: 422, body: { code: "invalid_option", errors: [{ location }] } });
  });

  it("refuses an option that there is none of, and a duration without a unit", async () => {
    const answer = await enqueueMail({ payload: { userId: 1 }, delai: "1s", delay: "30" });
    expect(answer).toMatchObject({ status: 422, body: { code: "invalid_body" } });
    const places = answer.body.errors.map(({ location }: { location: string }) => location);
    expect(places).toEqual(expect.arrayContaining(["body.delai", "body.delay"]));
  });

  it("answers 200 with the task that is there, for a taken id and for an equal unique one", async () => {
    const first = await enqueueMail({ payload: { userId: 1 }, unique_for: "1h" });
    const second = await enqueueMail({ payload: { userId: 1 }, unique_for: "1h" }, {}, "enqueue,read");
    expect(second).toMatchObject({
      status: 200,
      body: { id: first.body.id, created: false, state: "pending", same: true },
    });
    const taken = await enqueueMail({ payload: { userId: 2 }, id: first.body.id }, {}, "admin");
    expect(taken).toMatchObject({ status: 200, body: { id: first.body.id, created: false, same: false } });
  });

  it("tells whoever may only enqueue nothing of a task that is there", async () => {
    await enqueueMail({ payload: { userId: 1 }, id: "secret", delay: "1h" });
    const found = await enqueueMail({ payload: { userId: 1 }, id: "secret" }, { prefer: "wait=1" });
    expect(found.body).toMatchObject({ created: false, state: null, due_at: null, same: null, finished: null });
    expect(found.headers.get("preference-applied")).toBeNull();
  });

  it("takes a payload of bytes, and an unknown type into any queue, unchecked", async () => {
    const { ask } = onStore();
    const sent = await ask("POST", "/types/bytes/tasks", { body: { payload_base64: "AP8=", id: "b" } });
    expect(sent.body).toMatchObject({ checked: true, queue: "default" });
    expect(Buffer.from((await stored("default", "b")).message.payload ?? []).toString("base64")).toBe("AP8=");
    const other = await ask("POST", "/queues/other%2Fone/tasks", { body: { type: "go:only", payload: [1], id: "g" } });
    expect(other).toMatchObject({ status: 201, body: { queue: "other/one", type: "go:only", checked: false } });
    expect(Buffer.from((await stored("other/one", "g")).message.payload ?? []).toString()).toBe("[1]");
    const known = await ask("POST", "/queues/x/tasks", { body: { type: "email:send", payload: {} } });
    expect(known).toMatchObject({ status: 422, body: { code: "invalid_payload" } });
    const unknown = await ask("POST", "/types/go:only/tasks", { body: { payload: 1 } });
    expect(unknown).toMatchObject({ status: 404, body: { code: "type_not_found" } });
  });

  it("enqueues once for an idempotency key, also after the task is done", async () => {
    const key = { "idempotency-key": "order-7" };
    const first = await enqueueMail({ payload: { userId: 1, template: "a" } }, key);
    expect(first).toMatchObject({ status: 201, body: { created: true } });
    expect(first.headers.get("idempotency-replayed")).toBeNull();
    const again = await enqueueMail({ payload: { template: "a", userId: 1 } }, key);
    expect(again).toMatchObject({ status: 200, body: { id: first.body.id, created: false, state: "pending" } });
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    const other = await enqueueMail({ payload: { userId: 2 } }, key);
    expect(other).toMatchObject({ status: 422, body: { code: "idempotency_conflict", task_id: first.body.id } });
    expect((await stored("mail", first.body.id)).message.retentionMs).toBe(86_400_000);
    const elsewhere = await enqueueMail({ payload: { userId: 2 }, queue: "second" }, key);
    expect(elsewhere.status).toBe(201);
    const named = await enqueueMail({ payload: { userId: 2 }, id: "x" }, key);
    expect(named).toMatchObject({ status: 422, body: { code: "invalid_option", errors: [{ location: "body.id" }] } });
  });

  it("tells a key that meets an equal task of others nothing of it, and does not count it as the key's", async () => {
    const body = { payload: { userId: 7 }, unique_for: "1h" };
    const others = await enqueueMail({ ...body, retention: "1h" });
    const key = { "idempotency-key": "fresh", prefer: "wait=1" };
    const met = await enqueueMail(body, key);
    expect(met).toMatchObject({
      status: 200,
      body: { id: others.body.id, created: false, state: null, due_at: null, same: null, finished: null },
    });
    expect(met.headers.get("idempotency-replayed")).toBeNull();
    expect(met.headers.get("preference-applied")).toBeNull();
    const reader = await enqueueMail(body, { "idempotency-key": "fresh" }, "enqueue,read");
    expect(reader).toMatchObject({ status: 200, body: { id: others.body.id, state: "pending", same: true } });
    expect(reader.headers.get("idempotency-replayed")).toBeNull();

    await onStore().ask("DELETE", `/tasks/mail/${others.body.id}`);
    const own = await enqueueMail(body, key);
    expect(own).toMatchObject({ status: 202, body: { created: true } });
    expect(own.body.id).not.toBe(others.body.id);
    const again = await enqueueMail(body, key);
    expect(again).toMatchObject({ status: 200, body: { id: own.body.id, created: false, state: "pending" } });
    expect(again.headers.get("idempotency-replayed")).toBe("true");
  });

  it("of requests with one key at the same moment, exactly one enqueues", async () => {
    const key = { "idempotency-key": "rush" };
    const answers = await Promise.all(Array.from({ length: 8 }, () => enqueueMail({ payload: { userId: 1 } }, key)));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(7).fill(200), 201]);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
  });

  it("waits for a result where it is asked to, within its bound", async () => {
    const server = new Server({ broker: onStore().broker, queues: { mail: 1 }, logger: silentLogger });
    server.handle(mail, async ({ payload }) => {
      if (payload.template === "broken") throw new Error("no such template");
      return { sent: true };
    });
    await server.start();
    try {
      const done = await enqueueMail({ payload: { userId: 1 } }, { prefer: "respond-async, wait=20" });
      expect(done).toMatchObject({
        status: 200,
        body: { created: true, state: "completed", finished: { state: "completed", result: { sent: true } } },
      });
      expect(done.headers.get("preference-applied")).toBe("wait=20");
      const failed = await enqueueMail(
        { payload: { userId: 1, template: "broken" }, max_retry: 0 },
        { prefer: "wait=9999" },
      );
      expect(failed).toMatchObject({ status: 200, body: { finished: { state: "archived", result: null } } });
      expect(failed.body.finished.error).toContain("no such template");
      expect(failed.headers.get("preference-applied")).toBe("wait=30");
    } finally {
      await server.stop();
    }
    const late = await enqueueMail({ payload: { userId: 1 }, delay: "1h" }, { prefer: "wait=1" });
    expect(late).toMatchObject({ status: 202, body: { created: true, state: "scheduled", finished: null } });
    const forgotten = await enqueueMail({ payload: { userId: 1 }, retention: "0s" }, { prefer: "wait=1" });
    expect(forgotten).toMatchObject({ status: 422, body: { errors: [{ location: "body.retention" }] } });
  });

  it("answers for each task of a bulk by itself, in order", async () => {
    await enqueueMail({ payload: { userId: 1 }, id: "there" });
    const items = [
      { payload: { userId: 1 }, id: "new" },
      { payload: { userId: "x" } },
      { payload: { userId: 1 }, id: "there" },
      "no task",
      { payload: { userId: 1 }, surprise: 1 },
      { payload: { userId: 1 }, delay: "1s", due_at: "2026-01-01T00:00:00Z" },
    ];
    const { status, body } = await onStore().ask("POST", "/types/email:send/tasks/bulk", { body: { items } });
    expect(status).toBe(200);
    expect(body).toMatchObject({ created: 1, existing: 1, failed: 4, checked: true });
    expect(body.outcomes).toMatchObject([
      { status: 201, id: "new", queue: "mail", created: true, code: null },
      { status: 422, code: "invalid_payload", retryable: false, errors: [{ location: "body.items.1.payload.userId" }] },
      { status: 200, id: "there", created: false, code: null },
      { status: 422, code: "invalid_body", errors: [{ location: "body.items.3" }] },
      { status: 422, code: "invalid_body", errors: [{ location: "body.items.4.surprise" }] },
      { status: 422, code: "invalid_option", errors: [{ location: "body.items.5.due_at" }] },
    ]);
  });

  it.each(["/types/email:send/tasks/bulk", "/queues/mail/tasks/bulk"])(
    "refuses an Idempotency-Key at %s, and enqueues nothing",
    async (path) => {
      const body = { items: [{ type: "email:send", payload: { userId: 1 }, id: "one" }] };
      const answer = await onStore().ask("POST", path, { body, headers: { "idempotency-key": "k" } });
      expect(answer).toMatchObject({
        status: 422,
        body: { code: "invalid_headers", errors: [{ location: "header.idempotency-key" }] },
      });
      expect(answer.body.detail).toContain("`id` of its own");
      expect(await onStore().broker.get("mail", ["one"])).toEqual([undefined]);
    },
  );

  it("takes a bulk of any types into a queue, up to a thousand", async () => {
    const { ask, broker } = onStore();
    const items = Array.from({ length: 1_000 }, (_, n) => ({
      type: n % 2 ? "odd" : "email:send",
      payload: { userId: n },
    }));
    const many = await ask("POST", "/queues/many/tasks/bulk", { body: { items } });
    expect(many.body).toMatchObject({ created: 1_000, failed: 0, checked: false });
    expect((await broker.queue("many"))?.counts.pending).toBe(1_000);
    const more = await ask("POST", "/queues/many/tasks/bulk", { body: { items: [...items, items[0]] } });
    expect(more).toMatchObject({ status: 422, body: { code: "invalid_body" } });
  });

  it("lists the types with their schemas, and who runs them", async () => {
    const server = new Server({ broker: onStore().broker, queues: { mail: 1 }, logger: silentLogger });
    server.handle(mail, async () => ({ sent: true }));
    server.handle(defineTask({ type: "undefined:here" }), async () => undefined);
    await server.start();
    try {
      const list = () => onStore().ask("GET", "/types", { scopes: "read" });
      const { body } = await vi.waitUntil(
        async () => {
          const answer = await list();
          return answer.body.types.length === 3 ? answer : undefined;
        },
        { timeout: 20_000 },
      );
      expect(body.types).toMatchObject([
        { type: "bytes", defined: true, payload_schema: null, handlers: [] },
        {
          type: "email:send",
          defined: true,
          queue: "mail",
          payload_schema: { type: "object", required: ["userId"] },
          result_schema: { type: "object", required: ["sent"] },
          defaults: { max_retry: 5 },
          handlers: [{ pid: process.pid }],
        },
        { type: "undefined:here", defined: false, queue: null, defaults: null, handlers: [{ pid: process.pid }] },
      ]);
    } finally {
      await server.stop();
    }
  });
});
