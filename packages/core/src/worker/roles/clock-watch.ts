import type { PresenceFacet } from "../../broker/presence-facet.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { Role } from "../../runtime/periodic.ts";

/** How often it is to run. */
export const clockWatchMs = 10_000;
const toleratedMs = 5_000;
/** A slower answer says too little about when the store read its clock. */
const slowestAnswerMs = 2_000;
const callTimeoutMs = 3_000;

/**
 * Compares this machine's clock with the store's. Many machines write leases by their own clocks. A machine whose clock
 * is far off takes tasks from others too early or too late.
 */
export class ClockWatch implements Role {
  readonly name = "comparing clocks with the store";
  readonly isInStep = true;
  readonly #broker: Pick<PresenceFacet, "storeTime">;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #isOff = false;
  /**
   * How far this machine's clock is ahead of the store's. Undefined until measured, and when the store has no clock.
   */
  offsetMs: number | undefined;

  constructor(broker: Pick<PresenceFacet, "storeTime">, clock: Clock, logger: Logger) {
    this.#broker = broker;
    this.#clock = clock;
    this.#logger = logger;
  }

  async runOnce(signal?: AbortSignal): Promise<undefined> {
    const sentAt = this.#clock.monotonic();
    const call = { timeoutMs: callTimeoutMs, ...(signal !== undefined && { signal }) };
    const storeTime = await this.#broker.storeTime(call);
    const tookMs = this.#clock.monotonic() - sentAt;
    if (storeTime === undefined || tookMs > slowestAnswerMs) return;
    this.offsetMs = Math.round(this.#clock.now() - tookMs / 2 - storeTime);
    this.#tell(this.offsetMs);
  }

  /** Warns once each time that the clock goes wrong. */
  #tell(offsetMs: number): void {
    const isOff = Math.abs(offsetMs) > toleratedMs;
    if (isOff === this.#isOff) return;
    this.#isOff = isOff;
    if (isOff) {
      this.#logger.warn("this machine's clock and the store's differ; set both by NTP, or leases end at wrong times", {
        clockOffsetMs: offsetMs,
      });
    } else {
      this.#logger.info("this machine's clock and the store's agree again", { clockOffsetMs: offsetMs });
    }
  }
}
