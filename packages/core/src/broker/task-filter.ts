import { HikyakuError } from "../errors.ts";
import { shown } from "../option-names.ts";
import type { ListQuery, StoredTask, TaskEntry, TaskFilter } from "./inspect-facet.ts";
import { checkState } from "./task-message.ts";

/** Most tasks that one page looks at, so that a long list is searched in slices. */
export const mostScanned = 1_000;
export const mostScannedBytes = 4 * 1_024 * 1_024;

/**
 * Refuses a query that no store can answer.
 * @throws HikyakuError `invalid_option`.
 */
export function checkListQuery({ state, group, filter, limit }: ListQuery): void {
  checkState(state);
  if (!Number.isInteger(limit) || limit < 1 || limit > mostScanned) {
    throw new HikyakuError(
      "invalid_option",
      `option "limit": expected an integer from 1 to ${mostScanned}, got ${shown(limit)}`,
    );
  }
  if (state === "aggregating" && group === undefined) {
    throw new HikyakuError("invalid_option", 'option "group": expected the name of a group to list, got none');
  }
  const byTime = filter?.from !== undefined || filter?.before !== undefined;
  if (byTime && (state === "active" || state === "aggregating")) {
    throw new HikyakuError(
      "invalid_option",
      `options "from" and "before": expected none, because ${state} tasks carry no moment to compare with`,
    );
  }
}

/** Whether an entry of a list is wanted. */
export function fitsFilter(entry: TaskEntry, filter: TaskFilter | undefined): boolean {
  if (filter === undefined) return true;
  const id = entry.unreadable === undefined ? entry.message.id : entry.taskId;
  if (filter.idPrefix !== undefined && !id.startsWith(filter.idPrefix)) return false;
  if (entry.unreadable !== undefined) return isByIdOnly(filter);
  const { message } = entry;
  if (filter.type !== undefined && message.type !== filter.type) return false;
  if (filter.error !== undefined && !asciiLower(message.lastError).includes(asciiLower(filter.error))) return false;
  const { payload = mustHold(filter) } = filter;
  if (payload !== undefined && !bufferOf(message.payload).includes(bufferOf(payload))) return false;
  if (filter.payloadValue !== undefined && !holdsValue(message.payload, filter.payloadValue)) return false;
  return fitsTime(entry, filter);
}

/** Lowers only A to Z, so that every store and language gives the same. */
export function asciiLower(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** A text that every library writes into JSON as it is: others escape what these do not hold. */
const plainText = /^[\w.@-]+$/;

/**
 * Bytes that a payload must have to hold the value, so that most others need not be parsed. Undefined where there is more
 * than one way to write it.
 */
export function mustHold({ payloadValue }: TaskFilter): Uint8Array | undefined {
  if (payloadValue === undefined) return undefined;
  const { value } = payloadValue;
  if (typeof value === "string") return plainText.test(value) ? Buffer.from(`"${value}"`) : undefined;
  return typeof value === "number" && !Number.isSafeInteger(value) ? undefined : Buffer.from(String(value));
}

function holdsValue(
  payload: Uint8Array | undefined,
  { path, value }: NonNullable<TaskFilter["payloadValue"]>,
): boolean {
  let found: unknown;
  try {
    found = JSON.parse(bufferOf(payload).toString());
  } catch {
    return false;
  }
  for (const key of path) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) return false;
    found = (found as Record<string, unknown>)[key];
  }
  return found === value;
}

function isByIdOnly({ type, error, payload, payloadValue, from, before }: TaskFilter): boolean {
  return [type, error, payload, payloadValue, from, before].every((condition) => condition === undefined);
}

function fitsTime(task: StoredTask, { from, before }: TaskFilter): boolean {
  if (from === undefined && before === undefined) return true;
  const moment = task.dueAt ?? task.archivedAt ?? task.pendingSince ?? task.message.completedAt;
  if (moment === undefined) return false;
  return (from === undefined || moment >= from) && (before === undefined || moment < before);
}

function bufferOf(bytes: Uint8Array | undefined): Buffer {
  return bytes === undefined ? Buffer.alloc(0) : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
