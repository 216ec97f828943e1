import { type RedisServer, redisServerPath, startRedisServer } from "@hikyaku/test-support";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { redisBroker } from "../src/broker/redis/index.ts";
import { Client } from "../src/client/client.ts";
import { checkStore } from "../src/doctor/check-store.ts";
import { Inspector } from "../src/inspector/inspector.ts";
import { defineTask } from "../src/task/task.ts";
import { aServer, Happenings } from "./worker/stores.ts";

// Services that host Redis take commands away: those that look after the server, and often more. What is left must do.

/** What the library can do without. It calls some of them, and says what it then does not know. */
const takenAway = [
  "acl",
  "bgrewriteaof",
  "bgsave",
  "client",
  "cluster",
  "config",
  "debug",
  "info",
  "latency",
  "memory",
  "migrate",
  "module",
  "monitor",
  "psync",
  "replicaof",
  "role",
  "save",
  "script",
  "shutdown",
  "slaveof",
  "slowlog",
  "sync",
  "wait",
  "keys",
  "flushall",
  "flushdb",
  "swapdb",
  "move",
  "object",
  "multi",
  "exec",
  "select",
];

describe.skipIf(redisServerPath() === undefined)("a hosted Redis (needs redis-server)", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer({ args: takenAway.flatMap((name) => ["--rename-command", name, ""]) });
  });
  afterAll(() => server.stop());

  it("serves client, server, inspector and doctor without the commands that hosts take away", async () => {
    const broker = redisBroker({ url: server.url });
    onTestFinished(() => broker.close());
    const task = defineTask({ type: "mail" });
    const ran = new Happenings<string>();
    const worker = aServer(broker, { queues: { default: 1 } });
    worker.handle(task, async ({ taskId }) => {
      ran.add(taskId);
      return "sent";
    });
    worker.start();
    const client = new Client({ broker });
    onTestFinished(() => client.close());
    await client.enqueue(task, undefined, { taskId: "now", retention: "1h" });
    await client.enqueue(task, undefined, { taskId: "soon", in: "100ms", uniqueFor: "1m", retention: "1h" });
    expect([...(await ran.reach(2))].sort()).toEqual(["now", "soon"]);
    await expect(client.waitForResult({ queue: "default", id: "now", definition: task })).resolves.toBe("sent");
    const inspector = new Inspector({ broker });
    await expect(inspector.queues()).resolves.toMatchObject([{ queue: "default" }]);
    await expect(inspector.servers()).resolves.toHaveLength(1);
    await worker.stop();
    await inspector.removeQueue("default", { force: true });

    const findings = await checkStore(broker);
    expect([...new Set(findings.map(({ kind }) => kind))]).toEqual(["unknown_setting"]);
    expect(findings.map(({ detail }) => detail).join("\n")).toMatch(
      /does not tell the setting appendonly: .*unknown command/,
    );
  });

  it("refuses enqueues that would wait for replicas, with nothing stored, where WAIT is taken away", async () => {
    const broker = redisBroker({ url: server.url, durability: { replicas: 1 } });
    const client = new Client({ broker });
    onTestFinished(async () => {
      await client.close();
      await broker.close();
    });
    await expect(client.enqueue(defineTask({ type: "mail" }), undefined, { queue: "waits" })).rejects.toMatchObject({
      code: "store_rejected",
      message: expect.stringMatching(/unknown command/i),
    });
    expect((await broker.queue("waits"))?.counts.pending ?? 0).toBe(0);
  });
});
