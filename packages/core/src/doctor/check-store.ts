import { checkedSignal } from "../abort-signal.ts";
import type { Broker } from "../broker/broker.ts";
import type { CallOptions } from "../broker/call-options.ts";
import { aFinding, type Finding } from "../broker/finding.ts";
import type { QueueNumbers } from "../broker/inspect-facet.ts";
import { defaultArchive } from "../broker/limits.ts";
import type { ArchiveLimits } from "../broker/maintain-facet.ts";
import { HikyakuError, isHikyakuError } from "../errors.ts";
import { refuseUnknownOptions, shown } from "../option-names.ts";
import { type Clock, systemClock } from "../runtime/clock.ts";
import { checkArchive } from "./check-archive.ts";
import { checkSchedules } from "./check-schedules.ts";
import { type CheckDepth, checkHolders, checkTakers, checkWaitingTypes, checkWorkers } from "./check-workers.ts";
import { checkWrites, nothingRefused } from "./check-writes.ts";

/** The parts of the port that a check needs. */
export type CheckedBroker = Pick<
  Broker,
  | "reconcile"
  | "findQueues"
  | "checkSettings"
  | "queues"
  | "queue"
  | "servers"
  | "silentServers"
  | "list"
  | "archivedSince"
  | "location"
  | "unreadableEntries"
  | "durableEntries"
  | "scheduleRecords"
  | "probeWrites"
>;

export interface StoreCheckOptions {
  /** Default: all queues in the store's list, and those that hold something without being listed. */
  readonly queues?: readonly string[];
  /** Carries out the repairs that are safe. Default false: nothing is written, except a trial that leaves no trace. */
  readonly repair?: boolean;
  /**
   * `tasks`: only what lies in the store; each task is looked at. `live`: who works on it, which tasks wait for nobody
   * or were archived lately, the schedules, whether writing works, and the store's settings. `live` is quick however
   * many tasks there are. `all`, the default: both.
   */
  readonly scope?: "all" | "tasks" | "live";
  /** Default: 10000 tasks, 90 days, as for a server. */
  readonly archive?: ArchiveLimits;
  /** How long to wait before a second look at what seems broken. Default 1000. 0 when nobody else writes. */
  readonly graceMs?: number;
  readonly signal?: AbortSignal;
  /** Default: the machine's own. */
  readonly clock?: Pick<Clock, "now">;
}

const sliceSize = 500;
const wholeDepth: CheckDepth = { pages: 20, pageSize: 500 };
const quickDepth: CheckDepth = { pages: 1, pageSize: 100 };

/**
 * Looks at a whole store, slice by slice, and returns everything that is wrong. The result is empty when:
 * - each task is in exactly one state and place, and has a body;
 * - each task has a lease if and only if it is active;
 * - each lock belongs to a living task.
 *
 * Safe while others work.
 * @throws HikyakuError
 */
export async function checkStore(broker: CheckedBroker, options: StoreCheckOptions = {}): Promise<readonly Finding[]> {
  if (typeof broker?.checkSettings !== "function") throw invalid("broker", "a broker", broker);
  checkOptions(options);
  const { scope = "all" } = options;
  const call: CallOptions = options.signal === undefined ? {} : { signal: options.signal };
  const findings = new Map<string, Finding>();
  const add = (found: readonly Finding[]): void => {
    for (const finding of found) {
      const key = JSON.stringify([finding.kind, finding.queue, finding.taskId, finding.taskId ?? finding.detail]);
      if (!findings.has(key)) findings.set(key, finding);
    }
  };
  if (scope !== "tasks") add(await broker.checkSettings(call));
  const queues = options.queues ?? (scope === "live" ? await broker.queues(call) : await everyQueue(broker, call));
  const writes = scope === "tasks" ? nothingRefused : await checkWrites(broker, queues, call);
  add(writes.findings);
  /** A queue that can't be written may not be readable either. That was already reported. */
  const forEachQueue = async (check: (queue: string) => Promise<void>): Promise<void> => {
    for (const queue of queues) {
      try {
        await check(queue);
      } catch (error) {
        if (!isHikyakuError(error, "store_rejected") || !writes.refused.has(queue)) throw error;
      }
    }
  };
  if (scope !== "live") await forEachQueue((queue) => checkQueue(broker, queue, options, call, add));
  const present = scope === "tasks" ? undefined : await broker.servers(call);
  await forEachQueue(async (queue) => {
    const numbers = await broker.queue(queue, call);
    if (numbers === undefined) return;
    add(checkTotals(numbers));
    if (present !== undefined) add(checkTakers(numbers, present.servers));
  });
  if (present !== undefined) {
    add(checkWorkers(present.servers, await broker.silentServers(call)));
    add((present.unreadable ?? []).map((name) => unreadableRecord(`the record ${name} of a server`)));
    const entries = await broker.unreadableEntries(call);
    add(entries.map((entryId) => unreadableRecord(`the durable schedule ${JSON.stringify(entryId)}`)));
    add(checkSchedules(await broker.durableEntries(call), await broker.scheduleRecords(call)));
    const depth = scope === "live" ? quickDepth : wholeDepth;
    const now = (options.clock ?? systemClock).now();
    await forEachQueue(async (queue) => {
      add(await checkWaitingTypes(broker, queue, present.servers, call, depth));
      add(await checkHolders(broker, queue, present, call, depth));
      add(await checkArchive(broker, queue, now, call));
    });
  }
  return [...findings.values()];
}

