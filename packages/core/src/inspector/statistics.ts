import { addCounts, noCounts, type StatisticsCounts } from "../broker/statistics-counts.ts";
import type { StatisticsFacet, StatisticsRequest } from "../broker/statistics-facet.ts";
import {
  askedPeriods,
  keptForMs,
  type StatisticsResolution,
  statisticsPeriods,
  statisticsResolutions,
} from "../broker/statistics-resolution.ts";
import { checkedText } from "../checked-name.ts";
import { HikyakuError } from "../errors.ts";
import { refuseUnknownOptions, shown } from "../option-names.ts";
import { type StatisticsNumbers, statisticsNumbersOf } from "../statistics/statistics-numbers.ts";
import type { CallBudget } from "./call-budget.ts";

export interface StatisticsQuery {
  /** Default: all queues together. */
  readonly queue?: string;
  /** Default: all types together. */
  readonly type?: string;
  /** Default: an hour before `to`. */
  readonly from?: Date;
  /** Default: now. */
  readonly to?: Date;
  /**
   * How long the time of each point is. Minutes are kept for 8 hours, ten minutes for 72 hours, days (UTC) for 90 days.
   * Default: the finest that is kept for the whole range.
   */
  readonly resolution?: StatisticsResolution;
  /** Also answers with each type of each queue for itself, in `parts`. Default false. */
  readonly parts?: boolean;
}

export interface StatisticsPoint extends StatisticsNumbers {
  /** The beginning of its time. */
  readonly at: Date;
}

export interface StatisticsPart extends StatisticsNumbers {
  readonly queue: string;
  readonly type: string;
}

/**
 * The sums of what servers, clients and schedulers of this library have reported so far. The last seconds lack, and so
 * does what a process had not reported when it died. Go's programs report nothing.
 */
export interface Statistics {
  readonly resolution: StatisticsResolution;
  /** Beginning of the first point. It is later than asked for where numbers that old are not kept. */
  readonly from: Date;
  /** End of the last point. */
  readonly to: Date;
  /** One for each minute, ten minutes or day of the range, oldest first, also where nothing was reported. */
  readonly points: readonly StatisticsPoint[];
  /** All points together. */
  readonly total: StatisticsNumbers;
  /** The whole range of each type of each queue, by names, if asked for. */
  readonly parts?: readonly StatisticsPart[];
}

const queryNames: ReadonlySet<string> = new Set<keyof StatisticsQuery>([
  "queue",
  "type",
  "from",
  "to",
  "resolution",
  "parts",
]);
const hourMs = 3_600_000;

/** @throws HikyakuError `invalid_option`. */
export function checkedStatisticsQuery(query: StatisticsQuery, now: number): StatisticsRequest {
  refuseUnknownOptions("Inspector.statistics", query, queryNames);
  const { queue, type, resolution, parts = false } = query;
  if (typeof parts !== "boolean") throw invalid("parts", "true or false", parts);
  const to = moment("to", query.to, now);
  const from = moment("from", query.from, to - hourMs);
  if (from >= to) throw invalid("from", `a moment before ${new Date(to).toISOString()}`, new Date(from).toISOString());
  if (resolution !== undefined && !statisticsResolutions.includes(resolution)) {
    throw invalid("resolution", `one of ${statisticsResolutions.join(", ")}`, resolution);
  }
  const finest = statisticsResolutions.find((each) => keptForMs(each, from, now) > 0) ?? "day";
  return {
    ...(queue !== undefined && { queues: [checkedText("queue", queue)] }),
    resolution: resolution ?? finest,
    from,
    to,
    types: type !== undefined ? { only: checkedText("type", type) } : parts ? "each" : "all",
  };
}

export async function readStatistics(
  broker: Pick<StatisticsFacet, "readStatistics">,
  request: StatisticsRequest,
  query: StatisticsQuery,
  now: number,
  budget: CallBudget,
): Promise<Statistics> {
  const { resolution } = request;
  const begins = askedPeriods(request, now);
  const rows = await broker.readStatistics(request, budget.next());
  const sums = new Map(begins.map((begin) => [begin, noCounts()]));
  const [total, parts] = [noCounts(), new Map<string, { queue: string; type: string; counts: StatisticsCounts }>()];
  for (const { queue, type = "", at, counts } of rows) {
    addCounts(total, counts);
    const sum = sums.get(at);
    if (sum !== undefined) addCounts(sum, counts);
    const key = JSON.stringify([queue, type]);
    const part = parts.get(key) ?? { queue, type, counts: noCounts() };
    parts.set(key, part);
    addCounts(part.counts, counts);
  }
  const { lengthMs } = statisticsPeriods[resolution];
  const end = begins.at(-1);
  return {
    resolution,
    from: new Date(begins[0] ?? request.to),
    to: new Date(end === undefined ? request.to : end + lengthMs),
    points: [...sums].map(([at, counts]) => ({ at: new Date(at), ...statisticsNumbersOf(counts) })),
    total: statisticsNumbersOf(total),
    ...(query.parts === true && { parts: [...parts.values()].map(partOf).sort(byNames) }),
  };
}

function partOf({ queue, type, counts }: { queue: string; type: string; counts: StatisticsCounts }): StatisticsPart {
  return { queue, type, ...statisticsNumbersOf(counts) };
}

function byNames(one: StatisticsPart, two: StatisticsPart): number {
  if (one.queue !== two.queue) return one.queue < two.queue ? -1 : 1;
  return one.type < two.type ? -1 : 1;
}

function moment(option: string, value: unknown, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (value instanceof Date && Number.isFinite(value.getTime())) return value.getTime();
  throw invalid(option, "a Date", value);
}

function invalid(option: string, expected: string, value: unknown): HikyakuError {
  return new HikyakuError("invalid_option", `option "${option}": expected ${expected}, got ${shown(value)}`);
}
