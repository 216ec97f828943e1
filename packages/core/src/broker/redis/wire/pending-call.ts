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
  /** A call ran out of time, and the server said nothing since it was sent. */
  silent(wire: Wire, timeoutMs: number): void;
  refused(refusal: RedisRefusal, wire: Wire): void;
  /** What it means to the caller that the wire ended before the answer. */
  explained(error: Error): HikyakuError;
}

/** A call on its way. It ends with its reply, its deadline, its caller's signal or the wire, whichever comes first. */
export class PendingCall implements Answer, TimedCall {
  readonly #host: CallHost;
  readonly #wire: Wire;
  readonly #timeoutMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #resolve: (reply: Reply) => void;
  readonly #reject: (error: Error) => void;
  readonly #onAbort: (() => void) | undefined;
  readonly #sentAt = performance.now();
  #waitedOn = false;
  deadline: number;

  constructor(
    host: CallHost,
    wire: Wire,
    timeoutMs: number,
    signal: AbortSignal | undefined,
    resolve: (reply: Reply) => void,
    reject: (error: Error) => void,
  ) {
    this.#host = host;
    this.#wire = wire;
    this.#timeoutMs = timeoutMs;
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
    this.deadline = this.#sentAt + timeoutMs;
    host.deadlines.add(this);
    if (signal === undefined) return;
    this.#onAbort = () => {
      this.#settled();
      reject(cancelled(signal, "after the call was sent; it may have been carried out"));
    };
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  replied(reply: Reply): void {
    this.#settled();
    this.#resolve(reply);
  }

  failed(error: Error): void {
    this.#settled();
    if (error instanceof RedisRefusal) this.#host.refused(error, this.#wire);
    this.#reject(error instanceof RedisRefusal ? error : this.#host.explained(error));
  }

  timeIsOver(now: number): void {
    // So late a timer means that the event loop was blocked. The answer may be there and only wait to be read.
    if (!this.#waitedOn && now - this.deadline > lateTimerMs) {
      this.#waitedOn = true;
      this.deadline = now + lateTimerMs;
      return;
    }
    this.#settled();
    if (this.#wire.heardAt < this.#sentAt) this.#host.silent(this.#wire, this.#timeoutMs);
    this.#reject(
      new HikyakuError(
        "deadline_exceeded",
        `Redis at ${this.#host.location()} gave no answer within ${this.#timeoutMs} ms; the call may have been carried out`,
      ),
    );
  }

  #settled(): void {
    this.#host.deadlines.remove(this);
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener("abort", this.#onAbort);
  }
}

export function cancelled(signal: AbortSignal | undefined, when: string): HikyakuError {
  return new HikyakuError("cancelled", `the caller gave up ${when}`, { cause: signal?.reason });
}
