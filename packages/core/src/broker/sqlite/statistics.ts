import type { CallOptions } from "../call-options.ts";
import { reportMarkKeptMs, statisticsTypes } from "../limits.ts";
import { addCountsText, countsText, noCounts, type StatisticsCounts } from "../statistics-counts.ts";
import type { StatisticsFacet, StatisticsReport, StatisticsRequest, StatisticsRow } from "../statistics-facet.ts";
import {
  allTypes,
  askedPeriods,
  keptForMs,
  otherTypes,
  periodBegin,
  type StatisticsResolution,
  statisticsPeriods,
  statisticsResolutions,
} from "../statistics-resolution.ts";
import { cellsByMinute } from "../statistics-sums.ts";
import type { Store } from "./store.ts";
import type { Transaction } from "./transaction.ts";

/** How far ahead the numbers of a wrong clock may lie. */
const aheadMs = 86_400_000;

export class SqliteStatistics implements StatisticsFacet {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  addStatistics({ writer, sequence, cells }: StatisticsReport, call?: CallOptions): Promise<void> {
    const queues = Map.groupBy(cells, ({ queue }) => queue);
    return this.#store.write(call, cells.length, (transaction) => {
      const { db, now } = transaction;
      if (Number(db.get(selectWriter, writer)?.["sequence"] ?? 0) >= sequence) return;
      db.run(deleteOldWriters, now - reportMarkKeptMs);
      db.run(upsertWriter, writer, sequence, now);
      for (const [queue, own] of queues) {
        for (const [minute, types] of cellsByMinute(own)) {
          for (const resolution of statisticsResolutions) addPeriod(transaction, { queue, resolution, minute, types });
        }
      }
    });
  }

  readStatistics(request: StatisticsRequest, call?: CallOptions): Promise<readonly StatisticsRow[]> {
    const { queues, resolution, types } = request;
    return this.#store.read(call, (db) => {
      const begins = askedPeriods(request, this.#store.clock.now());
      const [first, last] = [begins[0], begins.at(-1)];
      if (first === undefined || last === undefined) return [];
      const only = typeof types === "object" ? types.only : types === "all" ? allTypes : null;
      const rows =
        queues === undefined
          ? db.all(selectOfAll, resolution, first, last, only, only)
          : db.all(selectOfSome, JSON.stringify(queues), resolution, first, last, only, only);
      return rows.map((row): StatisticsRow => {
        const counts = noCounts();
        addCountsText(counts, String(row["counts"]));
        const type = String(row["type"]);
        return {
          queue: String(row["queue"]),
          type: type === allTypes ? undefined : type,
          at: Number(row["begins_at"]),
          counts,
        };
      });
    });
  }
}

/**
 * Removes some of the numbers that are kept no more, whatever their queue. So are those that lie a day ahead: the clock was
 * set back since.
 */
export function dropOldStatistics({ db, now }: Transaction, limit: number): void {
  for (const resolution of statisticsResolutions) {
    const { lengthMs, keptMs } = statisticsPeriods[resolution];
    db.run(deleteOld, resolution, now - lengthMs - keptMs, limit);
    db.run(deleteAhead, resolution, now + aheadMs, limit);
  }
}

interface AddedPeriod {
  readonly queue: string;
  readonly resolution: StatisticsResolution;
  readonly minute: number;
  readonly types: ReadonlyMap<string, StatisticsCounts>;
}

function addPeriod({ db, now }: Transaction, { queue, resolution, minute, types }: AddedPeriod): void {
  const begin = periodBegin(resolution, minute);
  if (keptForMs(resolution, begin, now) <= 0) return;
  let known: number | undefined;
  for (const [name, counts] of types) {
    let type = name;
    let stored = db.get(selectCounts, queue, resolution, begin, type);
    if (stored === undefined && type !== allTypes) {
      known ??= Number(db.get(countTypes, queue, resolution, begin, allTypes)?.["count"] ?? 0);
      if (known >= statisticsTypes) {
        type = otherTypes;
        stored = db.get(selectCounts, queue, resolution, begin, type);
      }
      if (stored === undefined) known += 1;
    }
    const sum = noCounts();
    addCountsText(sum, String(stored?.["counts"] ?? ""));
    addCountsText(sum, countsText(counts));
    db.run(upsertCounts, queue, resolution, begin, type, countsText(sum));
  }
}

const selectWriter = "SELECT sequence FROM statistics_writers WHERE writer = ?";
const upsertWriter = `
  INSERT INTO statistics_writers (writer, sequence, written_at) VALUES (?, ?, ?)
  ON CONFLICT (writer) DO UPDATE SET sequence = excluded.sequence, written_at = excluded.written_at`;
const deleteOldWriters = "DELETE FROM statistics_writers WHERE written_at < ?";
const selectCounts = "SELECT counts FROM statistics WHERE queue = ? AND resolution = ? AND begins_at = ? AND type = ?";
const countTypes = `
  SELECT count(*) AS count FROM statistics WHERE queue = ? AND resolution = ? AND begins_at = ? AND type <> ?`;
const upsertCounts = `
  INSERT INTO statistics (queue, resolution, begins_at, type, counts) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (queue, resolution, begins_at, type) DO UPDATE SET counts = excluded.counts`;
/** One type, or each type if none is named. */
const inRange = "resolution = ? AND begins_at BETWEEN ? AND ? AND iif(? IS NULL, type <> '', type = ?)";
const selectOfSome = `
  SELECT queue, begins_at, type, counts FROM statistics
  WHERE queue IN (SELECT value FROM json_each(?)) AND ${inRange}`;
const selectOfAll = `
  SELECT queue, begins_at, type, counts FROM statistics INDEXED BY statistics_by_age WHERE ${inRange}`;
const deleteOld = deleting("begins_at <= ?");
const deleteAhead = deleting("begins_at > ?");

function deleting(which: string): string {
  return `
    DELETE FROM statistics WHERE (queue, resolution, begins_at, type) IN
      (SELECT queue, resolution, begins_at, type FROM statistics WHERE resolution = ? AND ${which} LIMIT ?)`;
}
