import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Endpoint, operationsEndpoints } from "@hikyaku/contract";
import { nodeHandler, Operations, tokenAccess, webHandler } from "@hikyaku/operations";
import { type Broker, silentLogger } from "hikyaku";
import { sqliteBroker } from "hikyaku/sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CallError, operationsClient } from "../src/index.ts";
import { retryingFetch } from "../src/retrying-fetch.ts";

const key = "a-token-of-the-test-0123456789";

describe("the client of the operations", () => {
  let broker: Broker;
  let operations: Operations;
  let server: Server;
  let base: string;
  beforeEach(async () => {
    broker = sqliteBroker({ path: ":memory:" });
    operations = new Operations({ broker, authorize: tokenAccess(key), logger: silentLogger });
    server = createServer(nodeHandler(operations, { prefix: "/queue" }));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/queue/`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await broker.close();
  });

  it("asks and changes over the network, with the types of the contract", async () => {
    const client = operationsClient({ base, key });
    const enqueued = await client.enqueueTaskInQueue({
      path: { queue: "mail/ü" },
      body: { type: "email:send", payload: { to: "ana" } },
    });
    expect([enqueued.response.status, enqueued.data.queue]).toEqual([201, "mail/ü"]);
    const { data } = await client.listQueues({ query: { limit: 10 } });
    expect(data.queues.map(({ queue, size }) => ({ queue, size }))).toEqual([{ queue: "mail/ü", size: 1 }]);
    const paused = await client.pauseQueue({ path: { queue: "mail/ü" }, body: { reason: "a test" } });
    expect(paused.data).toEqual({ queue: "mail/ü", paused: true, changed: true });
  });

  it("asks a server in the same process without a network", async () => {
    const handler = webHandler(operations, { prefix: "/queue" });
    const client = operationsClient({
      base: "http://in-process.invalid/queue",
      key,
      fetch: (input, init) => handler(new Request(input, init)),
    });
    expect((await client.listServers()).data).toEqual({ servers: [] });
  });

  it("throws what is refused, with its code, its places, and whether it was perhaps done", async () => {
    const client = operationsClient({ base, key });
    const missing = await client.getQueue({ path: { queue: "none" } }).catch((error: unknown) => error);
    expect(missing).toBeInstanceOf(CallError);
    expect(missing).toMatchObject({ code: "queue_not_found", status: 404, isPerhapsDone: false });
    const misfit = client.listQueues({ query: { limit: 0 } });
    await expect(misfit).rejects.toMatchObject({ code: "invalid_query", errors: [{ location: "query.limit" }] });
    const stranger = operationsClient({ base, key: "another-token-0123456789" });
    await expect(stranger.listQueues()).rejects.toMatchObject({ code: "unauthenticated", status: 401 });
  });

  it("says so when nobody answers, or somebody else", async () => {
    const other = createServer((_request, response) => response.writeHead(502).end("<html>"));
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const where = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    const client = operationsClient({ base: where, key, tries: 1 });
    await expect(client.listQueues()).rejects.toMatchObject({ code: "unexpected_answer", status: 502 });
    await new Promise((resolve) => other.close(resolve));
    const gone = client.pauseQueue({ path: { queue: "mail" }, body: {} });
    await expect(gone).rejects.toMatchObject({ code: "unreachable", status: undefined, isPerhapsDone: true });
  });
});

describe("the client, when an answer does not come at once,", () => {
  const away = () =>
    Response.json(
      { type: "about:blank", title: "x", status: 503, code: "broker_unavailable", detail: "away" },
      { status: 503, headers: { "content-type": "application/problem+json", "retry-after": "0" } },
    );
  const answering = (...answers: readonly (() => Response | Promise<Response>)[]) => {
    let asked = 0;
    const bodies: string[] = [];
    const fetch: typeof globalThis.fetch = async (input) => {
      bodies.push(await (input as Request).text());
      const answer = answers[Math.min(asked++, answers.length - 1)];
      if (answer === undefined) throw new Error("expected an answer");
      return answer();
    };
    return { fetch, bodies, asked: () => asked };
  };
  const clientOf = (fetch: typeof globalThis.fetch, more: { timeoutMs?: number } = {}) =>
    operationsClient({ base: "http://x.invalid", fetch, ...more });
  const none = () => Response.json({ queues: [], next: null });
  const refused = () => Promise.reject(new TypeError("connection refused"));

  it("asks again for what only reads, as often as it was told to", async () => {
    const soon = answering(away, refused, none);
    expect((await clientOf(soon.fetch).listQueues()).data.queues).toEqual([]);
    expect(soon.asked()).toBe(3);
    const never = answering(away);
    await expect(clientOf(never.fetch).listQueues()).rejects.toMatchObject({
      code: "broker_unavailable",
      isPerhapsDone: false,
    });
    expect(never.asked()).toBe(3);
  });

  it("never repeats a change, unless it has an Idempotency-Key, and then with its whole body", async () => {
    const paused = () => Response.json({ queue: "mail", paused: true, changed: true });
    const plain = answering(refused, paused);
    const pausing = clientOf(plain.fetch).pauseQueue({ path: { queue: "mail" }, body: {} });
    await expect(pausing).rejects.toMatchObject({ code: "unreachable" });
    expect(plain.asked()).toBe(1);
    const keyed = answering(away, () => Response.json({ id: "1" }, { status: 201 }));
    const enqueueing = clientOf(keyed.fetch).enqueueTaskInQueue({
      path: { queue: "mail" },
      headers: { "idempotency-key": "order-7" },
      body: { type: "t" },
    });
    expect((await enqueueing).response.status).toBe(201);
    expect(keyed.bodies).toEqual(['{"type":"t"}', '{"type":"t"}']);
  });

  const writes = Object.values<Endpoint>(operationsEndpoints).filter(({ method }) => method !== "GET");
  it.each(writes)("repeats $operationId with an Idempotency-Key only where that is known", async (endpoint) => {
    const { method, path, headers } = endpoint;
    const { fetch, asked } = answering(away);
    const policy = { fetch, timeoutMs: 1_000, tries: 2, sleep: async () => {}, random: () => 0 };
    const url = `http://x.invalid/queue${path.replaceAll(/\{\w+\}/g, "a%2Fb")}?x=/tasks`;
    await retryingFetch(policy)(url, { method, headers: { "idempotency-key": "k" }, body: "{}" });
    expect(asked()).toBe(headers !== undefined && "idempotency-key" in headers.shape ? 2 : 1);
  });

  it("gives up after its time, and at once when its caller does", async () => {
    const hanging: typeof globalThis.fetch = (input) =>
      new Promise((_resolve, reject) => {
        const { signal } = input as Request;
        const end = () => reject(signal.reason as Error);
        if (signal.aborted) end();
        else signal.addEventListener("abort", end);
      });
    const late = clientOf(hanging, { timeoutMs: 30 }).stopServer({ path: { id: "x" }, body: {} });
    await expect(late).rejects.toMatchObject({ code: "unreachable", message: expect.stringContaining("30 ms") });
    const leaving = new AbortController();
    const asked = clientOf(hanging).listQueues({ signal: leaving.signal });
    leaving.abort();
    await expect(asked).rejects.toMatchObject({ code: "unreachable" });
  });
});
