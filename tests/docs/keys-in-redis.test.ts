import { redisServerPath, startRedisServer } from "@hikyaku/test-support";
import { Client, defineTask, Inspector, Scheduler, Schedules, Server } from "hikyaku";
import { redisBroker } from "hikyaku/redis";
import { describe, expect, it, onTestFinished } from "vitest";
import { run } from "../integration/development-scripts.ts";
import { eventually } from "../integration/support/app-process.ts";
import { inlineCodeOf, textOf } from "./support/pages.ts";

const page = "docs/wire-format.md";

/** A pattern for the keys that a page spells with `<…>` and `{…}` for what differs. */
function patternOf(key: string): RegExp {
  const escaped = key.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("…", ".+").replaceAll(/<[^<>]+>/g, ".+")}$`);
}

/** Of a queue the page spells what stands behind the prefix. */
const ofQueues = [...textOf(page).matchAll(/^\| ((?:`[^`]+`(?:, )?)+) \| (?:hash|list|zset|set|string) \|/gm)].flatMap(
  ([, cell = ""]) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
);
const patterns = [
  ...inlineCodeOf(page).filter((code) => /^(asynq|hikyaku):/.test(code)),
  ...ofQueues.map((name) => `asynq:{<q>}:${name}`),
].map(patternOf);

describe.skipIf(redisServerPath() === undefined)("the keys in docs/wire-format.md (needs redis-server)", () => {
  it("are all that servers, schedulers and inspectors write", async () => {
    const redis = await startRedisServer();
    onTestFinished(() => redis.stop());
    const broker = redisBroker({ url: redis.url });
    onTestFinished(() => broker.close());
    const client = new Client({ broker });
    const failing = defineTask({ type: "failing" });
    const ending = defineTask({ type: "ending" });
    const grouped = defineTask({ type: "grouped" });
    const running = Promise.withResolvers<void>();
    const server = new Server({ broker, shutdownTimeout: "10ms", abortGrace: "10ms", retryDelay: ["1h"] })
      .handle(failing, () => Promise.reject(new Error("on purpose")))
      .handle(ending, () => ({ pages: 12 }))
      .handle("running", () => running.promise)
      .aggregate(grouped, () => new Promise(() => undefined), { gracePeriod: "1s", groups: "soon:" });
    server.start();
    onTestFinished(() => server.stop());
    onTestFinished(() => running.resolve());
    const scheduler = new Scheduler({ broker });
    onTestFinished(() => scheduler.close());
    await scheduler.register("@every 1s", defineTask({ type: "ending", queue: "elsewhere" }).with());
    scheduler.start();
    await new Schedules({ broker }).upsert("pulse", "@every 1h", defineTask({ type: "ending" }).with());

    await client.enqueue(failing);
    await client.enqueue(failing, undefined, { maxRetry: 0 });
    await client.enqueue(ending, undefined, { retention: "1h" });
    await client.enqueue(ending, undefined, { at: new Date(Date.now() + 3_600_001), uniqueFor: "1h" });
    await client.enqueue(defineTask({ type: "running" }));
    await client.enqueue(grouped, undefined, { group: "soon:1" });
    await client.enqueue(grouped, undefined, { group: "later:1" });
    const inspector = new Inspector({ broker });
    await inspector.pauseQueue("paused");
    await broker.putRecords("things", [{ id: "one", value: "{}", expected: "absent", endsAt: Date.now() + 60_000 }]);
    await broker.appendToTrail({ trail: "happenings", values: ["{}"], maxEntries: 10, maxAgeMs: 60_000 });
    await inspector.evictServer("00000000-0000-4000-8000-000000000000");

    const keys = async () => (await run("redis-cli", ["-p", String(redis.port), "--scan"])).stdout.trim().split("\n");
    await eventually(60_000, async () => {
      const said = (await keys()).join("\n");
      for (const part of [
        "turns:",
        ":retry",
        ":archived",
        ":completed",
        ":due",
        ":evicted:",
        "scheduler_history",
        "aggregation_sets",
        "records:",
        "trails:",
      ]) {
        expect(said).toContain(part);
      }
    });
    expect((await keys()).filter((key) => !patterns.some((pattern) => pattern.test(key)))).toEqual([]);
  });
});
