import { execFile } from "node:child_process";
import { promisify } from "node:util";
import {
  type RedisServer,
  redisServerPath,
  startRedisCluster,
  startRedisSentinels,
  startRedisServer,
} from "@hikyaku/test-support";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Broker } from "../src/broker/broker.ts";
import { redisBroker } from "../src/broker/redis/index.ts";
import type { RedisOptions } from "../src/broker/redis/redis-options.ts";
import { openLinks } from "../src/broker/redis/wire/links.ts";
import { isHikyakuError } from "../src/errors.ts";
import { placedNow } from "./support/builders.ts";
import { untilReachable } from "./support/until-reachable.ts";
import { closedAtEnd } from "./worker/stores.ts";

// All callers of a broker share its connection. One that has little time, or changes its mind, must harm no other.

const run = promisify(execFile);

interface Place {
  readonly options: RedisOptions;
  /** Those that hold tasks. */
  readonly masters: readonly RedisServer[];
}

async function oneServer(args: readonly string[] = []): Promise<Place> {
  const server = await startRedisServer({ args });
  onTestFinished(() => server.stop());
  return { options: { url: server.url }, masters: [server] };
}

async function aCluster(): Promise<Place> {
  const cluster = await startRedisCluster(3);
  onTestFinished(() => cluster.stop());
  return { options: { cluster: { addrs: cluster.addrs } }, masters: cluster.nodes };
}

async function sentinels(): Promise<Place> {
  const redis = await startRedisSentinels();
  onTestFinished(() => redis.stop());
  return {
    options: { sentinel: { masterName: redis.masterName, addrs: redis.addrs } },
    masters: redis.servers.slice(0, 1),
  };
}

/** The servers say nothing during the work. */
async function whileSilent(servers: readonly RedisServer[], work: () => Promise<void>): Promise<void> {
  for (const server of servers) server.pause();
  try {
    await work();
  } finally {
    for (const server of servers) server.resume();
  }
}

async function cli(server: RedisServer, ...args: string[]): Promise<string> {
  const { stdout } = await run("redis-cli", ["-p", String(server.port), ...args]);
  return stdout.trim();
}

const codeOf = (error: unknown): unknown => (isHikyakuError(error) ? error.code : error);

