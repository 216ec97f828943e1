import { redisServerPath, startRedisServer, startTcpProxy } from "@hikyaku/test-support";
import { describe, expect, it, onTestFinished } from "vitest";
import { redisBroker } from "../src/broker/redis/index.ts";
import { Client } from "../src/client/client.ts";
import { Inspector } from "../src/inspector/inspector.ts";
import { Scheduler } from "../src/scheduler/scheduler.ts";
import { defineTask } from "../src/task/task.ts";
import { placedNow } from "./support/builders.ts";
import { aServer, closedAtEnd, Happenings } from "./worker/stores.ts";

const note = defineTask({ type: "note" });

/** What may become of the way to the store, with everything in the middle of its work. */
const weathers = ["killed", "paused", "half-open", "cut and refused"] as const;

async function setup() {
  const redis = await startRedisServer();
  onTestFinished(() => redis.stop());
  const proxy = await startTcpProxy(redis.port);
  onTestFinished(() => proxy.close());
  const broker = closedAtEnd(redisBroker({ addr: `127.0.0.1:${proxy.port}` }));
  const spoil = async (weather: (typeof weathers)[number]): Promise<void> => {
    if (weather === "killed") await redis.kill();
    else if (weather === "half-open") proxy.freeze();
    else if (weather === "paused") {
      redis.pause();
      onTestFinished(() => redis.resume());
    } else {
      proxy.refuse(true);
      proxy.cut();
    }
  };
  return { broker, spoil };
}

async function lasting(work: Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work;
  return performance.now() - start;
}

describe.runIf(redisServerPath() !== undefined)("closing everything", () => {
  it.each(weathers)(
    "ends within its deadlines while the store is %s",
    async (weather) => {
      const { broker, spoil } = await setup();
      const ran = new Happenings<string>();
      const client = new Client({ broker });
      const inspector = new Inspector({ broker });
      const scheduler = new Scheduler({ broker, closeTimeout: "2s" });
      await scheduler.register("@every 1h", note.with(1), { id: "hourly" });
      const server = aServer(broker, { shutdownTimeout: "1s", abortGrace: "1s" }).handleRaw("held", ({ taskId }) => {
        ran.add(taskId);
        return new Promise<never>(() => undefined);
      });
      scheduler.start();
      server.start();
      await broker.enqueue([placedNow({ type: "held" })]);
      await ran.reach(1);

      await spoil(weather);
      const underWay = Promise.allSettled([
        client.enqueue(note, 2, { within: "30s" }),
        inspector.queues(),
        broker.waitForWork(["default"], { timeoutMs: 60_000 }),
      ]);
      // Its own limits, and what each of its last conversations with the store may take.
      expect(await lasting(server.stop())).toBeLessThan(12_000);
      expect(await lasting(scheduler.close())).toBeLessThan(3_000);
      expect(await lasting(client.close({ within: "1s" }))).toBeLessThan(2_000);
      expect(await lasting(broker.close())).toBeLessThan(1_000);
      expect(await lasting(underWay)).toBeLessThan(1_000);
      for (const { status } of await underWay) expect(status).toBe("rejected");
    },
    40_000,
  );
});
