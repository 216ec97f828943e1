import { systemClock, type Timer } from "../../../runtime/clock.ts";

/** A call that gives up at its deadline. */
export interface TimedCall {
  /** On the clock of `performance.now()`. The call may put it off when it has come. */
  readonly deadline: number;
  /** Called when the deadline has passed, and again if the call has put it off. */
  timeIsOver(now: number): void;
}

/**
 * One timer for the deadlines of all calls of a connection, set for the earliest of them. It stays set when that call
 * is answered. Nearly all calls end long before their deadline: a timer for each would cost more than a look at all of
 * them once in a while. Deadlines are real time, even when a test moves the clock that stamps tasks.
 */
export class CallDeadlines {
  readonly #calls = new Set<TimedCall>();
  #timer: Timer | undefined;
  #firesAt = Number.POSITIVE_INFINITY;
  #closed = false;

  add(call: TimedCall): void {
    if (this.#closed) return;
    this.#calls.add(call);
    if (call.deadline < this.#firesAt) this.#setTimer(call.deadline);
  }

  remove(call: TimedCall): void {
    this.#calls.delete(call);
  }

  /** Cancels the timer, so that it does not keep the process alive. The calls that remain are not called any more. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#calls.clear();
  }

  #setTimer(moment: number): void {
    this.#timer?.cancel();
    this.#firesAt = moment;
    this.#timer = systemClock.setTimer(() => this.#look(), moment - performance.now());
  }

  #look(): void {
    this.#firesAt = Number.POSITIVE_INFINITY;
    const now = performance.now();
    let earliest = Number.POSITIVE_INFINITY;
    for (const call of [...this.#calls]) {
      if (call.deadline <= now) call.timeIsOver(now);
      if (this.#calls.has(call) && call.deadline < earliest) earliest = call.deadline;
    }
    if (earliest < this.#firesAt) this.#setTimer(earliest);
  }
}
