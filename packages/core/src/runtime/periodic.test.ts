import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { silentLogger } from "./logger.ts";
import { Periodic } from "./periodic.ts";

function setup(runOnce: () => Promise<number | undefined>) {
  const clock = new FakeClock();
  const startedAt = clock.monotonic();
  const runs: number[] = [];
  const role = {
    name: "test",
    runOnce: () => {
      runs.push(clock.monotonic() - startedAt);
      return runOnce();
    },
  };
  const periodic = new Periodic({
    role,
    everyMs: 1_000,
    clock,
    random: () => 0.5,
    logger: silentLogger,
    isReachable: () => true,
  });
  const advance = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await turn();
  };
  return { clock, runs, periodic, advance };
}

describe("a periodic role", () => {
  it("runs after its period, measured from the end of a run", async () => {
    const { runs, periodic, advance } = setup(async () => undefined);
    periodic.wake();
    await advance(0);
    await advance(999);
    expect(runs).toEqual([0]);
    await advance(1);
    expect(runs).toEqual([0, 1_000]);
    await periodic.stop();
  });

  it("runs when it wants to, and sooner when woken", async () => {
    const { runs, periodic, advance } = setup(async () => 300);
    periodic.wake();
    await advance(0);
    await advance(300);
    periodic.wake(100);
    periodic.wake(200);
    await advance(100);
    expect(runs).toEqual([0, 300, 400]);
    await periodic.stop();
  });

  it("runs again at once when woken during a run", async () => {
    const held = Promise.withResolvers<undefined>();
    const { runs, periodic, advance } = setup(() => held.promise);
    periodic.wake();
    await advance(0);
    periodic.wake();
    held.resolve(undefined);
    await turn();
    await advance(0);
    expect(runs).toHaveLength(2);
    await periodic.stop();
  });

  it("pauses longer and longer while it fails", async () => {
    const { runs, periodic, advance } = setup(async () => {
      throw new Error("store away");
    });
    periodic.wake();
    await advance(0);
    for (let step = 0; step < 1_000; step++) await advance(5);
    const pauses = runs.slice(1).map((at, index) => at - (runs[index] ?? 0));
    for (const [index, full] of [50, 100, 200, 400, 800, 1_000, 1_000].entries()) {
      expect(pauses[index]).toBeGreaterThanOrEqual(full / 2);
      expect(pauses[index]).toBeLessThanOrEqual(full);
    }
    await periodic.stop();
  });

  it("keeps to its pause when it is woken while it fails, or in the pause, and runs at once only for a retry", async () => {
    const { runs, periodic, advance } = setup(async () => {
      periodic.wake();
      throw new Error("refused");
    });
    periodic.wake();
    for (let step = 0; step < 400; step++) {
      await advance(5);
      periodic.wake();
    }
    expect(runs.length).toBeLessThan(10);
    const before = runs.length;
    await advance(1);
    periodic.retry();
    await advance(0);
    expect(runs).toHaveLength(before + 1);
    await periodic.stop();
  });

  it("leaves no timer and starts no run after its stop, which waits for the run under way", async () => {
    const held = Promise.withResolvers<undefined>();
    const { clock, runs, periodic, advance } = setup(() => held.promise);
    periodic.wake();
    await advance(0);
    let stopped = false;
    const stopping = periodic.stop().then(() => {
      stopped = true;
    });
    await turn();
    expect(stopped).toBe(false);
    held.resolve(undefined);
    await stopping;
    periodic.wake();
    await advance(5_000);
    expect(runs).toHaveLength(1);
    expect(clock.timers).toBe(0);
  });

  describe("in step with others", () => {
    function setup(runOnce: () => Promise<number | undefined> = async () => undefined) {
      const clock = new FakeClock();
      const inStepWith = new Set<Periodic>();
      const runs: string[] = [];
      const periodic = (name: string, random = 0.5): Periodic => {
        const role = {
          name,
          runOnce: () => {
            runs.push(name);
            return runOnce();
          },
        };
        const base = { clock, random: () => random, logger: silentLogger, isReachable: () => true };
        return new Periodic({ ...base, role, everyMs: 1_000, inStepWith });
      };
      const advance = async (ms: number): Promise<void> => {
        clock.advance(ms);
        await turn();
      };
      return { inStepWith, runs, periodic, advance };
    }

    it("runs when the first of them is due, and none of them again at its own time", async () => {
      const { runs, periodic, advance } = setup();
      const [early, late] = [periodic("early", 0), periodic("late", 0.99)];
      for (const each of [late, early]) each.wake();
      await advance(0);
      await advance(899);
      expect(runs.splice(0)).toHaveLength(2);
      await advance(1);
      expect(runs.splice(0)).toEqual(["early", "late"]);
      await advance(400);
      expect(runs).toEqual([]);
      await advance(500);
      expect(runs).toEqual(["early", "late"]);
      await Promise.all([early.stop(), late.stop()]);
    });

    it("leaves alone those that have run a short while ago, that run now, or that have ended", async () => {
      const held = Promise.withResolvers<undefined>();
      const { inStepWith, runs, periodic, advance } = setup(() => held.promise);
      const [one, other, ended] = [periodic("one"), periodic("other"), periodic("ended")];
      one.wake();
      await advance(0);
      for (const each of [other, ended]) each.wake(10);
      const stopped = ended.stop();
      await advance(10);
      expect(runs).toEqual(["one", "other"]);
      held.resolve(undefined);
      await turn();
      one.wake(500);
      await advance(500);
      expect(runs).toEqual(["one", "other", "one"]);
      await Promise.all([one.stop(), other.stop(), stopped]);
      expect(inStepWith.size).toBe(0);
    });

    it("keeps the pause after a failure of its own", async () => {
      const { runs, periodic, advance } = setup(() => Promise.reject(new Error("away")));
      const [failing, other] = [periodic("failing"), periodic("other")];
      failing.wake();
      await advance(0);
      other.wake();
      await advance(0);
      expect(runs).toEqual(["failing", "other"]);
      await Promise.all([failing.stop(), other.stop()]);
    });
  });
});
