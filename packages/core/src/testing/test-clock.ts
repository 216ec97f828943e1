import { type Duration, durationMs } from "../duration.ts";
import { HikyakuError } from "../errors.ts";
import type { Clock, Timer } from "../runtime/clock.ts";

interface WaitingTimer {
  readonly firesAt: number;
  readonly callback: () => void;
  readonly background: boolean;
}

/**
 * Time that stands still until a test moves it. By default it starts today at noon and a quarter of a second (UTC). So
 * no test crosses midnight by accident, and none passes with whole seconds alone.
 */
export class TestClock implements Clock {
  /**
   * The same time, for machinery that looks at it now and then. Its timers fire where time comes to a stop, even if
   * that is far past their moment. So a year of housekeeping costs one look. `nextTimerAt` leaves them out.
   */
  readonly background: Clock;
  readonly #timers = new Set<WaitingTimer>();
  readonly #startedAt: number;
  #now: number;

  constructor(startsAt: number | Date = new Date().setUTCHours(12, 0, 0, 250)) {
    const moment = Number(startsAt);
    if (!Number.isFinite(moment)) {
      throw new HikyakuError("invalid_option", `TestClock: expected a valid moment to start at, got ${startsAt}`);
    }
    this.#startedAt = moment;
    this.#now = moment;
    this.background = {
      now: () => this.now(),
      monotonic: () => this.monotonic(),
      setTimer: (callback, delayMs) => this.#set(callback, delayMs, true),
    };
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now - this.#startedAt;
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    return this.#set(callback, delayMs, false);
  }

  /** How many timers are set. */
  get timers(): number {
    return this.#timers.size;
  }

  /** When the next timer is due. Timers of the background count only on request. */
  nextTimerAt({ background = false } = {}): number | undefined {
    const own = this.#next(false)?.firesAt;
    const other = background ? this.#next(true)?.firesAt : undefined;
    return own === undefined || other === undefined ? (own ?? other) : Math.min(own, other);
  }

  /**
   * Moves time on and fires what becomes due on the way, each timer at its own moment. Timers of the background fire at
   * the end. Runs no task.
   */
  advance(by: Duration): void {
    this.#moveTo(this.#now + durationMs("by", by));
  }

  /**
   * Moves time on to a moment, as `advance` does.
   * @throws HikyakuError `invalid_option` when it lies in the past: time never goes back.
   */
  advanceTo(moment: Date | number): void {
    const until = Number(moment);
    if (!(until >= this.#now)) {
      const now = new Date(this.#now).toISOString();
      throw new HikyakuError(
        "invalid_option",
        `advanceTo: expected a moment from ${now} on, got ${shownMoment(until)}`,
      );
    }
    this.#moveTo(until);
  }

  #set(callback: () => void, delayMs: number, background: boolean): Timer {
    const timer: WaitingTimer = { firesAt: this.#now + Math.max(0, delayMs), callback, background };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  #moveTo(until: number): void {
    this.#fire(until, false);
    this.#now = Math.max(this.#now, until);
    this.#fire(this.#now, true);
  }

  #fire(until: number, background: boolean): void {
    for (
      let next = this.#next(background);
      next !== undefined && next.firesAt <= until;
      next = this.#next(background)
    ) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.firesAt);
      next.callback();
    }
  }

  #next(background: boolean): WaitingTimer | undefined {
    let next: WaitingTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.background !== background) continue;
      if (next === undefined || timer.firesAt < next.firesAt) next = timer;
    }
    return next;
  }
}

function shownMoment(moment: number): string {
  return Number.isFinite(moment) ? new Date(moment).toISOString() : "no moment";
}
