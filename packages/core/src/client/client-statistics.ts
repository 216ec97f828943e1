import type { EnqueueItem, EnqueueOutcome } from "../broker/enqueue-facet.ts";
import type { StatisticsFacet } from "../broker/statistics-facet.ts";
import type { TaskMessage } from "../broker/task-message.ts";
import { type Clock, setIdleTimer, type Timer } from "../runtime/clock.ts";
import { StatisticsWriter } from "../statistics/statistics-writer.ts";

const reportAfterMs = 10_000;
const callTimeoutMs = 3_000;

/**
 * Reports what a client has counted, ten seconds after the first task of a report. A client that enqueues nothing has no
 * timer. Its timer keeps no process alive: what a process counts after its last report is lost unless the client is
 * closed.
 */
export class ClientStatistics {
  readonly #clock: Clock;
  readonly #writer: StatisticsWriter;
  #timer: Timer | undefined;
  #writing: Promise<void> | undefined;
  #isClosed = false;

  constructor(broker: Pick<StatisticsFacet, "addStatistics">, clock: Clock) {
    this.#clock = clock;
    this.#writer = new StatisticsWriter(broker, clock);
  }

  /** The store has answered a call. Also counts tasks that their callers did not wait for. */
  answered(batch: readonly { readonly item: EnqueueItem }[], outcomes: readonly EnqueueOutcome[]): void {
    const now = this.#clock.now();
    const { tally } = this.#writer;
    // Mostly all tasks of a batch are of one type.
    let first: TaskMessage | undefined;
    let count = 0;
    for (let index = 0; index < batch.length; index++) {
      const message = batch[index]?.item.message;
      if (message === undefined || outcomes[index]?.kind !== "accepted") continue;
      if (first !== undefined && (message.type !== first.type || message.queue !== first.queue)) {
        tally.enqueued(first, now, count);
        count = 0;
      }
      first = message;
      count += 1;
    }
    if (first === undefined) return;
    tally.enqueued(first, now, count);
    this.#reportSoon();
  }

  #reportSoon(): void {
    if (this.#isClosed) return;
    this.#timer ??= setIdleTimer(this.#clock, () => this.#write(callTimeoutMs), reportAfterMs);
  }

  /** Reports the rest. Rejects for no reason: nobody can do anything about numbers that were not reported. */
  async close(withinMs: number): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#writing;
    await this.#write(Math.max(1, Math.min(callTimeoutMs, withinMs)));
  }

  #write(timeoutMs: number): Promise<void> {
    this.#timer = undefined;
    // What the store did not answer is reported again after the next task.
    this.#writing ??= this.#writer
      .write({ timeoutMs })
      .catch(() => this.#reportSoon())
      .finally(() => {
        this.#writing = undefined;
      });
    return this.#writing;
  }
}