describe.skipIf(redisServerPath() === undefined)("a call to Redis that is given up (needs redis-server)", () => {
  describe.each([
    ["one server", oneServer],
    ["a cluster", aCluster],
    ["a master behind sentinels", sentinels],
  ])("on %s", { timeout: 60_000 }, (_, start) => {
    async function setup(): Promise<Place & { readonly broker: Broker; readonly news: unknown[] }> {
      const place = await start();
      // Nothing here takes so long, however busy the machine is.
      const broker = closedAtEnd(redisBroker({ ...place.options, commandTimeoutMs: 60_000 }));
      await untilReachable(broker, true);
      await broker.enqueue([placedNow()]);
      const news: unknown[] = [];
      onTestFinished(broker.onReachability((now) => void news.push(now)));
      return { ...place, broker, news };
    }

    it("takes no other call with it when its time is over or its signal fires", async () => {
      const { broker, masters, news } = await setup();
      const others: Promise<unknown>[] = [];
      await whileSilent(masters, async () => {
        others.push(broker.queue("default"), broker.enqueue([placedNow()]));
        const caller = new AbortController();
        const hasLeft = broker.queue("default", { signal: caller.signal }).catch(codeOf);
        expect(await broker.queue("default", { timeoutMs: 50 }).catch(codeOf)).toBe("deadline_exceeded");
        const hasty = await broker.queue("default", { timeoutMs: 0.001 }).catch(codeOf);
        expect(hasty).toMatch(/^(deadline_exceeded|broker_unavailable)$/);
        caller.abort();
        expect(await hasLeft).toBe("cancelled");
        others.push(broker.enqueue([placedNow()]));
      });
      const [, ...enqueued] = await Promise.all(others);
      expect(enqueued).toMatchObject([[{ kind: "accepted" }], [{ kind: "accepted" }]]);
      expect((await broker.queue("default"))?.counts.pending).toBe(3);
      expect(news).toEqual([]);
    });
  });

  it("leaves others alone on a server that is idle, however little time it has", async () => {
    const { options } = await oneServer();
    const broker = closedAtEnd(redisBroker(options));
    await untilReachable(broker, true);
    const news: unknown[] = [];
    onTestFinished(broker.onReachability((now) => void news.push(now)));
    for (let round = 0; round < 200; round++) {
      const hasty = broker.queues({ timeoutMs: 0.001 }).catch(codeOf);
      expect(await broker.enqueue([placedNow()])).toMatchObject([{ kind: "accepted" }]);
      expect([["default"], [], "deadline_exceeded"]).toContainEqual(await hasty);
    }
    expect(news).toEqual([]);
  });

  it("still shows that the server is silent, after the connection's own limit", async () => {
    const { options, masters } = await oneServer();
    const broker = closedAtEnd(redisBroker({ ...options, commandTimeoutMs: 400 }));
    await untilReachable(broker, true);
    await whileSilent(masters, async () => {
      const caller = new AbortController();
      const left = broker.queues({ signal: caller.signal }).catch(codeOf);
      caller.abort();
      expect(await left).toBe("cancelled");
      await untilReachable(broker, false);
      expect(broker.reachability().reason).toContain("no answer within 400 ms");
      expect(await broker.queues().catch(codeOf)).toBe("broker_unavailable");
    });
    await untilReachable(broker, true);
    await broker.queues();
  });

  it("says that nothing was stored when it was not even sent, and leaves nothing of itself behind", async () => {
    const { options, masters } = await oneServer();
    const link = openLinks({ ...options, commandTimeoutMs: 60_000 }).command();
    onTestFinished(() => link.close());
    await link.call(["PING"]);
    const value = Buffer.alloc(1_000_000, 1);
    const told: unknown[] = [];
    let patient: Promise<unknown> = Promise.resolve();
    await whileSilent(masters, async () => {
      // More than the system takes for a server that reads nothing.
      const calls = Array.from({ length: 40 }, (_, index) =>
        link.call(["SET", `given-up:${index}`, value], { timeoutMs: 200 }).catch(codeOf),
      );
      patient = link.call(["SET", "patient", value]);
      patient.catch(() => undefined);
      const caller = new AbortController();
      const left = link.call(["SET", "left", value], { signal: caller.signal }).catch((error: unknown) => error);
      caller.abort();
      expect(await left).toMatchObject({
        code: "cancelled",
        message: expect.stringContaining("before the call was sent"),
      });
      told.push(...(await Promise.all(calls)));
    });
    expect(String(await patient)).toBe("OK");
    expect(new Set(told)).toEqual(new Set(["deadline_exceeded", "broker_unavailable"]));
    const [server] = masters as [RedisServer];
    const sent = told.filter((code) => code === "deadline_exceeded").length;
    expect(await cli(server, "dbsize")).toBe(String(sent + 1));
    expect(await cli(server, "exists", "left")).toBe("0");
    for (const [index, code] of told.entries()) {
      if (code === "broker_unavailable") expect(await cli(server, "exists", `given-up:${index}`)).toBe("0");
    }
  });

  it("says so too when the connection ends before it was sent", async () => {
    const { options, masters } = await oneServer();
    const link = openLinks({ ...options, commandTimeoutMs: 60_000 }).command();
    onTestFinished(() => link.close());
    await link.call(["PING"]);
    const value = Buffer.alloc(1_000_000, 1);
    const [server] = masters as [RedisServer];
    server.pause();
    const calls = Array.from({ length: 40 }, () => link.call(["SET", "k", value]).catch(codeOf));
    const late = link.call(["SET", "k", value]).catch(codeOf);
    await server.kill();
    expect(new Set(await Promise.all(calls))).toContain("answer_lost");
    expect(await late).toBe("broker_unavailable");
  });

  it("shares no time with the wait for the connection", async () => {
    const { options, masters } = await oneServer();
    const [server] = masters as [RedisServer];
    const broker = redisBroker(options);
    closedAtEnd(broker);
    server.pause();
    const startedAt = performance.now();
    const call = broker.queues({ timeoutMs: 1_000 }).catch(codeOf);
    setTimeout(() => server.resume(), 600);
    await untilReachable(broker, true);
    server.pause();
    onTestFinished(() => server.resume());
    expect(["deadline_exceeded", ["default"], []]).toContainEqual(await call);
    expect(performance.now() - startedAt).toBeLessThan(1_500);
  });
});
