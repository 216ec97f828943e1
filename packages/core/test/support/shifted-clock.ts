import type { Clock, Timer } from "../../src/runtime/clock.ts";

/** A clock whose wall time can be set wrong, and right again, while its monotonic time and timers go on. */
export class ShiftedClock implements Clock {
  aheadMs = 0;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now() + this.aheadMs;
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    return this.#clock.setTimer(callback, delayMs);
  }
}
