import { HikyakuError } from "../errors.ts";
import { shown } from "../option-names.ts";
import { type Change, mostChanged, type RemoveQueueRequest, type Selection } from "./change-facet.ts";
import { checkState } from "./task-message.ts";

/** How long after its end a lease is surely over: the clocks of two machines may differ by so much. */
export const clockMarginMs = 60_000;

/**
 * Refuses changes that no store can carry out.
 * @throws HikyakuError `invalid_option`.
 */
export function checkChange(selection: Selection, change: Change, limit: number): void {
  checkLimit(limit);
  if (selection.kind === "ids") return;
  const { state, group } = selection;
  checkState(state);
  if ((state as string) === "active") {
    throw new HikyakuError(
      "invalid_option",
      'option "state": expected a state in which no worker holds the tasks, got "active"; cancel them instead',
    );
  }
  if (state === "aggregating" && group === undefined) {
    throw new HikyakuError("invalid_option", 'option "group": expected the name of a group to change, got none');
  }
  if ((change === "run" && state === "pending") || (change === "archive" && state === "archived")) {
    const target = change === "run" ? "waiting to run" : "archived";
    throw new HikyakuError(
      "invalid_option",
      `option "state": expected another one, ${state} tasks are ${target} already`,
    );
  }
}

/** @throws HikyakuError `invalid_option`. */
export function checkRemoval({ limit }: RemoveQueueRequest): void {
  checkLimit(limit);
}

function checkLimit(limit: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= mostChanged) return;
  throw new HikyakuError(
    "invalid_option",
    `option "limit": expected an integer from 1 to ${mostChanged}, got ${shown(limit)}`,
  );
}
