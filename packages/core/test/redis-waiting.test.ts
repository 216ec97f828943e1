import { redisServerPath, startRedisServer } from "@hikyaku/test-support";
import { createClient } from "redis";
import { describe, expect, it, onTestFinished } from "vitest";
import { queueKeys } from "../src/broker/redis/keys.ts";
import { Waiting } from "../src/broker/redis/waiting.ts";
import { openLinks } from "../src/broker/redis/wire/links.ts";

const queues = ["a", "b", "c"];

async function setup(idleMs: number) {
  const redis = await startRedisServer();
  onTestFinished(() => redis.stop());
  const links = openLinks({ url: redis.url });
  const waiting = new Waiting(links, idleMs);
  const client = createClient({ url: redis.url });
  await client.connect();
  onTestFinished(() => {
    client.destroy();
    waiting.close();
    links.close();
  });
  /** How many there are beside the one that asks. */
  const connections = async () =>
    String(await client.sendCommand(["CLIENT", "LIST"]))
      .trim()
      .split("\n").length - 1;
  const push = (queue: string) => client.lPush(queueKeys(queue).pending, "a-task");
  return { waiting, connections, push };
}

describe.skipIf(redisServerPath() === undefined)("waiting for tasks in Redis (needs redis-server)", () => {
  it("has a connection for each queue, and none any more for one that nobody has waited for since a while", async () => {
    const { waiting, connections, push } = await setup(50);
    const waits = queues.map((queue) => waiting.wait([queue], {}));
    await expect.poll(connections).toBe(queues.length);
    for (const queue of queues) await push(queue);
    await Promise.all(waits);
    await expect.poll(connections).toBe(0);
    // There is a task still.
    await waiting.wait(["a"], {});
    await expect.poll(connections).toBe(0);
  });

  it("keeps the connection for whoever waits again soon", async () => {
    const { waiting, connections, push } = await setup(60_000);
    await push("a");
    for (let count = 0; count < 5; count++) await waiting.wait(["a"], {});
    expect(await connections()).toBe(1);
  });

  it("keeps the connection of a queue for as long as somebody waits", async () => {
    const { waiting, connections, push } = await setup(1);
    const given = new AbortController();
    const [one, other] = [waiting.wait(["a"], { signal: given.signal }), waiting.wait(["a"], {})];
    await expect.poll(connections).toBe(1);
    given.abort();
    await expect(one).rejects.toMatchObject({ code: "cancelled" });
    await push("a");
    await other;
    await expect.poll(connections).toBe(0);
  });
});
