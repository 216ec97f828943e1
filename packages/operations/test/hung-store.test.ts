import { operationsEndpoints, problem } from "@hikyaku/contract";
import { type RedisServer, startRedisServer } from "@hikyaku/test-support";
import { type Broker, silentLogger } from "hikyaku";
import { redisBroker } from "hikyaku/redis";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { ApiKeys, accessBy, keyAccess, Operations, type WebHandler, webHandler } from "../src/index.ts";
import { exampleRequests } from "./example-requests.ts";
import { byToken } from "./test-operations.ts";

describe("operations on a Redis that hangs", () => {
  let redis: RedisServer;
  let broker: Broker;
  let handle: WebHandler;
  beforeEach(async ({ skip }) => {
    skip(inject("redisServerPath") === null, "redis-server is not installed");
    redis = await startRedisServer();
    broker = redisBroker({ url: redis.url });
    await broker.ready();
    handle = webHandler(new Operations({ broker, authorize: byToken, logger: silentLogger }));
  });
  afterEach(async () => {
    redis?.resume();
    await broker?.close();
    await redis?.stop();
  });

  it("answer within a second, with 503 and a code that says what may have happened", async () => {
    // Before the first answer of a store, all say at once that nothing was asked of it.
    await handle(new Request("http://a.test/queues", { headers: { authorization: "Bearer admin" } }));
    redis.pause();
    const codes = new Set<string>();
    const late: string[] = [];
    const asked = Object.entries(operationsEndpoints).map(async ([name, { method, path }]) => {
      const { params = {}, query = "", body, headers = {} } = exampleRequests[name as keyof typeof operationsEndpoints];
      const filled = path.replaceAll(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(params[key] ?? ""));
      const sent = { authorization: "Bearer admin", "content-type": "application/json", ...headers };
      const init = { method, headers: sent, ...(body !== undefined && { body: JSON.stringify(body) }) };
      const since = performance.now();
      const answer = await handle(new Request(`http://a.test${filled}?${query}`, init));
      const ms = performance.now() - since;
      if (ms > mostMs) late.push(`${name}: ${Math.round(ms)} ms`);
      expect([200, 404, 503], `${name} answered ${answer.status}`).toContain(answer.status);
      if (answer.status === 503) codes.add(String(problem.parse(await answer.json()).code));
      else await answer.body?.cancel();
    });
    await Promise.all(asked);
    expect(late).toEqual([]);
    expect([...codes].filter((code) => !known.has(code))).toEqual([]);
    expect(codes).toContain("deadline_exceeded");
  }, 60_000);

  it("say in time that nobody can be let in, where the credentials lie in the store", async () => {
    let now = Date.now();
    const keys = new ApiKeys(broker, () => now);
    const authorize = accessBy([keyAccess(keys)], () => ({ scopes: [] }));
    handle = webHandler(new Operations({ broker, authorize, keys, logger: silentLogger }));
    const unknown = `hk_${"a".repeat(12)}_${"b".repeat(43)}`;
    const asked = () =>
      handle(new Request("http://a.test/queues", { headers: { authorization: `Bearer ${unknown}` } }));
    expect((await asked()).status).toBe(401);
    now += 60_000;
    redis.pause();
    const since = performance.now();
    const answer = await asked();
    expect(performance.now() - since).toBeLessThan(mostMs);
    expect(problem.parse(await answer.json())).toMatchObject({ status: 503, code: "deadline_exceeded" });
  });
});

/** The second that is promised, and what a busy machine may take. A call that waits for the store takes five. */
const mostMs = 2_500;
const known: ReadonlySet<string> = new Set(["deadline_exceeded", "answer_lost", "broker_unavailable", "cancelled"]);
