import { type RedisServer, redisServerPath, startRedisServer } from "@hikyaku/test-support";
import { afterAll, beforeAll, describe } from "vitest";
import { redisBroker } from "../src/broker/redis/index.ts";
import { describeBrokerContract } from "./broker-contract/broker-contract.ts";
import type { ContractStore } from "./support/contract-store.ts";
import { FakeClock } from "./support/fake-clock.ts";

const databases = 2_000;

describe.skipIf(redisServerPath() === undefined)("the Redis adapter", () => {
  let server: RedisServer;
  let lastDatabase = 0;

  beforeAll(async () => {
    server = await startRedisServer({ args: ["--databases", String(databases)] });
  });
  afterAll(() => server.stop());

  // A database of its own for each test, which is quicker than emptying one.
  async function setup(): Promise<ContractStore> {
    lastDatabase += 1;
    const clock = new FakeClock();
    const options = { url: server.url, db: lastDatabase, clock };
    const [broker, other] = [redisBroker(options), redisBroker(options)];
    await Promise.all([broker.ready(), other.ready()]);
    return {
      broker,
      other,
      clock,
      cleanup: async () => void (await Promise.all([broker.close(), other.close()])),
    };
  }

  describeBrokerContract(setup);
});
