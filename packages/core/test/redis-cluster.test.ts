import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type RedisCluster, redisServerPath, startRedisCluster } from "@hikyaku/test-support";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { redisBroker } from "../src/broker/redis/index.ts";
import { keySlot } from "../src/broker/redis/wire/key-slot.ts";
import { describeBrokerContract } from "./broker-contract/broker-contract.ts";
import type { ContractStore } from "./support/contract-store.ts";
import { FakeClock } from "./support/fake-clock.ts";

// A cluster refuses every script and command whose keys lie in different slots. So the whole contract on one shows that all
// keys of a queue, ours included, share a slot, and that each call finds the node that holds it.

const run = promisify(execFile);

describe.skipIf(redisServerPath() === undefined)(
  "the Redis adapter on a cluster of three (needs redis-server)",
  { timeout: 60_000 },
  () => {
    let cluster: RedisCluster;
    const cli = async (node: number, ...args: string[]): Promise<string> =>
      (await run("redis-cli", ["-p", String(cluster.nodes[node]?.port), ...args])).stdout;

    beforeAll(async () => {
      cluster = await startRedisCluster(3);
    });
    afterAll(() => cluster.stop());

    async function setup(): Promise<ContractStore> {
      await Promise.all(cluster.nodes.map((node) => node.flush()));
      const clock = new FakeClock();
      const options = { cluster: { addrs: cluster.addrs.slice(0, 1) }, clock, connectTimeoutMs: 10_000 };
      const [broker, other] = [redisBroker(options), redisBroker(options)];
      await Promise.all([broker.ready(), other.ready()]);
      return {
        broker,
        other,
        clock,
        cleanup: async () => void (await Promise.all([broker.close(), other.close()])),
      };
    }

    it("is asked something that a plain server would have answered", async () => {
      await expect(cli(0, "del", "{a}", "{b}")).resolves.toContain("CROSSSLOT");
    });

    it("probes writing on the node that holds a queue", async () => {
      const { broker, cleanup } = await setup();
      // A cluster that is made anew has its slots in equal parts, in order of the nodes.
      const nodeOf = (queue: string): number => Math.floor((keySlot(`{${queue}}`) * 3) / 16_384);
      const elsewhere = ["a", "b", "c", "d", "e", "f"].filter((queue) => nodeOf(queue) !== nodeOf("default"));
      try {
        await cli(nodeOf("default"), "config", "set", "maxmemory", "1");
        await expect(broker.probeWrites(elsewhere)).resolves.toBeUndefined();
        await expect(broker.probeWrites([...elsewhere, "default"])).rejects.toMatchObject({
          message: expect.stringContaining("OOM"),
        });
      } finally {
        await cli(nodeOf("default"), "config", "set", "maxmemory", "0");
        await cleanup();
      }
    });

    it.each([
      "a",
      "asynq:{default}:pending",
      "asynq:queues",
      "x{}y",
      "{}{a}",
      "{{a}}",
      "a{b",
      "a}b{c}d{e}",
      "キュー{列}",
      "",
    ])("agrees with Redis on the slot of %j", async (key) => {
      expect(keySlot(key)).toBe(Number(await cli(0, "cluster", "keyslot", key)));
    });

    describeBrokerContract(setup);
  },
);
