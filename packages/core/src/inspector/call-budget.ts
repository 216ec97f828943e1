import { checkedSignal } from "../abort-signal.ts";
import { type CallOptions, callUntil } from "../broker/call-options.ts";
import { type Duration, durationMs } from "../duration.ts";
import { HikyakuError } from "../errors.ts";
import { refuseUnknownOptions } from "../option-names.ts";
import type { Clock } from "../runtime/clock.ts";

/** How long the caller of an inspector is ready to wait. */
export interface InspectorCallOptions {
  /**
   * Gives up with `cancelled` when it fires. If a change was already sent, the message says that it may have been made.
   */
  readonly signal?: AbortSignal;
  /**
   * Gives up after this time, over all calls to the store that it makes. The code is `broker_unavailable` when surely
   * nothing was written, otherwise `deadline_exceeded`. More than 0. Default: the broker's own limit for each call to
   * the store.
   */
  readonly within?: Duration;
}

const ownNames: ReadonlySet<string> = new Set<keyof InspectorCallOptions>(["signal", "within"]);

/** The time left for one call of an inspector, over all the calls to the store that it makes. */
export class CallBudget {
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;
  readonly #withinMs: number | undefined;
  readonly #endsAt: number;

  /** @throws HikyakuError `invalid_option` for unknown options, and values that are no times or no signals. */
  constructor(method: string, options: InspectorCallOptions, clock: Clock, known: ReadonlySet<string> = ownNames) {
    refuseUnknownOptions(method, options, known);
    const { signal, within } = options;
    this.#clock = clock;
    this.#signal = checkedSignal(signal);
    this.#withinMs = within === undefined ? undefined : durationMs("within", within);
    if (this.#withinMs === 0) {
      throw new HikyakuError("invalid_option", 'option "within": expected more than 0, got 0 ms');
    }
    this.#endsAt = clock.monotonic() + (this.#withinMs ?? Number.POSITIVE_INFINITY);
  }

  /** Whether the caller wants no further step. */
  get isSpent(): boolean {
    return this.#signal?.aborted === true || this.#leftMs <= 0;
  }

  /**
   * For a call to the store that ends as soon as the caller gives up.
   * @throws HikyakuError `deadline_exceeded`.
   */
  next(): CallOptions {
    return this.#call(this.#signal);
  }

  /**
   * For a call to the store that ends when its time is up, and not when the signal fires.
   * @throws HikyakuError `deadline_exceeded`.
   */
  limit(): CallOptions {
    return this.#call(undefined);
  }

  #call(signal: AbortSignal | undefined): CallOptions {
    if (this.#withinMs === undefined) return signal === undefined ? {} : { signal };
    if (this.#leftMs <= 0) throw this.#late();
    return callUntil(this.#endsAt, this.#clock, signal, () => this.#late());
  }

  #late(): HikyakuError {
    return new HikyakuError(
      "deadline_exceeded",
      `expected to be done within ${this.#withinMs} ms; what was asked of the store before is done, nothing more was asked`,
    );
  }

  get #leftMs(): number {
    return this.#endsAt - this.#clock.monotonic();
  }
}
