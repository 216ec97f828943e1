import type { Change, ChangeOutcome, EditOutcome, RescheduleOutcome } from "../broker/change-facet.ts";
import type { TaskState } from "../broker/task-message.ts";
import { HikyakuError } from "../errors.ts";
import { shown } from "../option-names.ts";
import { taskNotFound } from "../task/cancel-task.ts";

export function queueNotFound(queue: string): HikyakuError {
  return new HikyakuError(
    "queue_not_found",
    `queue ${shown(queue)}: there is none of this name; it had no task yet, or was removed`,
  );
}

function wrongState(queue: string, id: string, why: string, state?: TaskState): HikyakuError {
  const facts = { queue, taskId: id, ...(state !== undefined && { state }) };
  return new HikyakuError("wrong_state", `task ${shown(id)} of queue "${queue}" ${why}`, { facts });
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
    change === "run"
      ? wrongState(queue, id, "is waiting to run already", "pending")
      : wrongState(queue, id, "is archived already", "archived"),
  active: (queue, id) => wrongState(queue, id, running, "active"),
  taken: (queue, id) => wrongState(queue, id, beingAggregated, "aggregating"),
  moved: (queue, id) => wrongState(queue, id, "is in another state by now"),
};

/** The same for another moment. */
export const rescheduleErrors: Readonly<
  Record<RescheduleOutcome, (queue: string, id: string) => HikyakuError | undefined>
> = {
  changed: () => undefined,
  not_found: taskNotFound,
  active: (queue, id) => wrongState(queue, id, running, "active"),
  taken: (queue, id) => wrongState(queue, id, beingAggregated, "aggregating"),
  completed: (queue, id) => wrongState(queue, id, "has completed; enqueue it anew to run it again", "completed"),
};

/** The same for an edit of a payload. */
export const editErrors: Readonly<Record<EditOutcome, (queue: string, id: string) => HikyakuError | undefined>> = {
  changed: () => undefined,
  not_found: taskNotFound,
  active: (queue, id) => wrongState(queue, id, running, "active"),
  taken: (queue, id) => wrongState(queue, id, beingAggregated, "aggregating"),
  completed: (queue, id) =>
    wrongState(queue, id, "has completed; run it again with another payload by enqueueing anew", "completed"),
  conflict: (queue, id) => wrongState(queue, id, "was changed by somebody else at the same moment; read it again"),
  duplicate: (queue, id) =>
    new HikyakuError(
      "task_exists",
      `task ${shown(id)} of queue "${queue}" is unique, and another one with this payload exists already`,
    ),
};
