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

/**
 * Measures how long handlers block the event loop, and warns when it is more than a second: no signal reaches a handler
 * meanwhile, and nothing else runs. All servers of a process share one loop. So it is measured once, and one server
 * warns for all.
 */
export class LoopWatch {
  readonly #watcher: Watcher;
  #lately: number | undefined;

  constructor(held: Iterable<HeldTask>, logger: Logger) {
    this.#watcher = { held, logger };
  }

  start(): void {
    loopOfProcess.add(this.#watcher);
  }

  stop(): void {
    this.#lately = this.lately;
    loopOfProcess.delete(this.#watcher);
  }

  /**
   * The longest delay of the last five to ten seconds, in milliseconds. Undefined before `start`, unchanged after
   * `stop`.
   */
  get lately(): number | undefined {
    return loopOfProcess.has(this.#watcher) ? loopOfProcess.lately : this.#lately;
  }
}

interface Watcher {
  readonly held: Iterable<HeldTask>;
  readonly logger: Logger;
}

/** Always in the machine's own time, because a loop is blocked in no other. Costs nothing while nobody watches. */
class ProcessLoop {
  readonly #watchers = new Set<Watcher>();
  /** Made for the first watcher and then kept, because it takes half a megabyte. */
  #histogram: ReturnType<typeof monitorEventLoopDelay> | undefined;
  #timer: Timer | undefined;
  #dueAt = 0;
  #longestMs = 0;
  #longestBeforeMs = 0;
  #periodEndsAt = 0;
  #unsaidMs = 0;
  #saidAt = Number.NEGATIVE_INFINITY;
  readonly #unsaidTypes = new Set<string>();

  has(watcher: Watcher): boolean {
    return this.#watchers.has(watcher);
  }

  add(watcher: Watcher): void {
    this.#watchers.add(watcher);
    if (this.#watchers.size > 1) return;
    this.#histogram ??= monitorEventLoopDelay({ resolution: resolutionMs });
    this.#histogram.reset();
    this.#histogram.enable();
    this.#saidAt = Number.NEGATIVE_INFINITY;
    this.#longestMs = 0;
    this.#longestBeforeMs = 0;
    this.#periodEndsAt = systemClock.monotonic() + periodMs;
    this.#setTimer();
  }

  delete(watcher: Watcher): void {
    if (!this.#watchers.delete(watcher) || this.#watchers.size > 0) return;
    this.#timer?.cancel();
    this.#histogram?.disable();
  }

  get lately(): number {
    return Math.round(Math.max(this.#longest(), this.#longestBeforeMs));
  }

  #longest(): number {
    return Math.max(0, (this.#histogram?.max ?? 0) / 1e6 - resolutionMs, this.#longestMs);
  }

  #setTimer(): void {
    this.#dueAt = systemClock.monotonic() + lookEveryMs;
    this.#timer = systemClock.setTimer(() => this.#look(), lookEveryMs);
  }

  #look(): void {
    // A late timer runs before everything else that waited for the loop, so the task that blocked it is still held.
    const now = systemClock.monotonic();
    const lateMs = now - this.#dueAt;
    if (now >= this.#periodEndsAt) {
      this.#longestBeforeMs = this.#longest();
      this.#longestMs = 0;
      this.#histogram?.reset();
      this.#periodEndsAt = now + periodMs;
    }
    this.#longestMs = Math.max(this.#longestMs, lateMs);
    if (lateMs >= blockedMs) this.#note(lateMs);
    this.#setTimer();
  }

  #note(lateMs: number): void {
    for (const { held } of this.#watchers) {
      for (const { claimed } of held) {
        if (this.#unsaidTypes.size < mostTypes) this.#unsaidTypes.add(claimed.message.type);
      }
    }
    this.#unsaidMs = Math.max(this.#unsaidMs, lateMs);
    const now = systemClock.monotonic();
    if (now - this.#saidAt < repeatAfterMs) return;
    this.#saidAt = now;
    const [first] = this.#watchers;
    first?.logger.warn("the event loop was blocked; run long computations in a worker thread, or in pieces", {
      loopDelayMs: Math.round(this.#unsaidMs),
      types: [...this.#unsaidTypes],
    });
    this.#unsaidMs = 0;
    this.#unsaidTypes.clear();
  }
}

const loopOfProcess = new ProcessLoop();
