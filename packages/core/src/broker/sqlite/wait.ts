import { errorText, HikyakuError } from "../../errors.ts";
import { systemClock } from "../../runtime/clock.ts";
import { busyText, storeError } from "./errors.ts";

/** What all waits of a store share. */
interface Waited {
  readonly location: string;
  /** @throws HikyakuError `closed`. */
  readonly checkOpen: () => void;
  /** Called when a call's time ran out because of others, with how long it waited for them. */
  readonly onGivenUp: (error: HikyakuError, waitedMs: number) => void;
}

/**
 * How long one call is ready to wait for another process. In the machine's own time: a test's clock can't move a
 * foreign lock.
 */
export class Wait {
  readonly #waited: Waited;
  readonly #timeoutMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #startedAt = systemClock.monotonic();
  #stepMs = 1;
  /** The last obstacle. */
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
   * Call it while nothing of the call has been written.
   * @throws HikyakuError `cancelled`, `broker_unavailable` or `closed` when the call must not be carried out any more.
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

  /** Waits a moment for the obstacle to go away. */
  async aMoment(obstacle: unknown): Promise<void> {
    this.#obstacle = obstacle;
    const leftMs = Math.max(0, this.#timeoutMs - (systemClock.monotonic() - this.#startedAt));
    const stepMs = Math.min(leftMs, this.#stepMs * (0.5 + Math.random()));
    this.#stepMs = Math.min(10, this.#stepMs * 2);
    await new Promise<void>((resolve) => systemClock.setTimer(resolve, stepMs));
  }
}
