import { longestStatisticsType, statisticsTypes } from "../broker/limits.ts";
import { addValue, type CountName, countPlaces, noCounts, type StatisticsCounts } from "../broker/statistics-counts.ts";
import type { StatisticsCell } from "../broker/statistics-facet.ts";
import { otherTypes, periodBegin, statisticsPeriods } from "../broker/statistics-resolution.ts";
import type { Settlement } from "../broker/work-facet.ts";

/** The part of a task that its numbers are kept by. */
interface Counted {
  readonly queue: string;
  readonly type: string;
}

const minuteMs = statisticsPeriods.minute.lengthMs;
/** A client may use a queue for each of its customers. What is more than this within a minute is not counted. */
const mostQueues = 1_000;
/** What waits to be reported while the store is away: about 15 MB. */
const mostCells = 20_000;

type CountsByType = Map<string, StatisticsCounts>;

/**
 * Adds up in memory what happens to the tasks of one server, client or scheduler. Each event costs two look-ups and a few
 * additions. Nothing is made for a task, only for a type that is new within its minute.
 */
export class StatisticsTally {
  /** How many numbers were given up, because there were too many queues or too many minutes without a store. */
  leftOut = 0;
  #minute = 0;
  #queues = new Map<string, CountsByType>();
  #ended: StatisticsCell[] = [];
  readonly #nowhere = noCounts();
  // The last one asked for: tasks come in batches of the same type.
  #queue = "";
  #type = "";
  #counts: StatisticsCounts | undefined;

  /** The store has accepted so many new tasks. */
  enqueued(task: Counted, at: number, count = 1): void {
    add(this.#of(task, at), countPlaces.enqueued, count);
  }

  /** A handler is about to be called. `pendingSince`: when the task joined its line, if that is known. */
  started(task: Counted, at: number, pendingSince: number | undefined): void {
    const counts = this.#of(task, at);
    add(counts, countPlaces.started);
    if (pendingSince !== undefined) addValue(counts, "lateness", at - pendingSince);
  }

  /** The store has written what became of an attempt. A task that was handed back without one counts nothing. */
  settled({ task, outcome, attempt }: Settlement): void {
    if (attempt === undefined) return;
    const { startedAt, endedAt } = attempt;
    const counts = this.#of(task.message, endedAt);
    if (attempt.outcome === "lost") add(counts, countPlaces.lost);
    switch (outcome.kind) {
      case "done":
      case "completed":
        add(counts, countPlaces.succeeded);
        addValue(counts, "succeededRun", endedAt - startedAt);
        return;
      case "retry":
        add(counts, countPlaces.retried);
        if (outcome.counted) add(counts, countPlaces.failed);
        break;
      case "archived":
        add(counts, countPlaces.archived);
        add(counts, countPlaces.failed);
        break;
      case "handed_back":
        return;
    }
    if (attempt.outcome !== "lost") addValue(counts, "failedRun", endedAt - startedAt);
  }

  /** A task of a group was archived instead of being aggregated. */
  archivedFromGroup(task: Counted, at: number): void {
    add(this.#of(task, at), countPlaces.archived);
  }

  /** Takes all that was counted since the last time. */
  take(): StatisticsCell[] {
    this.#endMinute();
    return this.#ended.splice(0);
  }

  #of({ queue, type }: Counted, at: number): StatisticsCounts {
    const age = at - this.#minute;
    // A little back is the rest of the minute before. Far back, the clock was set.
    if (age >= minuteMs || age < -minuteMs) this.#beginMinute(at);
    if (this.#counts !== undefined && type === this.#type && queue === this.#queue) return this.#counts;
    const counts = this.#find(queue, type);
    this.#queue = queue;
    this.#type = type;
    this.#counts = counts;
    return counts;
  }

  #find(queue: string, type: string): StatisticsCounts {
    let types = this.#queues.get(queue);
    if (types === undefined) {
      if (this.#queues.size >= mostQueues) {
        this.leftOut++;
        return this.#nowhere;
      }
      types = new Map();
      this.#queues.set(queue, types);
    }
    const known = types.get(type);
    if (known !== undefined) return known;
    const isTooMuch = types.size >= statisticsTypes || type.length > longestStatisticsType;
    const name = isTooMuch ? otherTypes : type;
    const counts = types.get(name) ?? noCounts();
    types.set(name, counts);
    return counts;
  }

  #beginMinute(at: number): void {
    this.#endMinute();
    this.#minute = periodBegin("minute", at);
  }

  #endMinute(): void {
    for (const [queue, types] of this.#queues) {
      for (const [type, counts] of types) this.#ended.push({ queue, type, minute: this.#minute, counts });
    }
    if (this.#ended.length > mostCells) {
      this.leftOut += this.#ended.splice(0, this.#ended.length - mostCells).length;
    }
    this.#queues = new Map();
    this.#counts = undefined;
  }
}

function add(counts: StatisticsCounts, place: (typeof countPlaces)[CountName], count = 1): void {
  counts[place] = (counts[place] ?? 0) + count;
}
