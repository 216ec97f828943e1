import type { Broker } from "../broker/broker.ts";
import { mostScanned } from "../broker/task-filter.ts";
import { checkState, type TaskState } from "../broker/task-message.ts";
import { checkedText } from "../checked-name.ts";
import { HikyakuError } from "../errors.ts";
import { refuseUnknownOptions, shown } from "../option-names.ts";
import type { Clock } from "../runtime/clock.ts";
import type { CallBudget } from "./call-budget.ts";
import { type TaskInfo, taskInfoOf, type UnreadableTaskInfo } from "./task-info.ts";
import { conditionNames, filterOf, type TaskConditions } from "./task-query.ts";

export interface TaskSearch extends TaskConditions {
  /** Default: all. */
  readonly queues?: readonly string[];
  /** Default: all; with `from` or `before` those that have a moment to compare with. */
  readonly states?: readonly TaskState[];
  /** Of aggregating tasks, only those of this group. */
  readonly group?: string;
  /** Most tasks of a page, 1 to 1000. Default: 50. */
  readonly limit?: number;
  /** The `nextCursor` of an earlier page, of the same search. */
  readonly cursor?: string;
}

export interface TaskSearchPage {
  /** Queue by queue, sorted by name; within a queue state by state, each in the order of `TaskPage`. */
  readonly tasks: readonly (TaskInfo | UnreadableTaskInfo)[];
  /** Undefined when this was the last page. A page may be empty and have a next. */
  readonly nextCursor: string | undefined;
  /** How many tasks were looked at for this page. */
  readonly scanned: number;
  /** False when it ended before the page was full, because it had looked for long enough. */
  readonly complete: boolean;
}

/** The parts of a broker that a search uses. */
export type SearchedBroker = Pick<Broker, "queues" | "queue" | "groups" | "list">;

/** In the order in which they are listed: what matters most comes first. */
const allStates = ["active", "pending", "retry", "scheduled", "aggregating", "archived", "completed"] as const;
const momentless: ReadonlySet<TaskState> = new Set(["active", "aggregating"]);
const defaultLimit = 50;
/** A page that finds little is answered after this time. */
const longestLookMs = 60;
/** It looks at so many at least, whatever the time: on a busy machine pages would be cut into crumbs. */
const leastLooked = 1_000;
/** What it costs to ask for a list, in tasks looked at. */
const costOfList = 20;
/** So much of payloads and results one page holds before it ends. */
const mostPageBytes = 4 * 1_024 * 1_024;
/** More groups than anybody pages through; a queue with more of them is asked for group by group. */
const mostGroups = 1_000;

const searchNames: ReadonlySet<string> = new Set<keyof TaskSearch>([
  "queues",
  "states",
  "group",
  "limit",
  "cursor",
  ...conditionNames,
]);

/**
 * Where a page ended: in this list, after what `inner` names; before the list where that is empty, after the whole list
 * where it is undefined.
 */
interface Position {
  readonly queue: string;
  readonly state: TaskState;
  readonly group: string;
  readonly inner: string | undefined;
}

interface List {
  readonly queue: string;
  readonly state: TaskState;
  readonly group: string;
}

/** @throws HikyakuError `invalid_option`. */
export function checkSearch(method: string, search: TaskSearch): void {
  refuseUnknownOptions(method, search, searchNames);
  for (const queue of search.queues ?? []) checkedText("queues", queue);
  for (const state of search.states ?? []) checkState(state);
  const { limit = defaultLimit, group, from, before } = search;
  if (group !== undefined) checkedText("group", group);
  if (!Number.isInteger(limit) || limit < 1 || limit > mostScanned) {
    throw new HikyakuError(
      "invalid_option",
      `option "limit": expected an integer from 1 to ${mostScanned}, got ${shown(limit)}`,
    );
  }
  const without = (search.states ?? []).find((state) => momentless.has(state));
  if (without !== undefined && (from !== undefined || before !== undefined)) {
    throw new HikyakuError(
      "invalid_option",
      `options "from" and "before": expected none, because ${without} tasks carry no moment to compare with`,
    );
  }
}

