import type { TaskState } from "../broker/task-message.ts";
import { checkedText } from "../checked-name.ts";
import { HikyakuError } from "../errors.ts";
import { refuseUnknownOptions, shown } from "../option-names.ts";
import type { BulkSelection } from "./bulk-change.ts";
import { conditionNames, filterOf, type TaskConditions } from "./task-query.ts";

/** Which tasks to change: all of a state that meet the conditions, or named ones. */
export type TaskSelection =
  | ({
      readonly queue: string;
      readonly state: Exclude<TaskState, "active">;
      /** Needed for `aggregating`. */
      readonly group?: string;
      readonly ids?: undefined;
    } & TaskConditions)
  | { readonly queue: string; readonly ids: readonly string[] };

const idsNames: ReadonlySet<string> = new Set(["queue", "ids"]);
const stateNames: ReadonlySet<string> = new Set(["queue", "state", "group", "ids", ...conditionNames]);

/**
 * The selection, checked: a condition with a misspelt name would hold for every task.
 * @throws HikyakuError `invalid_option`.
 */
export function checkedSelection(
  method: string,
  selection: TaskSelection,
): BulkSelection | { readonly queue: string; readonly ids: readonly string[] } {
  refuseUnknownOptions(method, selection, selection?.ids === undefined ? stateNames : idsNames);
  const queue = checkedText("queue", selection.queue);
  if (selection.ids !== undefined) return { queue, ids: checkedIds(selection.ids) };
  const { state, group } = selection;
  const filter = filterOf(selection);
  return {
    queue,
    state,
    ...(group === undefined ? {} : { group: checkedText("group", group) }),
    ...(filter === undefined ? {} : { filter }),
  };
}

function checkedIds(ids: unknown): readonly string[] {
  if (Array.isArray(ids) && ids.every((id) => typeof id === "string")) return ids;
  throw new HikyakuError("invalid_option", `option "ids": expected an array of task ids, got ${shown(ids)}`);
}
