import type { Change, ChangeOutcome, EditOutcome } from "../broker/change-facet.ts";
import { HikyakuError } from "../errors.ts";
import { shown } from "../option-names.ts";
import { taskNotFound } from "../task/cancel-task.ts";

export function queueNotFound(queue: string): HikyakuError {
  return new HikyakuError(
    "queue_not_found",
    `queue ${shown(queue)}: there is none of this name; it had no task yet, or was removed`,
  );
}

function wrongState(queue: string, id: string, why: string): HikyakuError {
  return new HikyakuError("wrong_state", `task ${shown(id)} of queue "${queue}" ${why}`);
}

const running = "is running; cancel it instead, or wait until it is done";
const beingAggregated = "is being aggregated right now; try again in a moment";

/** The error for a change that was not carried out. Undefined when it was. */
export const changeErrors: Readonly<
  Record<ChangeOutcome, (queue: string, id: string, change: Change) => HikyakuError | undefined>
> = {
  changed: () => undefined,
  not_found: taskNotFound,
  unchanged: (queue, id, change) =>
    wrongState(queue, id, change === "run" ? "is waiting to run already" : "is archived already"),
  active: (queue, id) => wrongState(queue, id, running),
  taken: (queue, id) => wrongState(queue, id, beingAggregated),
  moved: (queue, id) => wrongState(queue, id, "is in another state by now"),
};

/** The same for an edit of a payload. */
export const editErrors: Readonly<Record<EditOutcome, (queue: string, id: string) => HikyakuError | undefined>> = {
  changed: () => undefined,
  not_found: taskNotFound,
  active: (queue, id) => wrongState(queue, id, running),
  taken: (queue, id) => wrongState(queue, id, beingAggregated),
  completed: (queue, id) =>
    wrongState(queue, id, "has completed; run it again with another payload by enqueueing anew"),
  conflict: (queue, id) => wrongState(queue, id, "was changed by somebody else at the same moment; read it again"),
  duplicate: (queue, id) =>
    new HikyakuError(
      "task_exists",
      `task ${shown(id)} of queue "${queue}" is unique, and another one with this payload exists already`,
    ),
};
