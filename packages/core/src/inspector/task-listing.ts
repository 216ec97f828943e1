import type { InspectFacet } from "../broker/inspect-facet.ts";
import type { Clock } from "../runtime/clock.ts";
import type { CallBudget } from "./call-budget.ts";
import { type TaskInfo, taskInfoOf, type UnreadableTaskInfo } from "./task-info.ts";
import { filterOf, type TaskQuery } from "./task-query.ts";

export interface TaskListing {
  readonly tasks: readonly (TaskInfo | UnreadableTaskInfo)[];
  /** Undefined when this was the last page. Also with fewer tasks than asked for, or none, there may be more. */
  readonly nextCursor: string | undefined;
  /** How many tasks were looked at for this page. */
  readonly scanned: number;
}

/** A page that finds little goes on looking, but only so far. */
const mostSlicesOfPage = 20;
const defaultLimit = 30;

/** A page of tasks. With little time left it is what was found until then, once something was looked at. */
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
