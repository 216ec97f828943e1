import type { Clock } from "../clock.ts";
import { errorText } from "../errors.ts";
import type { Logger } from "./logger.ts";

const repeatAfterMs = 10_000;

/** Logs a series of failures as its start, a line every 10 s, and its end: never one line per failure. */
export class FailureLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #what: string;
  #failures = 0;
  #since = 0;
  #loggedAt = 0;

  constructor(logger: Logger, clock: Clock, what: string) {
    this.#logger = logger;
    this.#clock = clock;
    this.#what = what;
  }

  failed(error: unknown): void {
    const now = this.#clock.monotonic();
    this.#failures++;
    if (this.#failures === 1) this.#since = now;
    else if (now - this.#loggedAt < repeatAfterMs) return;
    this.#loggedAt = now;
    this.#logger.warn(`${this.#what} failed; trying again`, {
      error: errorText(error),
      ...(this.#failures > 1 && { failures: this.#failures }),
    });
  }

  worked(): void {
    if (this.#failures === 0) return;
    this.#logger.info(`${this.#what} works again`, {
      failures: this.#failures,
      forMs: Math.round(this.#clock.monotonic() - this.#since),
    });
    this.#failures = 0;
  }
}
