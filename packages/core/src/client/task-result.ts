import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { TaskEntry } from "../broker/inspect-facet.ts";
import type { TaskState } from "../broker/task-message.ts";
import { originOf } from "../enqueue/enqueued-task.ts";
import { HikyakuError } from "../errors.ts";
import { shown } from "../option-names.ts";
import { parseResult } from "../task/payload.ts";
import type { TaskDefinition } from "../task/task.ts";

/** A task by its name, with the definition that describes its result. */
export interface NamedTask<Result extends StandardSchemaV1 = StandardSchemaV1> {
  readonly queue: string;
  readonly id: string;
  readonly definition: Pick<TaskDefinition<StandardSchemaV1, Result>, "type" | "result">;
}

/** What one look at a task shows. */
export type ResultLook =
  | { readonly kind: "completed"; readonly result: Uint8Array | undefined }
  | { readonly kind: "unfinished"; readonly state: TaskState | undefined };

/**
 * The task that a caller means.
 * @throws HikyakuError `invalid_option` when it is not clear, and when the task is known to have no retention.
 */
export function namedTask(method: string, task: unknown): NamedTask {
  const { queue, id, definition } = (task ?? {}) as Partial<NamedTask>;
  const origin = originOf(task);
  if (origin !== undefined && origin.retentionMs <= 0) throw withoutRetention(method, String(queue), String(id));
  const described = definition ?? origin?.definition;
  if (typeof queue === "string" && typeof id === "string" && typeof described?.type === "string") {
    return { queue, id, definition: described };
  }
  throw new HikyakuError(
    "invalid_option",
    `${method}: expected a task as enqueue gave it, or { queue, id, definition }, got ${shown(task)}`,
  );
}

/**
 * What a task's entry says of its result.
 * @throws HikyakuError `task_not_found`, `task_archived`, `corrupt_data`, and `invalid_option` for one without a retention.
 */
export function lookAtResult(method: string, { queue, id }: NamedTask, entry: TaskEntry | undefined): ResultLook {
  if (entry === undefined) {
    throw new HikyakuError(
      "task_not_found",
      `task ${shown(id)}: queue "${queue}" has none of this id; it was removed, or its retention is over`,
    );
  }
  if (entry.unreadable !== undefined) {
    throw new HikyakuError("corrupt_data", `task ${shown(id)} of queue "${queue}" can't be read: ${entry.unreadable}`);
  }
  const { state, message, result } = entry;
  if (state === "completed") return { kind: "completed", result };
  if (state === "archived") {
    throw new HikyakuError(
      "task_archived",
      `task ${shown(id)} of type "${message.type}" in queue "${queue}" was archived` +
        (message.lastError === "" ? "" : `: ${message.lastError}`),
    );
  }
  if (message.retentionMs <= 0) throw withoutRetention(method, queue, id);
  return { kind: "unfinished", state };
}

/** @throws HikyakuError `invalid_payload` when it does not fit the schema, also when there is none and there should be. */
export async function parsedResult({ definition }: NamedTask, result: Uint8Array | undefined): Promise<unknown> {
  return await parseResult(definition, result);
}

function withoutRetention(method: string, queue: string, id: string): HikyakuError {
  return new HikyakuError(
    "invalid_option",
    `${method}: task ${shown(id)} of queue "${queue}" has no retention: it is removed with its result as soon as it ` +
      'is done; enqueue it with one, such as retention: "1h"',
  );
}
