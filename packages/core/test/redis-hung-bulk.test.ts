import { type RedisServer, redisServerPath, startRedisServer } from "@hikyaku/test-support";
import { describe, expect, it, onTestFinished } from "vitest";
import { redisBroker } from "../src/broker/redis/index.ts";
import { Client } from "../src/client/client.ts";
import { isHikyakuError } from "../src/errors.ts";
import { Inspector } from "../src/inspector/inspector.ts";
import { defineTask } from "../src/task/task.ts";
import { placedNow } from "./support/builders.ts";
import { closedAtEnd } from "./worker/stores.ts";

const task = defineTask({ type: "mail" });
const pending = { queue: "default", state: "pending" } as const;
const codeOf = (error: unknown): unknown => (isHikyakuError(error) ? error.code : error);

describe.skipIf(redisServerPath() === undefined)("many tasks on a Redis that hangs (needs redis-server)", () => {
  async function setup(tasks: number) {
    const redis: RedisServer = await startRedisServer();
    onTestFinished(() => redis.stop());
    onTestFinished(() => redis.resume());
    const broker = closedAtEnd(redisBroker({ url: redis.url, commandTimeoutMs: 30_000 }));
    await broker.ready();
    if (tasks > 0) await broker.enqueue(Array.from({ length: tasks }, () => placedNow()));
    const waiting = async (): Promise<number | undefined> => (await broker.queue("default"))?.counts.pending;
    return { redis, broker, waiting, inspector: new Inspector({ broker, sliceSize: 3 }) };
  }

  it("says of each enqueued task whether it is stored, surely not, or perhaps", async () => {
    const { redis, broker } = await setup(0);
    const client = new Client({ broker });
    onTestFinished(() => client.close());
    const payload = "x".repeat(10_000);
    const requests = Array.from({ length: 3_000 }, (_, index) => task.with(payload, { taskId: `t${index}` }));
    // More than Redis takes without reading, in parts that are sent one after the other.
    redis.pause();
    const results = await client.enqueueMany(requests, { within: "500ms" });
    redis.resume();
    const codes = results.map((result) => (result.ok ? "ok" : result.error.code));
    expect(new Set(codes)).toEqual(new Set(["deadline_exceeded", "broker_unavailable"]));
    // Whatever was on its way has arrived once this has its answer.
    await broker.ready();
    const stored = await broker.get(
      "default",
      requests.map(({ options }) => options?.taskId ?? ""),
    );
    const surelyNot = codes.flatMap((code, index) => (code === "broker_unavailable" ? [index] : []));
    expect(surelyNot.filter((index) => stored[index] !== undefined)).toEqual([]);
  });

  it.each([
    [
      "deleteTasks",
      (it: Inspector, onProgress: () => void) => it.deleteTasks(pending, { within: "500ms", onProgress }),
    ],
    [
      "removeQueue",
      (it: Inspector, onProgress: () => void) =>
        it.removeQueue("default", { force: true, within: "500ms", onProgress }),
    ],
  ])("%s ends in time in the middle, and goes on when it is called again", async (_, change) => {
    const { redis, waiting, inspector } = await setup(10);
    const startedAt = performance.now();
    expect(await change(inspector, () => redis.pause()).catch(codeOf)).toBe("deadline_exceeded");
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    redis.resume();
    expect([7, 4]).toContain(await waiting());
    await change(inspector, () => undefined);
    expect((await waiting()) ?? 0).toBe(0);
  });
});
