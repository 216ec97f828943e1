import { errorText } from "../errors.ts";
import { type Clock, sleep } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import type { Processor } from "./claiming/processor.ts";
import type { GroupRoles } from "./groups/group-roles.ts";
import type { HeldTasks } from "./leases/held-tasks.ts";
import type { Heartbeater } from "./roles/heartbeater.ts";
import type { StatisticsReporter } from "./roles/statistics-reporter.ts";
import type { Syncer } from "./roles/syncer.ts";

/** How long each of the last calls of a stop may take. */
const lastWordMs = 2_000;
/** How long handlers have to end by themselves once somebody hurries the stop. */
const hurriedGraceMs = 200;

export interface FarewellOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly graceMs: number;
  readonly held: HeldTasks;
  readonly processor: Processor;
  readonly aggregating: GroupRoles;
  readonly syncer: Syncer;
  readonly heartbeater: Heartbeater;
  /** Undefined: nobody counts. */
  readonly statistics: StatisticsReporter | undefined;
}

/** The steps of a stop, each with its limit. The server decides their order. */
export class Farewell {
  readonly #options: FarewellOptions;
  readonly #hurry = new AbortController();

  constructor(options: FarewellOptions) {
    this.#options = options;
  }

  /** From now on the stop waits only for what it needs. */
  hurry(): void {
    this.#hurry.abort();
  }

  /**
   * Resolves when no handler and no aggregate function runs any more, or when those that would not stop were handed
   * back.
   */
  async drain(waitMs: number): Promise<void> {
    await Promise.all([this.#drainTasks(waitMs), this.#drainGroups(waitMs)]);
  }

  /** Waits for a last call to the store, but not for long. */
  async lastWord(work: Promise<unknown>): Promise<void> {
    await this.#within(work, lastWordMs);
  }

  /** Offers outcomes without an answer once more. */
  async sync(): Promise<void> {
    const { syncer, logger } = this.#options;
    const offered = syncer.runOnce().catch((error: unknown) => {
      logger.error("stopped with outcomes that the store has not answered; their tasks will run again", {
        tasks: syncer.size,
        error: errorText(error),
      });
    });
    await this.lastWord(offered);
  }

  /** Reports what was counted since the last report. */
  async report(): Promise<void> {
    const { statistics, logger } = this.#options;
    if (statistics === undefined) return;
    const reported = statistics.runOnce().catch((error: unknown) => {
      logger.warn("stopped without reporting its last statistics", { error: errorText(error) });
    });
    await this.lastWord(reported);
  }

  /** Withdraws the server's announcement. */
  async withdraw(): Promise<void> {
    const { heartbeater, logger } = this.#options;
    const withdrawn = heartbeater.withdraw(lastWordMs).catch((error: unknown) => {
      logger.info("could not take the announcement back; it ends by itself", { error: errorText(error) });
    });
    await this.lastWord(withdrawn);
  }

  async #drainTasks(waitMs: number): Promise<void> {
    const { processor, held, graceMs } = this.#options;
    const idle = processor.whenIdle();
    if (await this.#within(idle, waitMs, this.#hurry.signal)) return;
    for (const task of held) if (!task.returned) processor.abort(task, "shutdown");
    if (await this.#within(idle, graceMs, this.#hurry.signal)) return;
    if (this.#hurry.signal.aborted && (await this.#within(idle, hurriedGraceMs))) return;
    processor.handBackUnfinished();
    await this.#within(processor.whenSettled(), lastWordMs);
  }

  async #drainGroups(waitMs: number): Promise<void> {
    const { aggregating } = this.#options;
    if (await this.#within(aggregating.whenIdle(), waitMs, this.#hurry.signal)) return;
    aggregating.abort();
    await this.#within(aggregating.whenIdle(), lastWordMs);
  }

  /** Waits for `work`, but not longer than this, and not after the signal fires. Returns whether it was finished. */
  async #within(work: Promise<unknown>, limitMs: number, signal?: AbortSignal): Promise<boolean> {
    const stopWaiting = new AbortController();
    const cut = signal === undefined ? stopWaiting.signal : AbortSignal.any([signal, stopWaiting.signal]);
    const finished = work.then(() => true);
    const timedOut = sleep(this.#options.clock, limitMs, cut).then(() => false);
    const answer = await Promise.race([finished, timedOut]);
    stopWaiting.abort();
    return answer;
  }
}
