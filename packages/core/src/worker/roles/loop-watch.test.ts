import { describe, expect, it, onTestFinished } from "vitest";
import { silentLogger } from "../../runtime/logger.ts";
import type { HeldTask } from "../leases/held-task.ts";
import { LoopWatch } from "./loop-watch.ts";

function aWatch(type: string) {
  const lines: unknown[] = [];
  const logger = { ...silentLogger, warn: (_message: string, fields?: object) => void lines.push(fields) };
  const task = { claimed: { message: { type } } } as HeldTask;
  const watch = new LoopWatch([task], logger);
  onTestFinished(() => watch.stop());
  return { watch, lines };
}

describe("the watch over the event loop", () => {
  it("is one for all servers: each knows the delay, one of them tells of it, with what all of them run", async () => {
    const watches = [aWatch("one"), aWatch("two"), aWatch("three")];
    for (const { watch } of watches) watch.start();
    expect(watches.map(({ watch }) => watch.lately)).toEqual([0, 0, 0]);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_700);
    await expect
      .poll(() => watches.flatMap(({ lines }) => lines), { timeout: 5_000 })
      .toMatchObject([{ loopDelayMs: expect.toSatisfy((ms: number) => ms >= 1_000), types: ["one", "two", "three"] }]);
    const [first, second] = watches;
    const delay = second?.watch.lately ?? 0;
    expect(delay).toBeGreaterThanOrEqual(1_000);
    first?.watch.stop();
    expect(first?.watch.lately).toBe(delay);
    expect(second?.watch.lately).toBe(delay);
  });

  it("knows nothing before it starts, and begins anew where nobody watched", async () => {
    const { watch } = aWatch("one");
    expect(watch.lately).toBeUndefined();
    watch.start();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 700);
    await expect.poll(() => watch.lately).toBeGreaterThan(0);
    watch.stop();
    const { watch: next } = aWatch("two");
    next.start();
    expect(next.lately).toBe(0);
  });
});
