import { longestStatisticsType } from "./limits.ts";
import { addCounts, noCounts, type StatisticsCounts } from "./statistics-counts.ts";
import type { StatisticsCell } from "./statistics-facet.ts";
import { allTypes, otherTypes } from "./statistics-resolution.ts";

/**
 * The cells of one queue as a store adds them: by minute and type, and the sum of all types under `allTypes`. Types that
 * are too long count as `other`.
 */
export function cellsByMinute(cells: readonly StatisticsCell[]): Map<number, Map<string, StatisticsCounts>> {
  const minutes = new Map<number, Map<string, StatisticsCounts>>();
  for (const { type, minute, counts } of cells) {
    const types = minutes.get(minute) ?? new Map<string, StatisticsCounts>();
    minutes.set(minute, types);
    const name = type === allTypes || type.length > longestStatisticsType ? otherTypes : type;
    for (const each of [allTypes, name]) {
      const sum = types.get(each) ?? noCounts();
      types.set(each, sum);
      addCounts(sum, counts);
    }
  }
  return minutes;
}
