import type { InspectFacet } from "../broker/inspect-facet.ts";
import type { Clock } from "../runtime/clock.ts";
import type { CallBudget } from "./call-budget.ts";
import { type TaskInfo, taskInfoOf, type UnreadableTaskInfo } from "./task-info.ts";
import { filterOf, type TaskQuery } from "./task-query.ts";

export interface TaskListing {
  readonly tasks: readonly (TaskInfo | UnreadableTaskInfo)[];
  /**
   * Undefined when this was the last page. There may be more pages even when this one has fewer tasks than asked for,
   * or none.
   */
  readonly nextCursor: string | undefined;
  /** How many tasks were looked at for this page. */
  readonly scanned: number;
}

/** How many slices one page looks at while it finds little. */
const mostSlicesOfPage = 20;
const defaultLimit = 30;

/** A page of tasks. When little time is left, it answers with what it has found, if it has looked at anything. */
export async function listTasks(
  broker: Pick<InspectFacet, "list">,
  clock: Clock,
  query: TaskQuery,
  budget: CallBudget,
): Promise<TaskListing> {
  const { queue, state, group, limit = defaultLimit } = query;
  const filter = filterOf(query);
  const where = {
    queue,
    state,
    ...(group === undefined ? {} : { group }),
    ...(filter === undefined ? {} : { filter }),
  };
  const tasks: TaskListing["tasks"][number][] = [];
  let { cursor } = query;
  let scanned = 0;
  for (let slices = 0; slices < mostSlicesOfPage; slices++) {
    const rest = { ...where, limit: limit - tasks.length, ...(cursor === undefined ? {} : { cursor }) };
    const page = await broker.list(rest, budget.next());
    for (const entry of page.tasks) tasks.push(taskInfoOf(entry, clock.now()));
    scanned += page.scanned;
    cursor = page.nextCursor;
    if (cursor === undefined || tasks.length >= limit || budget.isSpent) break;
  }
  return { tasks, nextCursor: cursor, scanned };
}
