import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { startRedisServer } from "@hikyaku/test-support";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { redisBroker } from "../src/broker/redis/index.ts";
import { anAttempt, claimedOne, placedNow, stateOf } from "./support/builders.ts";

const run = promisify(execFile);

// Key-level: what a server of another library holds carries no token, only its word about what it runs.
describe.skipIf(inject("redisServerPath") === null)("evicting a Go server (needs redis-server)", () => {
  it("frees the tasks that it said it runs, but none that a server of ours holds or that nobody does", async () => {
    const redis = await startRedisServer();
    const broker = redisBroker({ url: redis.url });
    onTestFinished(async () => {
      await broker.close();
      await redis.stop();
    });
    const cli = (...args: string[]) => run("redis-cli", ["-p", String(redis.port), ...args]);
    const items = ["go", "ours", "waits"].map((id) => placedNow({ id }));
    await broker.enqueue(items);
    // As Asynq's dequeue script does.
    await cli("RPOPLPUSH", "asynq:{default}:pending", "asynq:{default}:active");
    await cli("HSET", "asynq:{default}:t:go", "state", "active");
    await cli("ZADD", "asynq:{default}:lease", String(Math.ceil(Date.now() / 1_000) + 30), "go");
    await claimedOne(broker, { serverId: "server-b" });
    const answer = await broker.evict({
      queue: "default",
      serverId: "go-server",
      refuseForMs: 1_000,
      limit: 10,
      attempt: anAttempt(),
      foreignTaskIds: ["go", "ours", "waits", "never was"],
    });
    expect(answer).toEqual({ taskIds: ["go"], nextCursor: undefined });
    const states = await Promise.all(items.map(({ message }) => stateOf(broker, message)));
    expect(states).toEqual(["pending", "active", "pending"]);
    // Next in line, and Asynq's `done` finds nothing of it to end.
    expect((await cli("LREM", "asynq:{default}:active", "0", "go")).stdout.trim()).toBe("0");
    expect(await claimedOne(broker, { serverId: "server-b" })).toMatchObject({ message: { id: "go" } });
  });
});
