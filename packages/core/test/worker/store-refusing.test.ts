import { setTimeout as delay } from "node:timers/promises";
import { redisServerPath, startRedisServer } from "@hikyaku/test-support";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { redisBroker } from "../../src/broker/redis/index.ts";
import type { LogLevel } from "../../src/runtime/logger.ts";
import { placedAt, placedNow } from "../support/builders.ts";
import { connectRaw, strandedIn, taskPlaces } from "../support/task-places.ts";
import { aServer, closedAtEnd, Happenings } from "./stores.ts";

interface Fault {
  readonly name: string;
  readonly start: readonly string[];
  readonly end: readonly string[];
  /** What an enqueue is told, where it needs what is refused: both codes mean that nothing was stored. */
  readonly code?: "store_rejected" | "broker_unavailable";
}

const faults: readonly Fault[] = [
  ...["hset", "lpush", "zadd", "ltrim", "evalsha", "publish"].map(
    (command): Fault => ({
      name: `takes ${command} from its user`,
      start: ["ACL", "SETUSER", "default", `-${command}`],
      end: ["ACL", "SETUSER", "default", `+${command}`],
      ...(["hset", "lpush", "evalsha"].includes(command) && { code: "store_rejected" }),
    }),
  ),
  {
    name: "holds something else in the place of its list",
    start: ["SET", "asynq:{default}:pending", "x"],
    end: ["DEL", "asynq:{default}:pending"],
    code: "store_rejected",
  },
  {
    name: "becomes a replica",
    start: ["REPLICAOF", "127.0.0.1", "1"],
    end: ["REPLICAOF", "NO", "ONE"],
    code: "broker_unavailable",
  },
];

async function setup(queues: Readonly<Record<string, number>> = { default: 1 }) {
  const redis = await startRedisServer();
  const raw = await connectRaw(redis.url);
  onTestFinished(async () => {
    raw.destroy();
    await redis.stop();
  });
  const broker = closedAtEnd(redisBroker({ url: redis.url }));
  await broker.ready();
  const ran = new Happenings<string>();
  const lines: string[] = [];
  const log = (level: LogLevel) => (text: string) => void lines.push(`${level} ${text}`);
  const logger = { debug: () => undefined, info: log("info"), warn: log("warn"), error: log("error") };
  const server = aServer(broker, { logger, queues }).handleRaw("t", ({ taskId }) => void ran.add(taskId));
  /** How many scripts were asked for until now, refused ones too. */
  const scripts = async (): Promise<number> => {
    const stats = await raw.info("commandstats");
    const counts = [...stats.matchAll(/^cmdstat_eval(?:sha)?:calls=(\d+).*rejected_calls=(\d+)/gm)];
    return counts.reduce((sum, [, calls, rejected]) => sum + Number(calls) + Number(rejected), 0);
  };
  return { redis, raw, broker, server, ran, lines, scripts };
}

