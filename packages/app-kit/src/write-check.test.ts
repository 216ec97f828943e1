import { HikyakuError } from "hikyaku";
import type { FailingWrites, WriteHealth } from "hikyaku/broker";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WriteCheck } from "./write-check.ts";

const start = Date.UTC(2026, 0, 1);
const full = new HikyakuError("store_rejected", "the disk is full");

/** A store whose health and probe a test sets. */
class AStore {
  health: WriteHealth = { written: 0, failing: [] };
  refusal: HikyakuError | undefined;
  readonly probes: (readonly string[])[] = [];
  /** What happens while it is probed. */
  meanwhile: () => void = () => undefined;

  writeHealth(): WriteHealth {
    return this.health;
  }

  async probeWrites(queues: readonly string[]): Promise<void> {
    this.probes.push(queues);
    this.meanwhile();
    if (this.refusal !== undefined) throw this.refusal;
  }

  wrote(): void {
    this.health = { ...this.health, written: this.health.written + 1 };
  }

  failed(...failing: Partial<FailingWrites>[]): void {
    const calls: FailingWrites = {
      kind: "enqueue",
      since: Date.now(),
      latest: Date.now(),
      calls: 1,
      reason: "refused",
    };
    this.health = { ...this.health, failing: failing.map((more) => ({ ...calls, ...more })) };
  }
}

describe("whether a store takes what is written", () => {
  beforeEach(() => void vi.useFakeTimers({ now: start, toFake: ["Date", "performance"] }));
  afterEach(() => void vi.useRealTimers());

  function setup() {
    const store = new AStore();
    const check = new WriteCheck(store, ["default"]);
    return { store, ask: () => check.ask(500) };
  }

  it("is asked of the store itself when no call tells, once in three seconds", async () => {
    const { store, ask } = setup();
    expect(await Promise.all([ask(), ask()])).toEqual([undefined, undefined]);
    vi.advanceTimersByTime(2_900);
    await ask();
    expect(store.probes).toEqual([["default"]]);
    vi.advanceTimersByTime(200);
    await ask();
    expect(store.probes).toHaveLength(2);
  });

  it("is known without a probe from calls that wrote since the last look", async () => {
    const { store, ask } = setup();
    await ask();
    for (let look = 0; look < 5; look++) {
      vi.advanceTimersByTime(2_000);
      store.wrote();
      expect(await ask()).toBeUndefined();
    }
    expect(store.probes).toHaveLength(1);
    vi.advanceTimersByTime(60_000);
    store.wrote();
    await ask();
    expect(store.probes).toHaveLength(2);
  });

  it("is an error with the moment of the first refusal, while probes fail, and over as soon as one does not", async () => {
    const { store, ask } = setup();
    store.refusal = full;
    const trouble = { kind: "writes", since: start, reason: "the disk is full" };
    expect(await ask()).toEqual(trouble);
    vi.advanceTimersByTime(900);
    expect(await ask()).toEqual(trouble);
    expect(store.probes).toHaveLength(1);
    vi.advanceTimersByTime(5_000);
    expect(await ask()).toEqual(trouble);
    store.refusal = undefined;
    vi.advanceTimersByTime(1_100);
    expect(await ask()).toBeUndefined();
  });

  it("is an error since the first call that failed, where there was one before the probe", async () => {
    const { store, ask } = setup();
    store.failed({ since: start - 7_000 });
    store.refusal = full;
    expect(await ask()).toMatchObject({ kind: "writes", since: start - 7_000 });
  });

  it("is asked anew at once when a call fails after a good probe", async () => {
    const { store, ask } = setup();
    await ask();
    store.failed({});
    store.refusal = full;
    expect(await ask()).toMatchObject({ kind: "writes" });
  });

  it("is not in doubt for a few calls that fail for their own sake, and a warning when they go on", async () => {
    const { store, ask } = setup();
    store.failed({ calls: 4 });
    vi.advanceTimersByTime(60_000);
    expect(await ask()).toBeUndefined();
    store.failed({ calls: 5, since: Date.now() - 9_000 });
    expect(await ask()).toBeUndefined();
    store.failed({ calls: 6, since: Date.now() - 10_000, reason: "not acknowledged" });
    expect(await ask()).toMatchObject({ kind: "calls", calls: { calls: 6, reason: "not acknowledged" } });
  });

  it("is not in doubt after many calls failed within a moment, however long ago, nor once none fails any more", async () => {
    const { store, ask } = setup();
    store.failed({ calls: 60, since: start, latest: start + 1_800 });
    for (let second = 0; second < 64; second += 4) {
      vi.advanceTimersByTime(4_000);
      expect(await ask()).toBeUndefined();
    }
    store.failed({ calls: 60, since: Date.now() - 20_000 });
    expect(await ask()).toMatchObject({ kind: "calls" });
    vi.advanceTimersByTime(15_001);
    expect(await ask()).toBeUndefined();
  });

  it("is not in doubt where the probe is late and other calls wrote meanwhile", async () => {
    const { store, ask } = setup();
    store.refusal = new HikyakuError("deadline_exceeded", "no answer");
    store.meanwhile = () => store.wrote();
    expect(await ask()).toBeUndefined();
    store.meanwhile = () => undefined;
    vi.advanceTimersByTime(60_000);
    expect(await ask()).toMatchObject({ kind: "writes", reason: "no answer" });
  });

  it("is asked for many queues in turns", async () => {
    const store = new AStore();
    const queues = Array.from({ length: 50 }, (_, index) => `queue-${index}`);
    const check = new WriteCheck(store, queues);
    for (let turn = 0; turn < 2; turn++) {
      await check.ask(500);
      vi.advanceTimersByTime(60_000);
    }
    expect(store.probes.map(({ length }) => length)).toEqual([32, 32]);
    expect(new Set(store.probes.flat()).size).toBe(50);
  });
});
