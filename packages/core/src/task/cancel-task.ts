import type { Broker } from "../broker/broker.ts";
import type { CallOptions } from "../broker/call-options.ts";
import type { TaskState } from "../broker/task-message.ts";
import { HikyakuError } from "../errors.ts";
import { shown } from "../option-names.ts";

/**
 * What a cancel did. `archived`: the task was not running, and will not run unless asked. `signalled`: a worker holds
 * it and was asked to stop; the task's state will show the result.
 */
export type CancelAnswer = "archived" | "signalled";

/** The parts of a broker that a cancel needs. */
export type CancellingBroker = Pick<Broker, "get" | "change" | "send">;

/** How often to look at a task that moves between two looks. */
const mostLooks = 5;

/**
 * Cancels one task in any state. A waiting task is archived; the worker of a running one gets a signal. An archived
 * task stays as it is. When the holder is unknown or belongs to another library, the signal can't name the queue. It
 * then also reaches running tasks of the same id in other queues.
 * @throws HikyakuError `task_not_found`; `wrong_state` when it has completed or is being aggregated; `corrupt_data`.
 */
export async function cancelTask(
  broker: CancellingBroker,
  queue: string,
  id: string,
  call?: CallOptions,
): Promise<CancelAnswer> {
  for (let look = 0; look < mostLooks; look++) {
    const [entry] = await broker.get(queue, [id], call);
    if (entry === undefined) throw taskNotFound(queue, id);
    const { state, unreadable } = entry;
    if (state === "active") {
      const isOurs = unreadable === undefined && entry.leaseToken !== undefined;
      await broker.send({ kind: "cancel", taskId: id, ...(isOurs && { queue }) }, call);
      return "signalled";
    }
    if (state === "archived") return "archived";
    if (state === "completed") throw refused(queue, id, "has completed; there is nothing left to cancel", state);
    if (unreadable !== undefined || state === undefined) {
      throw new HikyakuError("corrupt_data", `task ${shown(id)} of queue "${queue}" can't be read: ${unreadable}`);
    }
    const { outcomes } = await broker.change({ kind: "ids", queue, taskIds: [id], state }, "archive", 1, call);
    const outcome = outcomes[0]?.outcome;
    if (outcome === "changed" || outcome === "unchanged") return "archived";
    if (outcome === "not_found") throw taskNotFound(queue, id);
    if (outcome === "taken") throw refused(queue, id, "is being aggregated right now; try again in a moment", state);
  }
  throw refused(queue, id, "went from one state to another at each look; try again in a moment");
}

export function taskNotFound(queue: string, id: string): HikyakuError {
  return new HikyakuError(
    "task_not_found",
    `task ${shown(id)}: queue "${queue}" has none of this id; it may have been done, or removed`,
  );
}

function refused(queue: string, id: string, why: string, state?: TaskState): HikyakuError {
  const facts = { queue, taskId: id, ...(state !== undefined && { state }) };
  return new HikyakuError("wrong_state", `task ${shown(id)} of queue "${queue}" ${why}`, { facts });
}
