import type { AggregationSet, GroupFacet } from "../../broker/group-facet.ts";
import { ripeAt } from "../../broker/group-facet.ts";
import { errorText, isHikyakuError } from "../../errors.ts";
import { Backoff, type Random } from "../../runtime/backoff.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { Role } from "../../runtime/periodic.ts";
import type { StatisticsTally } from "../../statistics/statistics-tally.ts";
import { anyCompany, type Company } from "../handling/company.ts";
import type { ReportFailure } from "../handling/failed-attempt.ts";
import type { AggregateFunctions, RegisteredAggregator } from "./aggregate-functions.ts";
import { type AggregationFailure, SetAggregation } from "./set-aggregation.ts";

/** How many functions of one queue run at the same time. */
const mostAtOnce = 3;
/** How long a set is still held after its function has used up its time: for writing the result. */
const settleMs = 10_000;
const firstPauseMs = 1_000;
const longestPauseMs = 300_000;
/** Pauses of groups are kept in memory, so their number must be bounded. */
const mostPauses = 10_000;

export interface AggregatorOptions {
  readonly broker: GroupFacet;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** For lines about single tasks. */
  readonly taskLog: Logger;
  /** Undefined: nobody counts. */
  readonly statistics: StatisticsTally | undefined;
  /** Called for each task that is archived. */
  readonly reportFailure: ReportFailure;
  readonly maxPayloadBytes: number;
  readonly queue: string;
  readonly aggregators: AggregateFunctions;
  /** All that runs tasks in this process. A task that must run alone does not run beside a function. */
  readonly company: Company;
  /** Called when a function has ended: a run may now find room for the next group. */
  readonly onRoom: () => void;
}

interface Pause {
  readonly backoff: Backoff;
  /** Monotonic time. */
  until: number;
}

/**
 * Makes one task out of each ripe group of one queue. It runs when the next known group becomes ripe, and every few
 * seconds to find new ones. A group that failed rests on this server for a while, longer each time.
 */
export class Aggregator implements Role {
  readonly name: string;
  readonly #options: AggregatorOptions;
  readonly #running = new Set<SetAggregation>();
  readonly #pauses = new Map<string, Pause>();
  #onIdle: (() => void)[] = [];

  constructor(options: AggregatorOptions) {
    this.name = `aggregating groups of queue "${options.queue}"`;
    this.#options = options;
  }

  async runOnce(signal?: AbortSignal): Promise<number> {
    const { broker, clock, queue, aggregators } = this.#options;
    const found = await broker.groups(queue, signal === undefined ? undefined : { signal });
    const [now, monotonic] = [clock.now(), clock.monotonic()];
    const due = found.flatMap((numbers) => {
      const { group } = numbers;
      const aggregator = aggregators.find(group);
      if (aggregator === undefined) return [];
      const restMs = (this.#pauses.get(group)?.until ?? monotonic) - monotonic;
      return [{ group, aggregator, at: Math.max(ripeAt(numbers, aggregator.limits, now), now + restMs) }];
    });
    due.sort((one, other) => one.at - other.at);
    for (const { group, aggregator, at } of due) {
      if (at > clock.now()) return Math.min(aggregators.checkMs, at - clock.now());
      if (!(await this.#takeAll(group, aggregator, signal))) break;
    }
    return aggregators.checkMs;
  }

  /** Resolves when no function runs any more. */
  whenIdle(): Promise<void> {
    if (this.#running.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  /** Ends the time of the functions that still run. Their tasks go back. */
  abort(): void {
    for (const aggregation of this.#running) aggregation.abort();
  }

  /** Returns whether there is still room for other groups. */
  async #takeAll(group: string, aggregator: RegisteredAggregator, signal: AbortSignal | undefined): Promise<boolean> {
    const { broker, queue, taskLog, company } = this.#options;
    const { limits, timeoutMs } = aggregator;
    const isStopping = (): boolean => signal?.aborted === true;
    while (this.#running.size < mostAtOnce && !isStopping()) {
      if (!company.enter(anyCompany)) return false;
      let set: AggregationSet | undefined;
      try {
        // Without the signal: a set that was taken must be known here, so that it can be put back at once.
        set = await broker.collect({ queue, group, limits, holdMs: timeoutMs + settleMs });
      } finally {
        if (set === undefined) company.leave(anyCompany);
      }
      if (set === undefined) return true;
      for (const { taskId, reason, detail } of set.setAside) {
        taskLog.error("a task of a group can't be read", { queue, group, taskId, reason, detail });
      }
      const aggregation = new SetAggregation(this.#options, set, aggregator);
      this.#running.add(aggregation);
      if (isStopping()) aggregation.abort();
      const ended = aggregation.run().then((failure) => this.#ended(aggregation, group, failure));
      if (isStopping()) await ended;
    }
    return false;
  }

  #ended(aggregation: SetAggregation, group: string, failure: AggregationFailure | undefined): void {
    this.#running.delete(aggregation);
    this.#options.company.leave(anyCompany);
    if (failure === undefined) this.#pauses.delete(group);
    else if (!isHikyakuError(failure.error, "closed")) this.#pause(group, failure);
    if (this.#running.size === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
    this.#options.onRoom();
  }

  #pause(group: string, { error }: AggregationFailure): void {
    const { clock, random, taskLog, queue } = this.#options;
    if (this.#pauses.size >= mostPauses) this.#pauses.clear();
    const pause = this.#pauses.get(group) ?? { backoff: new Backoff(firstPauseMs, longestPauseMs, random), until: 0 };
    const pauseMs = pause.backoff.next();
    pause.until = clock.monotonic() + pauseMs;
    this.#pauses.set(group, pause);
    taskLog.error("aggregating a group failed; its tasks stay in the group and are tried again", {
      queue,
      group,
      error: errorText(error),
      againInMs: Math.round(pauseMs),
    });
  }
}
