import type { Clock, Timer } from "../../src/clock.ts";

interface FakeTimer {
  readonly firesAt: number;
  readonly callback: () => void;
}

/**
 * Time that stands still until a test moves it. Starts today at noon and a quarter of a second (UTC), so that no test
 * crosses midnight by accident and none gets by with whole seconds alone.
 */
export class FakeClock implements Clock {
  readonly #timers = new Set<FakeTimer>();
  readonly #startedAt: number;
  #now: number;

  constructor(startsAt = new Date().setUTCHours(12, 0, 0, 250)) {
    this.#startedAt = startsAt;
    this.#now = startsAt;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now - this.#startedAt;
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const timer: FakeTimer = { firesAt: this.#now + Math.max(0, delayMs), callback };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  /** How many timers are set. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Moves time on and fires what falls due on the way, each timer at its own moment. */
  advance(byMs: number): void {
    const until = this.#now + byMs;
    for (let next = this.#nextTimer(until); next !== undefined; next = this.#nextTimer(until)) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.firesAt);
      next.callback();
    }
    this.#now = until;
  }

  #nextTimer(until: number): FakeTimer | undefined {
    let next: FakeTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.firesAt <= until && (next === undefined || timer.firesAt < next.firesAt)) next = timer;
    }
    return next;
  }
}
