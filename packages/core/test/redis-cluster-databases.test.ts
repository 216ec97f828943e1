import {
  isSince,
  type RedisCluster,
  redisServerPath,
  serverProgram,
  startRedisCluster,
  valkeyServerPath,
} from "@hikyaku/test-support";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { Broker } from "../src/broker/broker.ts";
import { redisBroker } from "../src/broker/redis/index.ts";
import { Client } from "../src/client/client.ts";
import { checkStore } from "../src/doctor/check-store.ts";
import { Inspector } from "../src/inspector/inspector.ts";
import { defineTask } from "../src/task/task.ts";
import { aServer, Happenings } from "./worker/stores.ts";

const task = defineTask({ type: "mail" });
/** Enough to lie on all nodes. */
const queues = ["a", "b", "c", "d", "e", "f"];

/** A server whose clusters may have several databases. */
const valkey9 = [redisServerPath(), valkeyServerPath()].find((path) => {
  const program = path === undefined ? undefined : serverProgram(path);
  return program?.product === "Valkey" && isSince(program, "9.0");
});

function open(cluster: RedisCluster, db: number): Broker {
  const broker = redisBroker({ cluster: { addrs: cluster.addrs }, db, connectTimeoutMs: 10_000 });
  onTestFinished(() => broker.close());
  return broker;
}

async function refusalOf(broker: Broker): Promise<unknown> {
  const client = new Client({ broker });
  onTestFinished(() => client.close());
  return client.enqueue(task, undefined).catch((error: unknown) => error);
}

describe.skipIf(redisServerPath() === undefined)("a cluster with one database (needs redis-server)", () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster(3);
  }, 60_000);
  afterAll(() => cluster.stop());

  it("is asked for another one, and that is said in plain words", async () => {
    const broker = open(cluster, 3);
    expect(await refusalOf(broker)).toMatchObject({
      code: "broker_unavailable",
      message: expect.stringMatching(/expected 127\.0\.0\.1:\d+ to have a database 3, it answers: .*cluster/),
    });
    expect(broker.location).toMatch(/^redis\+cluster:\/\/.*\/3$/);
  });
});

describe("a cluster with several databases", () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    if (valkey9 !== undefined) {
      cluster = await startRedisCluster(3, { binary: valkey9, args: ["--cluster-databases", "4"] });
    }
  }, 60_000);
  beforeEach(({ skip }) =>
    skip(valkey9 === undefined, "needs Valkey 9 or newer: its path in HIKYAKU_VALKEY_SERVER, or valkey-server on PATH"),
  );
  afterAll(() => cluster?.stop());

  it("keeps the tasks of each apart, on all nodes", async () => {
    const [zero, three] = [open(cluster, 0), open(cluster, 3)];
    const ran = new Happenings<string>();
    const worker = aServer(three, { queues: Object.fromEntries(queues.map((queue) => [queue, 1])) });
    worker.handle(task, async ({ queue }) => ran.add(queue));
    worker.start();
    const client = new Client({ broker: three });
    onTestFinished(() => client.close());
    for (const queue of queues) await client.enqueue(task, undefined, { queue, in: "100ms", retention: "1h" });
    expect([...(await ran.reach(queues.length))].sort()).toEqual(queues);
    await worker.stop();
    const names = async (broker: Broker) => (await new Inspector({ broker }).queues()).map(({ queue }) => queue).sort();
    expect(await names(three)).toEqual(queues);
    expect(await names(zero)).toEqual([]);
    expect(await checkStore(three, { scope: "tasks" })).toEqual([]);
  });

  it("refuses one that it has not, in plain words", async () => {
    expect(await refusalOf(open(cluster, 4))).toMatchObject({
      code: "broker_unavailable",
      message: expect.stringMatching(/to have a database 4, it answers: .*cluster-databases/),
    });
  });
});
