import type { Broker } from "../../broker/broker.ts";
import { errorText } from "../../errors.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { Role } from "../../runtime/periodic.ts";

const longestPingMs = 3_000;

/** Called with undefined when the store answers and takes what is written, otherwise with what is wrong with it. */
export type HealthCallback = (error: Error | undefined) => unknown;

export interface HealthcheckerOptions {
  readonly broker: Pick<Broker, "ready" | "probeWrites">;
  readonly queues: readonly string[];
  readonly logger: Logger;
  readonly everyMs: number;
  readonly onHealth: HealthCallback;
}

/**
 * Asks the store for a sign of life and tries a write, at the start and then at every interval. Passes on the result.
 */
export class Healthchecker implements Role {
  readonly name = "checking the store's health";
  readonly #options: HealthcheckerOptions;

  constructor(options: HealthcheckerOptions) {
    this.#options = options;
  }

  /** Never rejects: that the store is away is a result too, and must not change the interval. */
  async runOnce(signal?: AbortSignal): Promise<number> {
    const { everyMs } = this.#options;
    const error = await this.#ping(signal);
    if (signal?.aborted !== true) await this.#tell(error);
    return everyMs;
  }

  async #ping(signal: AbortSignal | undefined): Promise<Error | undefined> {
    const { broker, queues, everyMs } = this.#options;
    const call = { timeoutMs: Math.min(everyMs, longestPingMs), ...(signal !== undefined && { signal }) };
    try {
      await broker.ready(call);
      await broker.probeWrites(queues, call);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error : new Error(errorText(error), { cause: error });
    }
  }

  async #tell(error: Error | undefined): Promise<void> {
    const { onHealth, logger } = this.#options;
    try {
      await onHealth(error);
    } catch (thrown) {
      logger.error("onHealth threw", { error: errorText(thrown) });
    }
  }
}
