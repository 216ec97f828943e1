import { describe, expect, it } from "vitest";
import { systemClock } from "../../runtime/clock.ts";
import { silentLogger } from "../../runtime/logger.ts";
import { ClockWatch } from "./clock-watch.ts";

function setup() {
  const lines: string[] = [];
  const store = { offsetMs: 0 as number | undefined };
  const storeTime = async (): Promise<number | undefined> =>
    store.offsetMs === undefined ? undefined : Date.now() + store.offsetMs;
  const logger = {
    ...silentLogger,
    warn: (message: string) => void lines.push(`warn: ${message}`),
    info: (message: string) => void lines.push(`info: ${message}`),
  };
  return { lines, store, watch: new ClockWatch({ storeTime }, systemClock, logger) };
}

describe("the watch over clocks", () => {
  it("measures how far this machine is ahead", async () => {
    const { watch, store, lines } = setup();
    expect(watch.offsetMs).toBeUndefined();
    store.offsetMs = -2_000;
    await watch.runOnce();
    expect(watch.offsetMs).toBeGreaterThan(1_900);
    expect(watch.offsetMs).toBeLessThan(2_100);
    expect(lines).toEqual([]);
  });

  it("warns once beyond five seconds, and says when it is well again", async () => {
    const { watch, store, lines } = setup();
    store.offsetMs = 6_000;
    await watch.runOnce();
    await watch.runOnce();
    expect(lines).toEqual([expect.stringContaining("warn: this machine's clock and the store's differ")]);
    store.offsetMs = 0;
    await watch.runOnce();
    await watch.runOnce();
    expect(lines.slice(1)).toEqual([expect.stringContaining("agree again")]);
  });

  it("knows nothing of a store without a clock of its own", async () => {
    const { watch, store } = setup();
    store.offsetMs = undefined;
    await watch.runOnce();
    expect(watch.offsetMs).toBeUndefined();
  });
});
