import type { Clock } from "../../runtime/clock.ts";
import type { HeldTask, Moment } from "./held-task.ts";
import { LeaseTable, processMonotonic, type TableEntry } from "./lease-table.ts";

/** All tasks that a server holds. Their leases lie in a table that a thread can read: see `LeaseTable`. */
export class HeldTasks extends Set<HeldTask> {
  readonly table = new LeaseTable();
  readonly #clock: Clock;
  /** What to add to the clock's monotonic time to get the table's. */
  readonly #shiftMs: number;

  constructor(clock: Clock) {
    super();
    this.#clock = clock;
    this.#shiftMs = processMonotonic() - clock.monotonic();
  }

  /** The server's clock, with monotonic times on the table's scale. */
  get tableClock(): Clock {
    const clock = this.#clock;
    return {
      now: () => clock.now(),
      monotonic: () => clock.monotonic() + this.#shiftMs,
      setTimer: (callback, delayMs) => clock.setTimer(callback, delayMs),
    };
  }

  override add(task: HeldTask): this {
    if (task.entry !== undefined) return this;
    task.entry = this.table.add(task.claimed.lease, {
      leaseEnd: task.leaseEnd + this.#shiftMs,
      leaseEndsAt: task.claimed.leaseEndsAt,
      holdUntil: task.holdUntil + this.#shiftMs,
    });
    return super.add(task);
  }

  override delete(task: HeldTask): boolean {
    if (task.entry !== undefined) this.table.remove(task.entry);
    task.entry = undefined;
    return super.delete(task);
  }

  /** Starts the time of a task whose handler is about to run. */
  begin(task: HeldTask, moment: Moment): void {
    task.begin(moment);
    this.#holdUntil(task, task.holdUntil);
  }

  /**
   * Holds for `forMs` more each task that has not begun, and each task that is decided but not written. The server
   * calls it again and again. When the event loop dies, the times of the last call stay.
   */
  holdOn(forMs: number): void {
    const until = this.#clock.monotonic() + forMs;
    for (const task of this) {
      if (task.settlement !== undefined || task.waits) this.#holdUntil(task, Math.max(until, task.holdUntil));
    }
  }

  /** The tokens of the queue's tasks that this server has not let go of. They count even after their leases ended. */
  tokensOf(queue: string): readonly string[] {
    const now = this.#clock.monotonic();
    const tokens = new Set<string>();
    for (const task of this) {
      const isKept = task.settlement !== undefined || task.waits || now < task.holdUntil;
      if (isKept && !task.lost && task.claimed.lease.queue === queue) tokens.add(task.claimed.lease.token);
    }
    return [...tokens];
  }

  /**
   * Whether somebody else may have the task by now. Either the extender of leases says so, or the lease has run out and
   * the extender had no time yet to notice.
   */
  isInDoubt(task: HeldTask, { monotonic }: Moment): boolean {
    const { entry } = task;
    if (entry === undefined || this.table.isInDoubt(entry)) return true;
    return this.table.leaseEnd(entry) <= monotonic + this.#shiftMs;
  }

  find({ slot, state }: TableEntry): HeldTask | undefined {
    for (const task of this) if (task.entry?.slot === slot && task.entry.state === state) return task;
    return undefined;
  }

  #holdUntil(task: HeldTask, moment: number): void {
    if (task.entry !== undefined) this.table.holdUntil(task.entry, moment + this.#shiftMs);
  }
}