/** A page of tasks over queues and states. It answers with what it has found when it has looked for long enough. */
export async function searchTasks(
  broker: SearchedBroker,
  clock: Clock,
  search: TaskSearch,
  budget: CallBudget,
): Promise<TaskSearchPage> {
  const { limit = defaultLimit, cursor } = search;
  const filter = filterOf(search);
  const start = cursor === undefined ? undefined : positionOf(cursor);
  const endsAt = clock.monotonic() + longestLookMs;
  const tasks: TaskSearchPage["tasks"][number][] = [];
  let [scanned, bytes, looked] = [0, 0, 0];
  let last: Position | undefined;
  const isOver = (): boolean =>
    (looked >= leastLooked && clock.monotonic() >= endsAt) || bytes >= mostPageBytes || budget.isSpent;
  for await (const found of listsOf(broker, search, start, budget)) {
    if (found.list === undefined) {
      const before: Position = { queue: found.queue, state: allStates[0], group: "", inner: "" };
      looked += costOfList;
      // A queue without a list to look at takes time too. But each page gets further.
      if (last !== undefined && isOver()) return { tasks, nextCursor: cursorOf(before), scanned, complete: false };
      last = before;
      continue;
    }
    const { queue, state, group } = found.list;
    let inner = found.inner;
    do {
      const page = await broker.list(
        {
          queue,
          state,
          ...(state === "aggregating" && { group }),
          limit: limit - tasks.length,
          ...(inner !== undefined && { cursor: inner }),
          ...(filter !== undefined && { filter }),
        },
        budget.next(),
      );
      for (const entry of page.tasks) {
        const task = taskInfoOf(entry, clock.now());
        tasks.push(task);
        bytes += sizeOf(task);
      }
      scanned += page.scanned;
      looked += page.scanned + costOfList;
      inner = page.nextCursor;
      last = { queue, state, group, inner };
      const isFull = tasks.length >= limit;
      if (isFull || isOver()) return { tasks, nextCursor: cursorOf(last), scanned, complete: isFull };
    } while (inner !== undefined);
  }
  return { tasks, nextCursor: undefined, scanned, complete: true };
}

/** What a search comes to: first a queue, then its lists that hold tasks. */
type Found =
  | { readonly list: undefined; readonly queue: string }
  | { readonly list: List; readonly inner: string | undefined };

/** What there is to look at, in order, from a position on. */
async function* listsOf(
  broker: SearchedBroker,
  search: TaskSearch,
  start: Position | undefined,
  budget: CallBudget,
): AsyncGenerator<Found> {
  const byTime = search.from !== undefined || search.before !== undefined;
  const states = allStates.filter((state) =>
    search.states === undefined ? !(byTime && momentless.has(state)) : search.states.includes(state),
  );
  const names = search.queues === undefined ? await broker.queues(budget.next()) : [...new Set(search.queues)].sort();
  for (const queue of names) {
    if (start !== undefined && queue < start.queue) continue;
    yield { list: undefined, queue };
    const numbers = await broker.queue(queue, budget.next());
    for (const state of states) {
      const [from, at] = start?.queue === queue ? [allStates.indexOf(start.state), allStates.indexOf(state)] : [0, 0];
      if (at < from || !numbers?.counts[state]) continue;
      const isStart = start?.queue === queue && start.state === state;
      for (const group of state === "aggregating" ? await groupsOf(broker, queue, search, budget) : [""]) {
        if (isStart && group < start.group) continue;
        const isHere = isStart && group === start.group;
        if (isHere && start.inner === undefined) continue;
        yield { list: { queue, state, group }, inner: isHere && start.inner !== "" ? start.inner : undefined };
      }
    }
  }
}

async function groupsOf(
  broker: SearchedBroker,
  queue: string,
  { group }: TaskSearch,
  budget: CallBudget,
): Promise<readonly string[]> {
  if (group !== undefined) return [group];
  const groups = await broker.groups(queue, budget.next());
  return groups
    .map(({ group: name }) => name)
    .sort()
    .slice(0, mostGroups);
}

function sizeOf(task: TaskInfo | UnreadableTaskInfo): number {
  return task.kind === "task" ? task.payload.size + (task.result?.size ?? 0) : (task.bytes?.length ?? 0);
}

function cursorOf({ queue, state, group, inner }: Position): string {
  return Buffer.from(JSON.stringify([queue, state, group, inner ?? null])).toString("base64url");
}

function positionOf(cursor: string): Position {
  try {
    const [queue, state, group, inner] = JSON.parse(Buffer.from(cursor, "base64url").toString()) as unknown[];
    const isKnown = allStates.some((one) => one === state);
    if (isKnown && typeof queue === "string" && typeof group === "string") {
      if (inner === null || typeof inner === "string") {
        return { queue, state: state as TaskState, group, inner: inner ?? undefined };
      }
    }
  } catch {
    // Refused below.
  }
  throw new HikyakuError(
    "invalid_option",
    `option "cursor": expected what an earlier page gave as nextCursor, got ${shown(cursor)}`,
  );
}
