import type { ClaimedTask, Settlement } from "../broker/work-facet.ts";
import type { Clock } from "../clock.ts";
import type { HikyakuError } from "../errors.ts";
import { defaultTimeoutMs } from "../task-options.ts";
import { type AbortKind, abortReason } from "./abort-cause.ts";

const forEver = Number.POSITIVE_INFINITY;

/**
 * One task that this server holds: from its claim until the store has answered what became of it. Its handler may end
 * earlier (the settlement is still on its way) or later (it ignores its signal).
 */
export class HeldTask {
  readonly claimed: ClaimedTask;
  readonly startedAt: number;
  /** The end of this attempt, wall time. A task that names no limit at all gets the default one. */
  readonly deadlineAt: number;
  readonly #deadline: number;
  readonly #graceMs: number;
  readonly #clock: Clock;
  #leaseEndsAt: number;
  #leaseEnd: number;
  #controller: AbortController | undefined;
  #abort: { readonly kind: AbortKind; readonly reason: HikyakuError } | undefined;
  #graceEnd = forEver;
  /** Set as soon as it is decided what should become of the task. */
  settlement: Settlement | undefined;
  /** Whether the handler has ended, or never began. */
  returned = false;
  /** Whether it counts against the server's concurrency. */
  holdsSlot = true;
  /** Whether the store said that somebody else holds the task or settled it. */
  lost = false;

  /** `claimedAt` is the monotonic time before the claim was sent: the lease can't have begun earlier. */
  constructor(claimed: ClaimedTask, clock: Clock, claimedAt: number, leaseMs: number, graceMs: number) {
    this.claimed = claimed;
    this.#clock = clock;
    this.#graceMs = graceMs;
    this.startedAt = clock.now();
    const { timeoutMs, deadlineAt } = claimed.message;
    const ownEnd = timeoutMs > 0 ? this.startedAt + timeoutMs : forEver;
    const unlimited = timeoutMs <= 0 && deadlineAt === undefined;
    this.deadlineAt = unlimited ? this.startedAt + defaultTimeoutMs : Math.min(ownEnd, deadlineAt ?? forEver);
    this.#deadline = clock.monotonic() + (this.deadlineAt - this.startedAt);
    this.#leaseEndsAt = claimed.leaseEndsAt;
    this.#leaseEnd = claimedAt + leaseMs;
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

  /** Asks the handler to stop; only the first cause counts, except that a lost lease outdoes all others. */
  abort(kind: AbortKind): void {
    if (kind === "lease_lost") this.#graceEnd = forEver;
    else if (this.#abort !== undefined) return;
    else this.#graceEnd = this.#clock.monotonic() + this.#graceMs;
    const { type, id } = this.claimed.message;
    this.#abort = { kind, reason: abortReason(kind, type, id) };
    this.#controller?.abort(this.#abort.reason);
  }

  /** The lease was extended by a call that was sent at monotonic time `sentAt`, wall time included. */
  leaseExtended(endsAt: number, sentAt: number, leaseMs: number): void {
    this.#leaseEndsAt = endsAt;
    this.#leaseEnd = sentAt + leaseMs;
  }

  /** Whether the lease has ended as far as this process can tell: by either clock, as one may have stood still. */
  leaseIsOver(): boolean {
    return this.#clock.monotonic() >= this.#leaseEnd || this.#clock.now() >= this.#leaseEndsAt;
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
