import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { freePort, type RedisServer, redisServerPath, startRedisServer } from "@hikyaku/test-support";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { redisBroker } from "../src/broker/redis/index.ts";
import { describeBrokerContract } from "./broker-contract/broker-contract.ts";
import type { ContractStore } from "./support/contract-store.ts";
import { FakeClock } from "./support/fake-clock.ts";

// A node of Redis Cluster refuses every script and command whose keys lie in different slots, also where it holds all of
// them. So the whole contract on one such node shows that all keys of a queue, ours included, share a slot.

const run = promisify(execFile);

describe.skipIf(redisServerPath() === undefined)("the Redis adapter on a node of a cluster", () => {
  let server: RedisServer;
  const cli = async (...args: string[]): Promise<string> =>
    (await run("redis-cli", ["-p", String(server.port), ...args])).stdout;

  beforeAll(async () => {
    let port = await freePort();
    while (port > 55_535) port = await freePort();
    server = await startRedisServer({ port, args: ["--cluster-enabled", "yes"] });
    await cli("cluster", "addslotsrange", "0", "16383");
    while (!(await cli("cluster", "info")).includes("cluster_state:ok"));
  });
  afterAll(() => server.stop());

  async function setup(): Promise<ContractStore> {
    await cli("flushall");
    const clock = new FakeClock();
    const options = { url: server.url, clock };
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
    await expect(cli("del", "{a}", "{b}")).resolves.toContain("CROSSSLOT");
  });

  describeBrokerContract(setup);
});
