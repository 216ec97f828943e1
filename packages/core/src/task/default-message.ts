import type { TaskMessage, TaskRequest } from "../broker/task-message.ts";
import { fieldNames, fieldRow } from "./task-fields.ts";

/**
 * A message with these fields and the default of each other one: nothing else was asked for, and nothing happened. For
 * programs that hand tasks to a broker without a `Client`. The client has its own defaults, such as 25 retries.
 */
export function defaultMessage(fields: Pick<TaskRequest, "id" | "type" | "queue"> & Partial<TaskMessage>): TaskMessage {
  return { ...defaults, ...fields };
}

/** Fields that are optional are left out. */
const defaults = Object.fromEntries(
  fieldNames
    .map((name) => ({ name, row: fieldRow(name) }))
    .filter(({ row }) => typeof row.wire === "number")
    .map(({ name, row }) => [name, row.default]),
) as unknown as TaskMessage;
