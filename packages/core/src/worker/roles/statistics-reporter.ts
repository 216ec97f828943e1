import type { Logger } from "../../runtime/logger.ts";
import type { Role } from "../../runtime/periodic.ts";
import type { StatisticsWriter } from "../../statistics/statistics-writer.ts";

/** How often it is to run: with the heartbeat. */
export const reportStatisticsMs = 5_000;
const callTimeoutMs = 3_000;

/** Reports what a server has counted. Asks nothing of the store when nothing happened. */
export class StatisticsReporter implements Role {
  readonly name = "reporting statistics";
  readonly isInStep = true;
  readonly #writer: StatisticsWriter;
  readonly #logger: Logger;
  #leftOut = 0;

  constructor(writer: StatisticsWriter, logger: Logger) {
    this.#writer = writer;
    this.#logger = logger;
  }

  /** Reports that the server writes when it stops have no signal. */
  async runOnce(signal?: AbortSignal): Promise<undefined> {
    try {
      await this.#writer.write({ timeoutMs: callTimeoutMs, ...(signal !== undefined && { signal }) });
    } finally {
      this.#tellLeftOut();
    }
  }

  #tellLeftOut(): void {
    const { leftOut } = this.#writer.tally;
    if (leftOut > this.#leftOut) {
      this.#logger.warn("some statistics were given up: too many queues, or too long without a store", { leftOut });
    }
    this.#leftOut = leftOut;
  }
}
