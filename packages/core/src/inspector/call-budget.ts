import type { CallOptions } from "../broker/call-options.ts";
import { type Duration, durationMs } from "../duration.ts";
import { HikyakuError } from "../errors.ts";
import { refuseUnknownOptions } from "../option-names.ts";
import type { Clock } from "../runtime/clock.ts";

/** How long the caller of an inspector is ready to wait. */
export interface InspectorCallOptions {
  /** Gives up with `cancelled` when it fires. Of a change that was sent by then, the message says that it may be made. */
  readonly signal?: AbortSignal;
  /**
   * Gives up after this time, with all calls to the store that it takes: with `broker_unavailable` where it is known that nothing
   * was written, else with `deadline_exceeded`. More than 0. Default: the broker's own limit for each call to the store.
   */
  readonly within?: Duration;
}

const ownNames: ReadonlySet<string> = new Set<keyof InspectorCallOptions>(["signal", "within"]);

/** What is left of the time that one call of an inspector may take, over all the calls to the store that it makes. */
export class CallBudget {
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;
  readonly #withinMs: number | undefined;
  readonly #endsAt: number;

  /** @throws HikyakuError `invalid_option` for options that nobody reads and times that are none. */
  constructor(method: string, options: InspectorCallOptions, clock: Clock, known: ReadonlySet<string> = ownNames) {
    refuseUnknownOptions(method, options, known);
    const { signal, within } = options;
    this.#clock = clock;
    this.#signal = signal;
    this.#withinMs = within === undefined ? undefined : durationMs("within", within);
    if (this.#withinMs === 0) {
      throw new HikyakuError("invalid_option", 'option "within": expected more than 0, got 0 ms');
    }
    this.#endsAt = clock.monotonic() + (this.#withinMs ?? Number.POSITIVE_INFINITY);
  }

  /** Whether the caller does not want another step. */
  get isSpent(): boolean {
    return this.#signal?.aborted === true || this.#leftMs <= 0;
  }

  /** For a call to the store that ends as soon as the caller gives up. @throws HikyakuError `deadline_exceeded`. */
  next(): CallOptions {
    const limit = this.limit();
    return this.#signal === undefined ? limit : { ...limit, signal: this.#signal };
  }

  /** For a call to the store that may end when its time is up, but not before. @throws HikyakuError `deadline_exceeded`. */
  limit(): CallOptions {
    if (this.#withinMs === undefined) return {};
    const timeoutMs = this.#leftMs;
    if (timeoutMs > 0) return { timeoutMs };
    throw new HikyakuError(
      "deadline_exceeded",
      `expected to be done within ${this.#withinMs} ms; what was asked of the store before is done, nothing more was asked`,
    );
  }

  get #leftMs(): number {
    return this.#endsAt - this.#clock.monotonic();
  }
}
