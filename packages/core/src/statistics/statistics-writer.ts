import { randomUUID } from "node:crypto";
import type { CallOptions } from "../broker/call-options.ts";
import { reportMarkKeptMs } from "../broker/limits.ts";
import type { StatisticsCell, StatisticsFacet, StatisticsReport } from "../broker/statistics-facet.ts";
import type { Clock } from "../runtime/clock.ts";
import { addToProcess } from "./process-statistics.ts";
import { StatisticsTally } from "./statistics-tally.ts";

/** The store adds this many within some milliseconds. */
const cellsPerReport = 100;
/** A report that may have been added must not outlive the store's memory of it. */
const giveUpAfterMs = reportMarkKeptMs / 2;

/**
 * Reports what a tally has counted. A report without an answer is repeated as it was, until it is answered, so that the
 * store can tell that it has added it.
 */
export class StatisticsWriter {
  readonly tally = new StatisticsTally();
  readonly #broker: Pick<StatisticsFacet, "addStatistics">;
  readonly #clock: Clock;
  readonly #writer = randomUUID();
  #sequence = 0;
  #waiting: StatisticsCell[] = [];
  #unanswered: { readonly report: StatisticsReport; readonly since: number } | undefined;

  constructor(broker: Pick<StatisticsFacet, "addStatistics">, clock: Clock) {
    this.#broker = broker;
    this.#clock = clock;
  }

  /**
   * Reports all that was counted before the call. Asks nothing of the store when there is nothing. Not to be called again
   * before it has ended. Rejects as the store does; the next call goes on.
   */
  async write(call?: CallOptions): Promise<void> {
    const taken = this.tally.take();
    addToProcess(taken);
    this.#waiting.push(...taken);
    for (;;) {
      const next = this.#next();
      if (next === undefined) return;
      await this.#broker.addStatistics(next, call);
      this.#unanswered = undefined;
    }
  }

  #next(): StatisticsReport | undefined {
    const now = this.#clock.monotonic();
    if (this.#unanswered !== undefined && now - this.#unanswered.since > giveUpAfterMs) {
      this.tally.leftOut += this.#unanswered.report.cells.length;
      this.#unanswered = undefined;
    }
    if (this.#unanswered === undefined && this.#waiting.length > 0) {
      const cells = this.#waiting.splice(0, cellsPerReport);
      this.#sequence += 1;
      this.#unanswered = { report: { writer: this.#writer, sequence: this.#sequence, cells }, since: now };
    }
    return this.#unanswered?.report;
  }
}
