import { monitorEventLoopDelay } from "node:perf_hooks";
import { systemClock, type Timer } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { HeldTask } from "../leases/held-task.ts";

const resolutionMs = 100;
const lookEveryMs = 500;
const blockedMs = 1_000;
const repeatAfterMs = 10_000;
const periodMs = 5_000;
const mostTypes = 10;

type Histogram = ReturnType<typeof monitorEventLoopDelay>;

/**
 * Measures how long the event loop is kept from turning, and says so when handlers keep it for more than a second: no
 * signal reaches them meanwhile, and nothing else runs. Always in the machine's own time: a loop can't be blocked in any
 * other.
 */
export class LoopWatch {
  readonly #held: Iterable<HeldTask>;
  readonly #logger: Logger;
  #histogram: Histogram | undefined;
  #timer: Timer | undefined;
  #dueAt = 0;
  #longestMs = 0;
  #longestBeforeMs = 0;
  #periodEndsAt = 0;
  #unsaidMs = 0;
  #saidAt = Number.NEGATIVE_INFINITY;
  readonly #unsaidTypes = new Set<string>();

  constructor(held: Iterable<HeldTask>, logger: Logger) {
    this.#held = held;
    this.#logger = logger;
  }

  start(): void {
    this.#histogram = monitorEventLoopDelay({ resolution: resolutionMs });
    this.#histogram.enable();
    this.#periodEndsAt = systemClock.monotonic() + periodMs;
    this.#setTimer();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#histogram?.disable();
  }

  /** The longest delay of the last five to ten seconds, in milliseconds; undefined before `start`. */
  get lately(): number | undefined {
    if (this.#histogram === undefined) return undefined;
    return Math.round(Math.max(this.#longest(this.#histogram), this.#longestBeforeMs));
  }

  #longest(histogram: Histogram): number {
    return Math.max(0, histogram.max / 1e6 - resolutionMs, this.#longestMs);
  }

  #setTimer(): void {
    this.#dueAt = systemClock.monotonic() + lookEveryMs;
    this.#timer = systemClock.setTimer(() => this.#look(), lookEveryMs);
  }

  #look(): void {
    // Late timers come before anything that was waiting for the loop, so who blocked it is still held.
    const now = systemClock.monotonic();
    const lateMs = now - this.#dueAt;
    if (now >= this.#periodEndsAt && this.#histogram !== undefined) {
      this.#longestBeforeMs = this.#longest(this.#histogram);
      this.#longestMs = 0;
      this.#histogram.reset();
      this.#periodEndsAt = now + periodMs;
    }
    this.#longestMs = Math.max(this.#longestMs, lateMs);
    if (lateMs >= blockedMs) this.#note(lateMs);
    this.#setTimer();
  }

  #note(lateMs: number): void {
    for (const { claimed } of this.#held) {
      if (this.#unsaidTypes.size < mostTypes) this.#unsaidTypes.add(claimed.message.type);
    }
    this.#unsaidMs = Math.max(this.#unsaidMs, lateMs);
    const now = systemClock.monotonic();
    if (now - this.#saidAt < repeatAfterMs) return;
    this.#saidAt = now;
    this.#logger.warn("the event loop was blocked; run long computations in a worker thread, or in pieces", {
      ...{ loopDelayMs: Math.round(this.#unsaidMs), types: [...this.#unsaidTypes] },
    });
    this.#unsaidMs = 0;
    this.#unsaidTypes.clear();
  }
}
