import { addCounts, noCounts, type StatisticsCounts } from "../broker/statistics-counts.ts";
import type { StatisticsCell } from "../broker/statistics-facet.ts";
import { type StatisticsNumbers, statisticsNumbersOf } from "./statistics-numbers.ts";

/** What this process has counted of one type of a queue's tasks since it started. */
export interface ProcessStatistics extends StatisticsNumbers {
  readonly queue: string;
  readonly type: string;
}

/** A client may use a queue for each of its customers. Further ones are left out. */
const mostKept = 20_000;

const sums = new Map<string, Map<string, StatisticsCounts>>();
let kept = 0;

/**
 * What all servers, clients and schedulers of this process have counted since it started, by queue and type, as of their
 * last report: some seconds ago. Only grows, also when some of them are closed or the store is away. At most 20,000 types.
 * Asks nothing of a store.
 */
export function processStatistics(): ProcessStatistics[] {
  return [...sums].flatMap(([queue, types]) =>
    [...types].map(([type, counts]) => ({ queue, type, ...statisticsNumbersOf(counts) })),
  );
}

/** Counts what is about to be reported. */
export function addToProcess(cells: readonly StatisticsCell[]): void {
  for (const { queue, type, counts } of cells) {
    if (sums.get(queue)?.has(type) !== true && ++kept > mostKept) continue;
    const types = sums.get(queue) ?? new Map<string, StatisticsCounts>();
    sums.set(queue, types);
    const sum = types.get(type) ?? noCounts();
    types.set(type, sum);
    addCounts(sum, counts);
  }
}
