import type { BulkAction } from "@hikyaku/contract";
import { type Broker, type ChangeOutcome, type Inspector, isHikyakuError, isStoreAway, type TaskState } from "hikyaku";
import type { Slice, SliceOutcomes } from "./stored-operation.ts";

type Told = SliceOutcomes["tasks"][number];

const callMs = 8_000;

/** What a change that was refused is told as, with the state that the task was found in. */
const refusals: Readonly<Record<Exclude<ChangeOutcome, "changed" | "not_found" | "unchanged">, TaskState | null>> = {
  active: "active",
  taken: "aggregating",
  moved: null,
};

/**
 * Changes the tasks of a slice. Of one that is repeated nobody knows how far it came: what is not as it was then was
 * perhaps done.
 * @throws HikyakuError when the store is away. Some of them were perhaps changed.
 */
export async function changeSlice(
  broker: Pick<Broker, "change">,
  inspector: Inspector,
  action: BulkAction,
  { queue, state, ids }: Slice,
  isRepeated: boolean,
): Promise<SliceOutcomes> {
  if (action === "cancel") {
    const tasks: Told[] = [];
    for (const id of ids) tasks.push(await cancelled(inspector, queue, id, isRepeated));
    return { queue, tasks };
  }
  const selection = { kind: "ids", queue, taskIds: ids, ...(state !== null && { state: state as TaskState }) } as const;
  const { outcomes } = await broker.change(selection, action, ids.length, { timeoutMs: callMs });
  const tasks = outcomes.map(({ taskId, outcome }): Told => {
    if (outcome === "changed") return [taskId, "done", null];
    if (isRepeated && outcome !== "taken") return [taskId, "perhaps_done", null];
    if (outcome === "not_found") return [taskId, "not_found", null];
    if (outcome === "unchanged") return [taskId, "wrong_state", action === "run" ? "pending" : "archived"];
    return [taskId, "wrong_state", refusals[outcome]];
  });
  return { queue, tasks };
}

async function cancelled(inspector: Inspector, queue: string, id: string, isRepeated: boolean): Promise<Told> {
  try {
    await inspector.cancel(queue, id, { within: { ms: callMs } });
    return [id, "done", null];
  } catch (error) {
    if (isStoreAway(error)) throw error;
    if (isHikyakuError(error, "wrong_state")) {
      const { state } = error.facts;
      return [id, "wrong_state", (state as TaskState | undefined) ?? null];
    }
    const isGone = isHikyakuError(error, "task_not_found") || isHikyakuError(error, "queue_not_found");
    if (isGone) return [id, isRepeated ? "perhaps_done" : "not_found", null];
    if (isHikyakuError(error, "corrupt_data")) return [id, "failed", null];
    throw error;
  }
}
