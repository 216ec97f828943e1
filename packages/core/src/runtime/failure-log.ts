import { errorText, isStoreAway } from "../errors.ts";
import type { Clock } from "./clock.ts";
import type { Logger } from "./logger.ts";

const repeatAfterMs = 10_000;
/** How long a broker may take to notice that the store is away, or a role to notice that it is back. */
const patienceMs = 5_000;

export interface FailureLogOptions {
  readonly logger: Logger;
  readonly clock: Clock;
  /** What fails, as a noun. */
  readonly what: string;
  /** Whether the store will probably answer. */
  readonly isReachable: () => boolean;
}

/**
 * Logs a series of failures as its start, a line every 10 s, and its end: never one line per failure. `tellOfStore`
 * logs that the store is away, once for the whole process. Such failures are logged here only when they go on for five
 * seconds although the store answers others.
 */
export class FailureLog {
  readonly #options: FailureLogOptions;
  #failures = 0;
  #since = 0;
  #awaySince: number | undefined;
  #loggedAt: number | undefined;

  constructor(options: FailureLogOptions) {
    this.#options = options;
  }

  failed(error: unknown): void {
    const { logger, clock, what } = this.#options;
    const now = clock.monotonic();
    this.#failures++;
    if (this.#failures === 1) this.#since = now;
    if (this.#isToldElsewhere(error, now)) return;
    if (this.#loggedAt !== undefined && now - this.#loggedAt < repeatAfterMs) return;
    this.#loggedAt = now;
    logger.warn(`${what} failed; trying again`, {
      error: errorText(error),
      ...(this.#failures > 1 && { failures: this.#failures }),
    });
  }

  worked(): void {
    const { logger, clock, what } = this.#options;
    if (this.#loggedAt !== undefined) {
      const forMs = Math.round(clock.monotonic() - this.#since);
      logger.info(`${what} works again`, { failures: this.#failures, forMs });
    }
    this.#failures = 0;
    this.#awaySince = undefined;
    this.#loggedAt = undefined;
  }

  #isToldElsewhere(error: unknown, now: number): boolean {
    if (!isStoreAway(error)) {
      this.#awaySince = undefined;
      return false;
    }
    if (!this.#options.isReachable()) this.#awaySince = now;
    this.#awaySince ??= now;
    return now - this.#awaySince < patienceMs;
  }
}
