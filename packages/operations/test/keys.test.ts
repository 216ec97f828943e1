import { type ApiKeyView, apiKeyView } from "@hikyaku/contract";
import fastify from "fastify";
import { type Broker, defineTask, HikyakuError, shardedQueue } from "hikyaku";
import { sqliteBroker } from "hikyaku/sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as z from "zod";
import {
  ApiKeys,
  accessBy,
  keyAccess,
  Operations,
  operationsPlugin,
  refuseStrangers,
  tokenAccess,
  webHandler,
} from "../src/index.ts";

const rootToken = "root-token-0123456789";
const mail = defineTask({ type: "mail", queue: "mail", payload: z.object({ to: z.string() }) });
const shared = defineTask({ type: "shared", queue: shardedQueue("mail", { shards: 4 }), payload: z.unknown() });

describe("an API key", () => {
  let broker: Broker;
  let now: number;
  let keys: ApiKeys;
  let ask: (path: string, credential: string, init?: RequestInit) => Promise<Response>;

  beforeEach(() => {
    broker = sqliteBroker({ path: ":memory:" });
    now = Date.now();
    keys = new ApiKeys(broker, () => now);
    ask = asking(keys);
  });
  afterEach(() => broker.close());

  function asking(known: ApiKeys) {
    const root = tokenAccess(rootToken);
    const authorize = accessBy(
      [keyAccess(known), (head) => (head.headers.authorization === undefined ? undefined : root(head))],
      refuseStrangers("Send a key."),
    );
    const handle = webHandler(new Operations({ broker, authorize, keys: known, types: [mail, shared] }));
    return (path: string, credential: string, init: RequestInit = {}) => {
      const headers = { authorization: `Bearer ${credential}`, "content-type": "application/json" };
      return handle(new Request(`http://queue.example${path}`, { ...init, headers }));
    };
  }

  const made = z.object({ ...apiKeyView.shape, key: z.string() });

  async function make(body: Record<string, unknown>): Promise<z.infer<typeof made>> {
    const answer = await ask("/keys", rootToken, { method: "POST", body: JSON.stringify({ name: "test", ...body }) });
    expect(answer.status).toBe(201);
    return made.parse(await answer.json());
  }

  async function listed(): Promise<readonly ApiKeyView[]> {
    const answer = await ask("/keys", rootToken);
    return z.object({ keys: z.array(apiKeyView) }).parse(await answer.json()).keys;
  }

  const statusOf = async (path: string, key: string, init?: RequestInit) => (await ask(path, key, init)).status;
  const post = (body: unknown): RequestInit => ({ method: "POST", body: JSON.stringify(body) });

  it("permits what its scopes say, and is named in the audit", async () => {
    const { key } = await make({ name: "night shift", scopes: ["operate"] });
    expect(key).toMatch(/^hk_[A-Za-z0-9]{12}_[A-Za-z0-9]{43}$/);
    expect(await statusOf("/queues", key)).toBe(200);
    expect(await statusOf("/queues/mail/pause", key, post({}))).toBe(200);
    expect(await statusOf("/keys", key)).toBe(403);
    const audit = await (await ask("/audit?operation=pause-queue", rootToken)).json();
    expect(audit).toMatchObject({ entries: [{ who: expect.stringMatching(/^key night shift \(hk_\w{12}\)$/) }] });
  });

  it("is shown once: neither the store nor the list nor the audit has it", async () => {
    const { key, id } = await make({ scopes: ["read"] });
    const secret = key.slice(16);
    const stored = await broker.listRecords({ collection: "api_keys", limit: 10, order: "ascending" });
    const audit = await broker.readTrail({ trail: "audit", limit: 10 });
    expect(stored.records).toHaveLength(1);
    expect(audit.entries).toHaveLength(1);
    expect(JSON.stringify([stored, audit, await listed()])).not.toContain(secret);
    expect(await listed()).toMatchObject([{ id, prefix: `hk_${id}`, last_used_at: null, queues: null }]);
  });

  it("that is wrong, or of no key's form, opens nothing", async () => {
    const { key } = await make({ scopes: ["admin"] });
    const wrong = `${key.slice(0, -1)}${key.endsWith("x") ? "y" : "x"}`;
    for (const sent of [
      wrong,
      key.slice(0, -1),
      `hk_${"0".repeat(12)}_${"0".repeat(43)}`,
      "hk_",
      "HK_x",
      rootToken.slice(1),
    ]) {
      expect(await statusOf("/queues", sent), sent).toBe(401);
    }
  });

  it("ends when it is revoked: here at once, elsewhere within five seconds, and its use does not bring it back", async () => {
    const elsewhere = asking(new ApiKeys(broker, () => now));
    const { key, id } = await make({ scopes: ["read"] });
    expect((await elsewhere("/queues", key)).status).toBe(200);
    const revoked = await ask(`/keys/${id}?reason=leaked`, rootToken, { method: "DELETE" });
    expect(await revoked.json()).toEqual({ id, revoked: true });
    expect(await statusOf("/queues", key)).toBe(401);
    now += 5_001;
    expect((await elsewhere("/queues", key)).status).toBe(401);
    expect(await listed()).toEqual([]);
    expect((await ask(`/keys/${id}`, rootToken, { method: "DELETE" })).status).toBe(404);
  });

  it("ends at its moment, and one that would have ended is not made", async () => {
    const { key } = await make({ scopes: ["read"], expires_at: new Date(now + 60_000).toISOString() });
    expect(await statusOf("/queues", key)).toBe(200);
    now += 60_000;
    expect(await statusOf("/queues", key)).toBe(401);
    const past = post({ name: "late", scopes: ["read"], expires_at: "2020-01-01T00:00:00Z" });
    expect(await statusOf("/keys", rootToken, past)).toBe(422);
    expect(await statusOf("/keys", rootToken, post({ name: "x", scopes: [] }))).toBe(422);
  });

  it("tells when it was last used, with a write a minute", async () => {
    let writes = 0;
    const { putRecords } = broker;
    broker.putRecords = (...args) => {
      writes++;
      return putRecords(...args);
    };
    const { key } = await make({ scopes: ["read"] });
    for (let time = 0; time < 20; time++) await ask("/queues", key);
    await expect.poll(async () => (await listed())[0]?.last_used_at).toBe(new Date(now).toISOString());
    expect(writes).toBe(2);
    now += 61_000;
    await ask("/queues", key);
    await expect.poll(async () => (await listed())[0]?.last_used_at).toBe(new Date(now).toISOString());
  });

  it("is not taken for a wrong one while the store does not say", async () => {
    const { key } = await make({ scopes: ["read"] });
    broker.getRecords = () => Promise.reject(new HikyakuError("broker_unavailable", "away"));
    const answer = await asking(new ApiKeys(broker))("/queues", key);
    expect(answer.status).toBe(503);
  });

  it("for some queues uses these alone, and lists no others", async () => {
    const { key } = await make({ scopes: ["admin"], queues: ["mail", "billing:*"] });
    for (const queue of ["mail", "billing:eu", "other"]) {
      await ask(`/queues/${queue}/tasks`, rootToken, post({ type: "x", payload: 1 }));
    }
    const queues = await (await ask("/queues", key)).json();
    expect(queues).toMatchObject({ queues: [{ queue: "billing:eu" }, { queue: "mail" }] });
    expect(await statusOf("/queues/mail", key)).toBe(200);
    expect(await statusOf("/queues/billing:eu/pause", key, post({}))).toBe(200);
    for (const queue of ["other", "mail2", "billing", "none"]) {
      expect(await statusOf(`/queues/${queue}`, key), queue).toBe(403);
      expect(await statusOf(`/queues/${queue}/pause`, key, post({})), queue).toBe(403);
      expect(await statusOf(`/queues/${queue}/tasks`, key, post({ type: "x", payload: 1 })), queue).toBe(403);
    }
    const queries = [
      "/servers?queue=mail",
      "/findings?queue=mail",
      "/tasks?queue=mail&queue=other",
      "/workers?queue=other",
    ];
    for (const path of queries) expect(await statusOf(path, key), path).toBe(403);
    expect(await statusOf("/tasks?queue=mail&queue=billing:eu", key)).toBe(200);
    const own = await (await ask("/tasks", key)).json();
    expect(JSON.stringify(own)).toContain('"queue":"mail"');
    expect(JSON.stringify(own)).not.toContain('"queue":"other"');
    for (const path of ["/schedules", "/servers", "/findings", "/audit", "/keys", "/statistics"]) {
      expect(await statusOf(path, key), path).toBe(403);
    }
    expect(await statusOf("/statistics?queue=mail", key)).toBe(200);
    expect(await statusOf("/statistics?queue=other", key)).toBe(403);
  });

  it("for some queues pages through these, by cursors that say nothing of others", async () => {
    const { key } = await make({ scopes: ["read"], queues: ["mail", "billing:*"] });
    for (const queue of ["a-secret", "billing:eu", "billing:us", "k-secret", "mail", "z-secret"]) {
      await ask(`/queues/${queue}/tasks`, rootToken, post({ type: "x", payload: 1 }));
    }
    const page = z.object({ queues: z.array(z.object({ queue: z.string() })), next: z.string().nullable() });
    const pages: unknown[] = [];
    let cursor = "";
    for (let count = 0; count < 9; count++) {
      const { queues, next } = page.parse(await (await ask(`/queues?limit=1${cursor}`, key)).json());
      pages.push([...queues.map(({ queue }) => queue), next && Buffer.from(next, "base64url").toString()]);
      if (next === null) break;
      cursor = `&cursor=${next}`;
    }
    expect(pages).toEqual([
      ["billing:eu", "nbilling:eu"],
      ["billing:us", "nbilling:us"],
      ["mail", null],
    ]);
  });

  it("for a queue is for its shards too where they are addressed through it, and not by their own names", async () => {
    const { key } = await make({ scopes: ["read", "enqueue"], queues: ["mail"] });
    const broad = await make({ scopes: ["read", "enqueue"], queues: ["mail:*"] });
    for (let number = 0; number < 20; number++) {
      const sent = await ask("/types/shared/tasks", key, post({ payload: number }));
      expect(sent.status).toBe(201);
      expect(await sent.json()).toMatchObject({ queue: expect.stringMatching(/^mail:[0-3]$/) });
    }
    const shards = await ask("/queues/mail/shards?count=4", key);
    expect([shards.status, await shards.text()]).toEqual([200, expect.stringContaining('"mail:0"')]);
    for (const path of ["/queues/mail:0", "/tasks?queue=mail:0", "/queues/mail:0/shards?count=2"]) {
      expect([path, await statusOf(path, key)]).toEqual([path, 403]);
    }
    expect(await statusOf("/queues/mail:0/tasks", key, post({ type: "x", payload: 1 }))).toBe(403);
    expect(await statusOf("/queues/mail/shards?count=4", broad.key)).toBe(403);
    expect(await statusOf("/types/shared/tasks", broad.key, post({ payload: 1 }))).toBe(403);
    expect(await (await ask("/queues", key)).json()).toEqual({ queues: [], next: null });
  });

  it("for some queues adds tasks of a type to these alone, one by one and many at once", async () => {
    const { key } = await make({ scopes: ["enqueue"], queues: ["mail"] });
    const task = { payload: { to: "a" } };
    expect(await statusOf("/types/mail/tasks", key, post(task))).toBe(201);
    expect(await statusOf("/types/mail/tasks", key, post({ ...task, queue: "other" }))).toBe(403);
    const bulk = await ask("/types/mail/tasks/bulk", key, post({ items: [task, { ...task, queue: "other" }] }));
    expect(bulk.status).toBe(200);
    expect(JSON.stringify(await bulk.json())).toContain('"code":"forbidden"');
    expect(await broker.hasQueue("other")).toBe(false);
  });
});

