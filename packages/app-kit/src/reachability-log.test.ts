import { freePort, redisServerPath, startRedisServer } from "@hikyaku/test-support";
import { redisBroker } from "hikyaku/redis";
import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { logReachability } from "./reachability-log.ts";

const missing = redisServerPath() === undefined;

describe.skipIf(missing)(
  `the log of a store's coming and going${missing ? " (skipped: no redis-server on PATH)" : ""}`,
  () => {
    const closers: (() => Promise<void>)[] = [];
    afterEach(async () => {
      for (const close of closers.splice(0)) await close();
    });

    it("tells once of each outage and once of each return", async () => {
      const port = await freePort();
      const broker = redisBroker({ addr: `127.0.0.1:${port}`, maxReconnectDelayMs: 50 });
      closers.push(() => broker.close());
      const levels: number[] = [];
      const told = new EventTarget();
      const logger = pino(
        { base: null },
        {
          write: (line) => {
            levels.push((JSON.parse(line) as { level: number }).level);
            told.dispatchEvent(new Event("line"));
          },
        },
      );
      const nextLine = () => new Promise((resolve) => told.addEventListener("line", resolve, { once: true }));

      const end = await logReachability(broker, logger, 300);
      expect(levels).toEqual([40]);
      const back = nextLine();
      const redis = await startRedisServer({ port });
      closers.unshift(() => redis.stop());
      await back;
      expect(levels).toEqual([40, 30]);
      const gone = nextLine();
      await redis.kill();
      await gone;
      expect(levels).toEqual([40, 30, 40]);
      end();
      await broker.close();
      expect(levels).toHaveLength(3);
    });
  },
);
