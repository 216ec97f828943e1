import type { AttemptServer, ClaimedTask, Outcome, Settlement } from "../../broker/work-facet.ts";
import { cutText, longestShownError } from "../../cut-text.ts";
import type { HikyakuError } from "../../errors.ts";
import type { Clock } from "../../runtime/clock.ts";
import { defaultTimeoutMs } from "../../task/task-options.ts";
import { type AbortKind, abortReason, isTakenAway } from "./abort-cause.ts";
import { errorStack } from "./error-stack.ts";
import type { HeldEntry } from "./lease-table.ts";
import type { PendingReport } from "./pending-report.ts";

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
 * One task that this server holds: from its claim until the store has answered its settlement. Its handler may end
 * earlier (the settlement is still on its way) or later (it ignores its signal).
 */
export class HeldTask {
  readonly claimed: ClaimedTask;
  /** When the claim's lease ends, monotonic time. */
  readonly leaseEnd: number;
  #startedAt = 0;
  #deadlineAt = 0;
  #deadline = 0;
  readonly #graceMs: number;
  readonly #clock: Clock;
  #controller: AbortController | undefined;
  #abort: { readonly kind: AbortKind; readonly reason: HikyakuError } | undefined;
  #graceEnd = forEver;
  /** Its entry in the table of leases. Undefined when the task is not held. */
  entry: HeldEntry | undefined;
  /** Set as soon as the task's outcome is decided. */
  settlement: Settlement | undefined;
  /** What its handler said of it and the store may not have. Undefined while it has said nothing. */
  pendingReport: PendingReport | undefined;
  /** Beginning of the text of the handler's error. Undefined while the handler has thrown nothing. */
  failure: string | undefined;
  /** What its handler got. Undefined while no handler got it. */
  parsed: { readonly payload: unknown } | undefined;
  /** Whether its attempt was reported as failed. That is reported once. */
  isReported = false;
  /** Whether the handler has ended, or never began. */
  returned = false;
  /** Whether its handler waits to begin because the task must not run beside so many others. */
  waits = false;
  /** How many tasks may run in this process during its attempt, itself included. Undefined when no attempt goes on. */
  company: number | undefined;
  /** Whether the store knows that it runs alone. */
  isNotedAlone = false;
  /** Whether it counts against the server's concurrency. */
  holdsSlot = true;
  /** Whether the store said that somebody else holds or settled the task. */
  lost = false;

  /**
   * `claimedAt` is the monotonic time before the claim was sent: the lease can't have begun earlier. `moment` is now.
   */
  constructor(claimed: ClaimedTask, clock: Clock, moment: Moment, claimedAt: number, leaseMs: number, graceMs: number) {
    this.claimed = claimed;
    this.#clock = clock;
    this.#graceMs = graceMs;
    this.leaseEnd = claimedAt + leaseMs;
    this.begin(moment);
  }

  /**
   * Decides the task's outcome. Keeps the record of this attempt: who ran it, the beginning of its error, and the stack
   * of what was thrown. What the handler said last goes with it.
   */
  settle(outcome: Outcome, server: AttemptServer, endedAt: number, thrown?: { readonly error: unknown }): void {
    const error = "error" in outcome ? errorOf(outcome.error, thrown) : undefined;
    const attempt = { ...server, startedAt: this.startedAt, endedAt, outcome: outcome.kind, ...error };
    const survived = this.claimed.lostAttempts > 0 && outcome.kind === "retry" ? { survived: true } : undefined;
    const report = outcome.kind === "done" ? undefined : this.#lastReport();
    this.settlement = { task: this.claimed, outcome, attempt, ...survived, ...report };
  }

  #lastReport(): Pick<Settlement, "report"> | undefined {
    if (this.pendingReport === undefined || this.pendingReport.isEmpty) return undefined;
    return { report: this.pendingReport.report() };
  }

  /** Starts its time. Called again when handlers of the same claim kept it waiting. */
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

  /** The end of this attempt, wall time. A task without a timeout and a deadline gets the default timeout. */
  get deadlineAt(): number {
    return this.#deadlineAt;
  }

  /** The monotonic time at which its attempt's deadline and grace are over. */
  get holdUntil(): number {
    return this.#deadline + this.#graceMs;
  }

  /** Fires on deadline, cancel, eviction, lost lease and shutdown. Made only when a handler looks at it. */
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
   * Asks the handler to stop. The first cause counts, with two exceptions. A lost lease or an eviction replaces any
   * other cause. A cancel replaces any cause but these two: a cancelled task must not run again because its time ran
   * out first.
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

  /** Whether its deadline had passed when it began. */
  isExpired(): boolean {
    return this.deadlineAt <= this.startedAt;
  }

  /** The monotonic time of the next step if the handler is still running: its deadline, then the end of its grace. */
  nextMoment(): number {
    if (this.returned || this.settlement !== undefined) return forEver;
    return this.#abort === undefined ? this.#deadline : this.#graceEnd;
  }
}

function errorOf(text: string, thrown: { readonly error: unknown } | undefined): { error: string; stack?: string } {
  const error = cutText(text, longestShownError);
  const stack = thrown === undefined ? undefined : errorStack(thrown.error);
  return stack === undefined ? { error } : { error, stack };
}
