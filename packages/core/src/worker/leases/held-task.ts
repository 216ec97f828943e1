import type { AttemptServer, ClaimedTask, Outcome, Settlement } from "../../broker/work-facet.ts";
import { cutText, longestShownError } from "../../cut-text.ts";
import type { HikyakuError } from "../../errors.ts";
import type { Clock } from "../../runtime/clock.ts";
import { defaultTimeoutMs } from "../../task/task-options.ts";
import { type AbortKind, abortReason, isTakenAway } from "./abort-cause.ts";
import type { HeldEntry } from "./lease-table.ts";

/** One moment, as both clocks tell it. */
export interface Moment {
  readonly now: number;
  readonly monotonic: number;
}

export function momentOf(clock: Clock): Moment {
  return { now: clock.now(), monotonic: clock.monotonic() };
}

const forEver = Number.POSITIVE_INFINITY;

/**
 * One task that this server holds: from its claim until the store has answered what became of it. Its handler may end
 * earlier (the settlement is still on its way) or later (it ignores its signal).
 */
export class HeldTask {
  readonly claimed: ClaimedTask;
  /** When the lease ends that the claim gave, monotonic time. */
  readonly leaseEnd: number;
  #startedAt = 0;
  #deadlineAt = 0;
  #deadline = 0;
  readonly #graceMs: number;
  readonly #clock: Clock;
  #controller: AbortController | undefined;
  #abort: { readonly kind: AbortKind; readonly reason: HikyakuError } | undefined;
  #graceEnd = forEver;
  /** Where its lease lies in the table of leases; undefined when it is not held. */
  entry: HeldEntry | undefined;
  /** Set as soon as it is decided what should become of the task. */
  settlement: Settlement | undefined;
  /** Beginning of the text of what its handler threw; undefined where it threw nothing yet. */
  failure: string | undefined;
  /** What its handler got; undefined where none got it yet. */
  parsed: { readonly payload: unknown } | undefined;
  /** Whether its attempt was told to be a failed one: that is said once. */
  isReported = false;
  /** Whether the handler has ended, or never began. */
  returned = false;
  /** Whether it has not begun yet, because it must not run beside so many others. */
  waits = false;
  /** While its attempt goes on: how many tasks may run in this process meanwhile, itself included. */
  company: number | undefined;
  /** Whether the store knows that it runs alone. */
  isNotedAlone = false;
  /** Whether it counts against the server's concurrency. */
  holdsSlot = true;
  /** Whether the store said that somebody else holds the task or settled it. */
  lost = false;

  /**
   * `claimedAt` is the monotonic time before the claim was sent: the lease can't have begun earlier. `moment` is now, on both
   * clocks.
   */
  constructor(claimed: ClaimedTask, clock: Clock, moment: Moment, claimedAt: number, leaseMs: number, graceMs: number) {
    this.claimed = claimed;
    this.#clock = clock;
    this.#graceMs = graceMs;
    this.leaseEnd = claimedAt + leaseMs;
    this.begin(moment);
  }

  /** Decides what should become of the task, and keeps who ran this attempt of it, with the beginning of its error. */
  settle(outcome: Outcome, server: AttemptServer, endedAt: number): void {
    const error = "error" in outcome ? { error: cutText(outcome.error, longestShownError) } : undefined;
    const attempt = { ...server, startedAt: this.startedAt, endedAt, outcome: outcome.kind, ...error };
    const survived = this.claimed.lostAttempts > 0 && outcome.kind === "retry" ? { survived: true } : undefined;
    this.settlement = { task: this.claimed, outcome, attempt, ...survived };
  }

  /** Starts its time, anew when handlers of the same claim kept it waiting. */
  begin({ now: startedAt, monotonic }: Moment): void {
    const { timeoutMs, deadlineAt } = this.claimed.message;
    const ownEnd = timeoutMs > 0 ? startedAt + timeoutMs : forEver;
    const unlimited = timeoutMs <= 0 && deadlineAt === undefined;
    this.#startedAt = startedAt;
    this.#deadlineAt = unlimited ? startedAt + defaultTimeoutMs : Math.min(ownEnd, deadlineAt ?? forEver);
    this.#deadline = monotonic + (this.#deadlineAt - startedAt);
  }

  get startedAt(): number {
    return this.#startedAt;
  }

  /** The end of this attempt, wall time. A task that names no limit at all gets the default one. */
  get deadlineAt(): number {
    return this.#deadlineAt;
  }

  /** The monotonic time at which its attempt is over for good. */
  get holdUntil(): number {
    return this.#deadline + this.#graceMs;
  }

  /** Fires on deadline, cancel, lost lease and shutdown. Made only for handlers that look at it. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abort !== undefined) this.#controller.abort(this.#abort.reason);
    }
    return this.#controller.signal;
  }

  get abortKind(): AbortKind | undefined {
    return this.#abort?.kind;
  }

  get abortReason(): HikyakuError | undefined {
    return this.#abort?.reason;
  }

  /**
   * Asks the handler to stop; only the first cause counts, except that a lost lease or an eviction outdoes all others,
   * and a cancel all but those: what somebody wants to be over must not run again because its time ran out first.
   */
  abort(kind: AbortKind): void {
    if (kind === "cancelled" && this.#abort !== undefined) {
      if (!isTakenAway(this.#abort.kind)) this.#abort = { kind, reason: this.#abort.reason };
      return;
    }
    if (isTakenAway(this.#abort?.kind)) return;
    if (isTakenAway(kind)) this.#graceEnd = forEver;
    else if (this.#abort !== undefined) return;
    else this.#graceEnd = this.#clock.monotonic() + this.#graceMs;
    const { type, id } = this.claimed.message;
    this.#abort = { kind, reason: abortReason(kind, type, id) };
    this.#controller?.abort(this.#abort.reason);
  }

  /** Whether its time was over before it began. */
  isExpired(): boolean {
    return this.deadlineAt <= this.startedAt;
  }

  /** The monotonic time at which something must be done if the handler is still running: its deadline, or its grace. */
  nextMoment(): number {
    if (this.returned || this.settlement !== undefined) return forEver;
    return this.#abort === undefined ? this.#deadline : this.#graceEnd;
  }
}