it("an operation that is switched off is refused to everybody, and a switch that names none is refused at start", async () => {
  const broker = sqliteBroker({ path: ":memory:" });
  const authorize = () => ({ scopes: ["admin"] }) as const;
  const handle = webHandler(new Operations({ broker, authorize, switchedOff: ["pause-queue"] }));
  const paused = (verb: string) =>
    handle(
      new Request(`http://queue.example/queues/mail/${verb}`, {
        method: "POST",
        body: "{}",
        headers: { "content-type": "application/json" },
      }),
    );
  expect((await paused("pause")).status).toBe(403);
  expect((await paused("resume")).status).toBe(200);
  for (const name of ["pause_queue", "list-queues"]) {
    expect(() => new Operations({ broker, authorize, switchedOff: [name] })).toThrow(
      /"switchedOff": expected operations/,
    );
  }
  await broker.close();
});

describe("a switch of enqueueing", () => {
  async function statusesOf(switchedOff: readonly string[]): Promise<readonly number[]> {
    const broker = sqliteBroker({ path: ":memory:" });
    const types = ["demo:print", "demo:other"].map((type) => defineTask({ type, queue: "demo", payload: z.unknown() }));
    const authorize = () => ({ scopes: ["admin"] }) as const;
    const operations = new Operations({ broker, authorize, switchedOff, types });
    const app = fastify();
    await app.register(operationsPlugin, { operations });
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ payload: 1 });
    const handle = webHandler(operations);
    const statuses: number[] = [];
    for (const type of ["demo:print", "demo%3aprint", "demo%3Aprint", "demo:other", "demo%3aother"]) {
      const url = `/types/${type}/tasks`;
      const inWeb = await handle(new Request(`http://queue.example${url}`, { method: "POST", headers, body }));
      const inFastify = await app.inject({ method: "POST", url, headers, body });
      expect(inFastify.statusCode, type).toBe(inWeb.status);
      statuses.push(inWeb.status);
    }
    await app.close();
    await broker.close();
    return statuses;
  }

  it("of all types takes those of single types along, however the type is written", async () => {
    expect(await statusesOf(["enqueue-task"])).toEqual([403, 403, 403, 403, 403]);
  });

  it("of one type is for this type alone, however it is written", async () => {
    expect(await statusesOf(["enqueue-demo-print"])).toEqual([403, 403, 403, 201, 201]);
    expect(await statusesOf([])).toEqual([201, 201, 201, 201, 201]);
  });
});
