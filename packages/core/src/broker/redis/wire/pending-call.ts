import { HikyakuError } from "../../../errors.ts";
import type { CallDeadlines, TimedCall } from "./call-deadlines.ts";
import { RedisRefusal, type Reply } from "./link.ts";
import type { Answer, Wire } from "./wire.ts";

/** A timer that fires later than this shows that the event loop was blocked. */
const lateTimerMs = 100;

/** What a call needs from its connection. */
export interface CallHost {
  readonly deadlines: CallDeadlines;
  location(): string;
  /** A call is unanswered, and the server has said nothing for so long. */
  silent(wire: Wire, silentMs: number): void;
  refused(refusal: RedisRefusal, wire: Wire): void;
  /** What it means to the caller that the wire ended before the answer. */
  explained(error: Error): HikyakuError;
}

/** How long a call may take. In milliseconds. */
export interface CallLimits {
  readonly timeoutMs: number;
  /** For how long the server may say nothing while the call is unanswered. At least `timeoutMs`. */
  readonly silenceMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * A call on its way. It ends with its reply, its deadline, its caller's signal or the wire, whichever comes first.
 *
 * Others share the wire, so a caller that gives up leaves its call behind: the answer is read and thrown away when it
 * comes. Only when the server has been silent for longer than the connection allows is the wire given up.
 */
export class PendingCall implements Answer, TimedCall {
  readonly #host: CallHost;
  readonly #wire: Wire;
  readonly #limits: CallLimits;
  readonly #sentAt = performance.now();
  /** The caller, until it knows how the call ended. */
  #resolve: ((reply: Reply) => void) | undefined;
  #reject: ((error: Error) => void) | undefined;
  #onAbort: (() => void) | undefined;
  #waitedOn = false;
  deadline: number;

  constructor(
    host: CallHost,
    wire: Wire,
    limits: CallLimits,
    resolve: (reply: Reply) => void,
    reject: (error: Error) => void,
  ) {
    this.#host = host;
    this.#wire = wire;
    this.#limits = limits;
    this.#resolve = resolve;
    this.#reject = reject;
    const { signal, timeoutMs } = limits;
    this.deadline = this.#sentAt + timeoutMs;
    host.deadlines.add(this);
    if (signal === undefined) return;
    this.#onAbort = () => {
      if (this.#wire.withdraw(this)) this.failed(cancelled(signal, "before the call was sent"));
      else this.#leave(cancelled(signal, "after the call was sent; it may have been carried out"));
    };
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  replied(reply: Reply): void {
    this.#host.deadlines.remove(this);
    const resolve = this.#resolve;
    this.#forgetCaller();
    resolve?.(reply);
  }

  failed(error: Error): void {
    this.#host.deadlines.remove(this);
    if (error instanceof RedisRefusal) this.#host.refused(error, this.#wire);
    const isKnown = error instanceof RedisRefusal || error instanceof HikyakuError;
    const reject = this.#reject;
    this.#forgetCaller();
    reject?.(isKnown ? error : this.#host.explained(error));
  }

  timeIsOver(now: number): void {
    // So late a timer means that the event loop was blocked. The answer may be there and only wait to be read.
    if (!this.#waitedOn && now - this.deadline > lateTimerMs) {
      this.#waitedOn = true;
      this.deadline = now + lateTimerMs;
      return;
    }
    this.#waitedOn = false;
    if (this.#reject !== undefined && this.#hasRunOut()) return;
    const silentSince = Math.max(this.#sentAt, this.#wire.heardAt);
    this.deadline = silentSince + this.#limits.silenceMs;
    if (this.deadline > now) return;
    this.#host.deadlines.remove(this);
    this.#host.silent(this.#wire, this.#limits.silenceMs);
  }

  /** The caller's time is over. Returns whether the call was still here, so that nothing is left of it. */
  #hasRunOut(): boolean {
    const { timeoutMs } = this.#limits;
    const isUnsent = this.#wire.withdraw(this);
    if (isUnsent) this.failed(unsent(this.#host.location(), timeoutMs));
    else this.#leave(unanswered(this.#host.location(), timeoutMs));
    return isUnsent;
  }

  /** Tells the caller why it gets no answer. The wire still owes it. */
  #leave(error: HikyakuError): void {
    const reject = this.#reject;
    this.#forgetCaller();
    reject?.(error);
    this.deadline = Math.max(this.deadline, this.#sentAt + this.#limits.silenceMs);
  }

  #forgetCaller(): void {
    if (this.#onAbort !== undefined) this.#limits.signal?.removeEventListener("abort", this.#onAbort);
    this.#onAbort = undefined;
    this.#resolve = undefined;
    this.#reject = undefined;
  }
}

export function cancelled(signal: AbortSignal | undefined, when: string): HikyakuError {
  return new HikyakuError("cancelled", `the caller gave up ${when}`, { cause: signal?.reason });
}

function unanswered(location: string, timeoutMs: number): HikyakuError {
  const text = `Redis at ${location} gave no answer within ${Math.ceil(timeoutMs)} ms; the call may have been carried out`;
  return new HikyakuError("deadline_exceeded", text);
}

function unsent(location: string, timeoutMs: number): HikyakuError {
  const text = `Redis at ${location} did not take the call within ${Math.ceil(timeoutMs)} ms; it was not sent`;
  return new HikyakuError("broker_unavailable", text);
}
