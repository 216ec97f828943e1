import type { Clock, Timer } from "../../runtime/clock.ts";
import type { HeldTask } from "../leases/held-task.ts";

/**
 * One timer for the deadlines of all running tasks. It is set for the earliest one and looks at all of them when it
 * fires. A task that ends in time costs one comparison.
 */
export class DeadlineWatch {
  readonly #clock: Clock;
  readonly #held: Iterable<HeldTask>;
  readonly #onGraceOver: (task: HeldTask) => void;
  #timer: Timer | undefined;
  #firesAt = Number.POSITIVE_INFINITY;

  /** `onGraceOver` is called for a handler that did not stop within its grace. */
  constructor(clock: Clock, held: Iterable<HeldTask>, onGraceOver: (task: HeldTask) => void) {
    this.#clock = clock;
    this.#held = held;
    this.#onGraceOver = onGraceOver;
  }

  /** Makes the timer fire in time for this task. Called when the task starts and when it is aborted. */
  watch(task: HeldTask): void {
    const moment = task.nextMoment();
    if (moment < this.#firesAt) this.#setTimer(moment);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#firesAt = Number.POSITIVE_INFINITY;
  }

  #setTimer(moment: number): void {
    this.#timer?.cancel();
    this.#firesAt = moment;
    this.#timer = this.#clock.setTimer(() => this.#look(), moment - this.#clock.monotonic());
  }

  #look(): void {
    this.stop();
    const now = this.#clock.monotonic();
    let earliest = Number.POSITIVE_INFINITY;
    for (const task of this.#held) {
      if (task.nextMoment() <= now) {
        if (task.abortKind === undefined) task.abort("deadline");
        else this.#onGraceOver(task);
      }
      earliest = Math.min(earliest, task.nextMoment());
    }
    if (earliest < this.#firesAt) this.#setTimer(earliest);
  }
}