describe.skipIf(redisServerPath() === undefined)("a worker whose Redis (needs redis-server)", () => {
  it.each(faults)(
    "$name, waits in ever longer pauses, says little, and runs every task once when it may again",
    async (fault) => {
      const { raw, broker, server, ran, lines, scripts } = await setup();
      server.start();
      await broker.enqueue([
        placedNow({ type: "t", id: "before" }),
        placedAt(Date.now() + 100, { type: "t", id: "soon" }),
      ]);
      await ran.reach(2);
      await vi.waitFor(async () => expect(await taskPlaces(raw)).toEqual(new Map()));
      await raw.sendCommand(fault.start);
      if (fault.code !== undefined) {
        const outcomes = await broker
          .enqueue([placedNow({ type: "t", id: "refused" })])
          .catch((error: unknown) => [{ kind: "failed", error }]);
        expect(outcomes).toMatchObject([{ kind: "failed", error: { code: fault.code } }]);
      }
      const before = await scripts();
      await delay(2_000);
      const asked = (await scripts()) - before;
      expect(asked).toBeLessThan(120);
      expect(lines.length).toBeLessThan(25);
      await raw.sendCommand(fault.end);
      await vi.waitFor(
        async () =>
          expect(await broker.enqueue([placedNow({ type: "t", id: "after" })])).toMatchObject([{ kind: "accepted" }]),
        { timeout: 10_000, interval: 50 },
      );
      expect(await ran.reach(3)).toEqual(["before", "soon", "after"]);
      await vi.waitFor(async () => expect(await taskPlaces(raw)).toEqual(new Map()));
    },
    40_000,
  );

  it.each([
    [1, 60],
    [3, 150],
  ])(
    "takes evalsha from its user, on %i queues, asks less than %i times in two seconds whatever its roles wake",
    async (count, most) => {
      const names = ["default", "other", "third"].slice(0, count);
      const { raw, broker, server, ran, scripts } = await setup(Object.fromEntries(names.map((name) => [name, 1])));
      server.start();
      await broker.enqueue(names.map((queue) => placedNow({ type: "t", id: queue, queue })));
      await ran.reach(count);
      await raw.sendCommand(["ACL", "SETUSER", "default", "-evalsha"]);
      // Everything that the worker does in the background runs when it is connected again.
      const cut = Promise.withResolvers<void>();
      broker.onReachability(({ reachable }) => {
        if (!reachable) cut.resolve();
      });
      await raw.sendCommand(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
      await cut.promise;
      await vi.waitFor(() => expect(broker.reachability().reachable).toBe(true));
      await delay(1_000);
      const before = await scripts();
      await delay(2_000);
      expect((await scripts()) - before).toBeLessThan(most);
      await raw.sendCommand(["ACL", "SETUSER", "default", "+evalsha"]);
      await vi.waitFor(async () => {
        const [outcome] = await broker.enqueue([placedNow({ type: "t", id: "after" })]);
        expect(outcome).toMatchObject({ kind: "accepted" });
      });
      expect((await ran.reach(count + 1)).at(-1)).toBe("after");
    },
    40_000,
  );

  it("refuses commands while tasks run, has what they ended in written when it may again, and runs none twice", async () => {
    for (const command of ["hset", "zadd", "zrem", "lrem", "del", "rpush", "hdel"]) {
      const { raw, broker, server, ran } = await setup();
      const gate = Promise.withResolvers<void>();
      server.handleRaw("slow", async ({ taskId }) => {
        ran.add(taskId);
        await gate.promise;
      });
      server.start();
      await broker.enqueue([1, 2].map((n) => placedNow({ type: "slow", id: `kept-${n}`, retentionMs: 60_000 })));
      await broker.enqueue([1, 2].map((n) => placedNow({ type: "slow", id: `gone-${n}` })));
      await ran.reach(4);
      await raw.sendCommand(["ACL", "SETUSER", "default", `-${command}`]);
      gate.resolve();
      await delay(500);
      expect(strandedIn(await taskPlaces(raw)), command).toEqual([]);
      await raw.sendCommand(["ACL", "SETUSER", "default", `+${command}`]);
      await vi.waitFor(
        async () =>
          expect([...(await taskPlaces(raw))].sort(), command).toEqual([
            ["kept-1", "in completed, is completed"],
            ["kept-2", "in completed, is completed"],
          ]),
        { timeout: 10_000 },
      );
      expect(ran.all).toHaveLength(4);
      await server.stop();
    }
  }, 60_000);

  it("is out of memory still runs what waits, so that there is room again", async () => {
    const { raw, broker, server, ran } = await setup();
    await broker.enqueue(Array.from({ length: 30 }, (_, n) => placedNow({ type: "t", id: `w${n}` })));
    await raw.configSet("maxmemory", "1");
    expect(await broker.enqueue([placedNow({ type: "t" })])).toMatchObject([
      { kind: "failed", error: { code: "store_rejected", message: expect.stringContaining("maxmemory") } },
    ]);
    server.start();
    await ran.reach(30);
    await vi.waitFor(async () => expect(await taskPlaces(raw)).toEqual(new Map()), { timeout: 10_000 });
    await raw.configSet("maxmemory", "0");
  }, 30_000);
});
