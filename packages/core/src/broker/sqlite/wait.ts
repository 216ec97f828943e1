import { errorText, HikyakuError } from "../../errors.ts";
import { systemClock } from "../../runtime/clock.ts";
import { busyText, storeError } from "./errors.ts";

/** What all waits of a store share. */
interface Waited {
  readonly location: string;
  /** @throws HikyakuError `closed`. */
  readonly checkOpen: () => void;
  /** Told when the time is over because of others; how long they were waited for. */
  readonly onGivenUp: (error: HikyakuError, waitedMs: number) => void;
}

/** How long one call is ready to wait for another process. The machine's own time: no test can move a foreign lock. */
export class Wait {
  readonly #waited: Waited;
  readonly #timeoutMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #startedAt = systemClock.monotonic();
  #stepMs = 1;
  /** What stood in the way last. */
  #obstacle: unknown;

  constructor(waited: Waited, timeoutMs: number, signal: AbortSignal | undefined) {
    this.#waited = waited;
    this.#timeoutMs = timeoutMs;
    this.#signal = signal;
  }

  /** Whether the time of the call is over. */
  get isOver(): boolean {
    return systemClock.monotonic() - this.#startedAt >= this.#timeoutMs;
  }

  /**
   * To be called while nothing of the call has been written.
   * @throws HikyakuError `cancelled`, `broker_unavailable` or `closed` when the call is not to be carried out any more.
   */
  check(): void {
    const { location, checkOpen, onGivenUp } = this.#waited;
    checkOpen();
    if (this.#signal?.aborted === true) {
      throw new HikyakuError("cancelled", `the caller gave up: ${errorText(this.#signal.reason)}; nothing was written`);
    }
    const waitedMs = systemClock.monotonic() - this.#startedAt;
    if (waitedMs < this.#timeoutMs) return;
    if (this.#obstacle === undefined) throw new HikyakuError("broker_unavailable", busyText(location));
    const error = storeError(this.#obstacle, location);
    onGivenUp(error, waitedMs);
    throw error;
  }

  /** Lets a moment go by for what stands in the way to end. */
  async aMoment(obstacle: unknown): Promise<void> {
    this.#obstacle = obstacle;
    const leftMs = Math.max(0, this.#timeoutMs - (systemClock.monotonic() - this.#startedAt));
    const stepMs = Math.min(leftMs, this.#stepMs * (0.5 + Math.random()));
    this.#stepMs = Math.min(10, this.#stepMs * 2);
    await new Promise<void>((resolve) => systemClock.setTimer(resolve, stepMs));
  }
}
