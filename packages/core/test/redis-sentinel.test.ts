import { execFile } from "node:child_process";
import { promisify } from "node:util";
import {
  freePort,
  type RedisSentinels,
  type RedisServer,
  redisServerPath,
  startRedisSentinels,
} from "@hikyaku/test-support";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { Broker } from "../src/broker/broker.ts";
import { redisBroker } from "../src/broker/redis/index.ts";
import { Client } from "../src/client/client.ts";
import { isStoreAway } from "../src/errors.ts";
import { defineTask } from "../src/task/task.ts";
import { untilReachable } from "./support/until-reachable.ts";
import { aServer, Happenings } from "./worker/stores.ts";

const run = promisify(execFile);
const task = defineTask({ type: "mail" });

/** What is promised once the sentinels have promoted a replica, and what this may be on a machine with much else to do. */
const backWithinMs = 2_000;
const patienceMs = 10 * backWithinMs;

describe.skipIf(redisServerPath() === undefined)(
  "a master with replicas and sentinels (needs redis-server)",
  { timeout: 90_000 },
  () => {
    let redis: RedisSentinels;
    let master: RedisServer;
    let broker: Broker;

    beforeEach(async () => {
      redis = await startRedisSentinels();
      master = redis.servers[0] as RedisServer;
      broker = redisBroker({ sentinel: { masterName: redis.masterName, addrs: redis.addrs } });
      // Also when the master is not found, the servers end.
      onTestFinished(async () => {
        await broker.close();
        await redis.stop();
      });
      await untilReachable(broker, true);
    }, 60_000);

    const cli = async (server: RedisServer, ...args: string[]): Promise<string> =>
      (await run("redis-cli", ["-p", String(server.port), ...args])).stdout.trim();

    /** Sentinels cut the connections of a server that they make a replica, the one that asks here included. */
    const untilReplica = async (server: RedisServer): Promise<void> => {
      while (!(await cli(server, "role").catch(() => "")).startsWith("slave"));
    };

    /** Else what ran is taken for unsettled by the replica that takes over, and runs again, as is promised. */
    const untilSettledEverywhere = async (): Promise<void> => {
      while ((await broker.queue("default"))?.counts.active !== 0);
      await cli(master, "set", "settled", "1");
      for (const server of redis.servers) while ((await cli(server, "get", "settled")) !== "1");
    };

    function work(): Happenings<string> {
      const ran = new Happenings<string>();
      const server = aServer(broker, { queues: { default: 1 } });
      server.handle(task, async ({ taskId }) => ran.add(taskId));
      server.start();
      return ran;
    }

    function aPatientClient(): (taskId: string) => Promise<void> {
      const client = new Client({ broker });
      onTestFinished(() => client.close());
      return async (taskId) => {
        for (;;) {
          try {
            await client.enqueue(task, undefined, { taskId });
            return;
          } catch (error) {
            if (!isStoreAway(error)) throw error;
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
        }
      };
    }

    it("is followed when it is killed: tasks flow again without a restart", async () => {
      const ran = work();
      const enqueue = aPatientClient();
      await enqueue("before");
      await ran.reach(1);
      await untilSettledEverywhere();
      await master.kill();
      const promoted = await redis.promoted(master);
      const since = performance.now();
      await enqueue("after");
      await ran.reach(2);
      expect(performance.now() - since).toBeLessThan(patienceMs);
      expect(ran.all).toEqual(["before", "after"]);
      // And back again: the old master has returned as a replica, and the new one dies.
      await master.restart();
      await untilReplica(master);
      await promoted.kill();
      await redis.promoted(promoted);
      await enqueue("later");
      await ran.reach(3);
      expect(ran.all.at(-1)).toBe("later");
    });

    it("is left when it freezes, before the calls that wait for it run out of time", async () => {
      const ran = work();
      const enqueue = aPatientClient();
      await enqueue("before");
      await ran.reach(1);
      await untilSettledEverywhere();
      master.pause();
      const underWay = broker.queues({ timeoutMs: 600_000 }).catch((error: unknown) => error);
      await redis.promoted(master);
      expect(await underWay).toMatchObject({ code: "answer_lost" });
      await enqueue("after");
      await ran.reach(2);
      // The old one wakes up and still thinks that it is the master, until the sentinels tell it. Nothing goes there.
      master.resume();
      for (let index = 0; index < 50; index++) await enqueue(`later-${index}`);
      await ran.reach(52);
      await untilReplica(master);
      expect(ran.all).toEqual(["before", "after", ...Array.from({ length: 50 }, (_, index) => `later-${index}`)]);
    });

    it("is left when it says that it became a replica: the call is refused, and nothing of it is written", async () => {
      const client = new Client({ broker });
      onTestFinished(() => client.close());
      const [other] = redis.servers.filter((server) => server !== master);
      await cli(master, "replicaof", "127.0.0.1", String(other?.port));
      await expect(client.enqueue(task, undefined, { taskId: "refused" })).rejects.toMatchObject({
        code: "broker_unavailable",
        message: expect.stringMatching(/READONLY/),
      });
      await cli(master, "replicaof", "no", "one");
      const enqueue = aPatientClient();
      await enqueue("accepted");
      const entries = await broker.get("default", ["refused", "accepted"]);
      expect(entries.map((entry) => entry?.state)).toEqual([undefined, "pending"]);
    });

    it("is found while a sentinel is dead or frozen, and not believed in by one that knows less", async () => {
      const [first, second] = redis.sentinels;
      await first?.kill();
      const found = redisBroker({ sentinel: { masterName: redis.masterName, addrs: redis.addrs } });
      onTestFinished(() => found.close());
      await untilReachable(found, true);
      await first?.restart();
      second?.pause();
      const foundAgain = redisBroker({ sentinel: { masterName: redis.masterName, addrs: redis.addrs } });
      onTestFinished(() => foundAgain.close());
      await untilReachable(foundAgain, true);
      second?.resume();
      // A sentinel that slept through a fail-over tells the old place until it has caught up.
      second?.pause();
      await cli(redis.sentinels[2] as RedisServer, "sentinel", "failover", redis.masterName);
      await redis.promoted(master);
      second?.resume();
      const after = redisBroker({ sentinel: { masterName: redis.masterName, addrs: redis.addrs } });
      onTestFinished(() => after.close());
      const client = new Client({ broker: after });
      onTestFinished(() => client.close());
      await untilReachable(after, true);
      await client.enqueue(task, undefined);
    });
  },
);

describe.skipIf(redisServerPath() === undefined)("sentinels that don't help (need redis-server)", () => {
  it("say in words what is wrong, and calls are refused at once", async () => {
    const nobody = redisBroker({ sentinel: { masterName: "queue", addrs: [`127.0.0.1:${await freePort()}`] } });
    onTestFinished(() => nobody.close());
    await expect(nobody.ready()).rejects.toMatchObject({
      code: "broker_unavailable",
      message: expect.stringMatching(/no sentinel says where the master "queue" is: .*ECONNREFUSED/),
    });
    const since = performance.now();
    await expect(nobody.ready()).rejects.toMatchObject({ code: "broker_unavailable" });
    expect(performance.now() - since).toBeLessThan(500);
  });

  it.each([
    [{ masterName: "", addrs: ["a:1"] }, /option "sentinel.masterName": expected the name/],
    [{ masterName: "m", addrs: [] }, /option "sentinel.addrs": expected one or more host:port/],
    [{ masterName: "m", addrs: ["a:1", "b"] }, /option "sentinel.addrs\[1\]": expected host:port, got "b"/],
  ])("are refused as options: %j", (sentinel, message) => {
    expect(() => redisBroker({ sentinel })).toThrow(message);
  });

  it("are one way of four", () => {
    expect(() => redisBroker({ addr: "a:1", cluster: { addrs: ["b:2"] } })).toThrow(
      /options "addr" and "cluster": expected one of "url", "addr", "sentinel" and "cluster", got 2/,
    );
  });
});