const optionNames: ReadonlySet<string> = new Set<keyof StoreCheckOptions>([
  "queues",
  "repair",
  "scope",
  "archive",
  "graceMs",
  "signal",
  "clock",
]);
const archiveNames: ReadonlySet<string> = new Set<keyof ArchiveLimits>(["maxCount", "maxAgeMs"]);
const scopes: readonly unknown[] = ["all", "tasks", "live"] satisfies readonly StoreCheckOptions["scope"][];

function checkOptions(options: StoreCheckOptions): void {
  refuseUnknownOptions("checkStore", options, optionNames);
  const { queues, repair = false, scope = "all", archive = defaultArchive, graceMs = 0, signal } = options;
  checkedSignal(signal);
  if (options.clock !== undefined && typeof options.clock?.now !== "function") {
    throw invalid("clock", "a clock", options.clock);
  }
  if (!scopes.includes(scope)) throw invalid("scope", `one of ${scopes.join(", ")}`, scope);
  if (typeof repair !== "boolean") throw invalid("repair", "true or false", repair);
  if (!Number.isFinite(graceMs) || graceMs < 0) throw invalid("graceMs", "a number from 0 up", graceMs);
  if (queues !== undefined && !(Array.isArray(queues) && queues.every((queue) => typeof queue === "string"))) {
    throw invalid("queues", "an array of queue names", queues);
  }
  refuseUnknownOptions("archive", archive, archiveNames);
  for (const [name, limit] of Object.entries(archive)) {
    if (!Number.isFinite(limit) || limit <= 0) throw invalid(`archive.${name}`, "a number above 0", limit);
  }
}

function invalid(option: string, expected: string, value: unknown): HikyakuError {
  return new HikyakuError("invalid_option", `option "${option}": expected ${expected}, got ${shown(value)}`);
}

function unreadableRecord(what: string): Finding {
  return aFinding("unreadable_record", { detail: `${what} can't be read` });
}

async function checkQueue(
  broker: CheckedBroker,
  queue: string,
  { repair = false, archive = defaultArchive, graceMs = 1_000 }: StoreCheckOptions,
  call: CallOptions,
  add: (found: readonly Finding[]) => void,
): Promise<void> {
  let cursor: string | undefined;
  do {
    const request = { queue, limit: sliceSize, repair, readMessages: true, archive, graceMs };
    const slice = await broker.reconcile(cursor === undefined ? request : { ...request, cursor }, call);
    add(slice.findings);
    cursor = slice.nextCursor;
  } while (cursor !== undefined);
}

/** The totals include each day, and the attempts include the failed ones. */
function checkTotals(numbers: QueueNumbers): Finding[] {
  const { queue, processedToday, processedTotal, failedToday, failedTotal } = numbers;
  const fits =
    failedToday <= processedToday &&
    failedTotal <= processedTotal &&
    processedToday <= processedTotal &&
    failedToday <= failedTotal;
  if (fits) return [];
  const detail =
    `queue "${queue}" counts ${processedTotal} attempts and ${failedTotal} failures, ` +
    `${processedToday} and ${failedToday} of them today`;
  return [aFinding("wrong_totals", { queue, detail })];
}

async function everyQueue(broker: CheckedBroker, call: CallOptions): Promise<readonly string[]> {
  const names = new Set(await broker.queues(call));
  let cursor: string | undefined;
  do {
    const page = { limit: 1_000, ...(cursor !== undefined && { cursor }) };
    const found = await broker.findQueues(page, call);
    for (const queue of found.queues) names.add(queue);
    cursor = found.nextCursor;
  } while (cursor !== undefined);
  return [...names].sort();
}
