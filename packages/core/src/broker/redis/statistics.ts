import type { CallOptions } from "../call-options.ts";
import { reportMarkKeptMs, statisticsTypes } from "../limits.ts";
import { noCounts } from "../statistics-counts.ts";
import type {
  StatisticsCell,
  StatisticsFacet,
  StatisticsReport,
  StatisticsRequest,
  StatisticsRow,
} from "../statistics-facet.ts";
import {
  allTypes,
  askedPeriods,
  keptForMs,
  otherTypes,
  periodBegin,
  statisticsResolutions,
} from "../statistics-resolution.ts";
import { cellsByMinute } from "../statistics-sums.ts";
import { allQueuesKey, reportMarkKey, statisticsKey } from "./keys.ts";
import { addStatisticsLua, readStatisticsLua } from "./lua/generated.ts";
import { addPackedCounts, packCounts } from "./pack-counts.ts";
import { byQueue, type RedisContext } from "./redis-context.ts";
import { runCommand, runScript, script } from "./run-script.ts";
import type { Argument, Reply } from "./wire/link.ts";
import { list, text } from "./wire/reply.ts";

const addScript = script(addStatisticsLua, "number");
const readScript = script(readStatisticsLua, "list");

export class RedisStatistics implements StatisticsFacet {
  readonly #context: RedisContext;

  constructor(context: RedisContext) {
    this.#context = context;
  }

  async addStatistics(report: StatisticsReport, call?: CallOptions): Promise<void> {
    const shares = byQueue(report.cells, ({ queue }) => queue, Number.POSITIVE_INFINITY);
    const added = shares.map(({ queue, items }) => this.#add(report, queue, items, call));
    // All answers are waited for: what was sent and not answered can't be told from what is still on its way.
    for (const answer of await Promise.allSettled(added)) if (answer.status === "rejected") throw answer.reason;
  }

  async readStatistics(request: StatisticsRequest, call?: CallOptions): Promise<readonly StatisticsRow[]> {
    const { connection, clock } = this.#context;
    const begins = askedPeriods(request, clock.now());
    if (begins.length === 0) return [];
    const queues =
      request.queues ??
      list(await runCommand(connection, ["SMEMBERS", allQueuesKey], call)).map((name) => text(name) ?? "");
    return (await Promise.all(queues.map((name) => this.#read(name, begins, request, call)))).flat();
  }

  async #add(
    { writer, sequence }: StatisticsReport,
    queue: string,
    cells: readonly StatisticsCell[],
    call: CallOptions | undefined,
  ): Promise<void> {
    const { connection, clock } = this.#context;
    const now = clock.now();
    const keys = [reportMarkKey(queue, writer)];
    const args: Argument[] = [String(sequence), seconds(reportMarkKeptMs), String(statisticsTypes), otherTypes];
    for (const [minute, countsOfTypes] of cellsByMinute(cells)) {
      for (const resolution of statisticsResolutions) {
        const begin = periodBegin(resolution, minute);
        keys.push(statisticsKey(queue, resolution, begin));
        args.push(seconds(Math.max(0, keptForMs(resolution, begin, now))));
      }
      args.push(String(countsOfTypes.size));
      for (const [type, counts] of countsOfTypes) args.push(type, packCounts(counts));
    }
    await runScript(connection, addScript, keys, args, call);
  }

  async #read(
    queue: string,
    begins: readonly number[],
    { resolution, types }: StatisticsRequest,
    call: CallOptions | undefined,
  ): Promise<StatisticsRow[]> {
    const keys = begins.map((begin) => statisticsKey(queue, resolution, begin));
    const only = typeof types === "object" ? [types.only] : types === "all" ? [allTypes] : [];
    const periods = list(await runScript(this.#context.connection, readScript, keys, only, call));
    return begins.flatMap((at, index) => rowsOf(queue, at, list(periods[index])));
  }
}

function rowsOf(queue: string, at: number, found: readonly Reply[]): StatisticsRow[] {
  const rows: StatisticsRow[] = [];
  for (let index = 0; index < found.length; index += 2) {
    const type = text(found[index]) ?? "";
    const counts = noCounts();
    const packed = found[index + 1];
    if (Buffer.isBuffer(packed)) addPackedCounts(counts, packed);
    rows.push({ queue, type: type === allTypes ? undefined : type, at, counts });
  }
  return rows;
}

function seconds(ms: number): string {
  return String(Math.ceil(ms / 1_000));
}
