import { checkedSignal } from "../abort-signal.ts";

/** One call of the client while it is under way: how it is ended, and when it ends by itself. */
export class EnqueueCall {
  /** On the clock's monotonic scale. */
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
  #onAbort: (() => void) | undefined;

  /** @throws HikyakuError `invalid_option`. */
  constructor(signal: AbortSignal | undefined, deadline: number) {
    this.signal = checkedSignal(signal);
    this.deadline = deadline;
  }

  /** Calls back when the signal fires, until `release`. */
  listen(onAbort: () => void): void {
    this.#onAbort = onAbort;
    this.signal?.addEventListener("abort", onAbort, { once: true });
  }

  release(): void {
    if (this.#onAbort !== undefined) this.signal?.removeEventListener("abort", this.#onAbort);
  }
}
