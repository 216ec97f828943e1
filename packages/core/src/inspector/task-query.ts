import type { TaskFilter } from "../broker/inspect-facet.ts";
import type { TaskState } from "../broker/task-message.ts";
import { checkedText } from "../checked-name.ts";
import { HikyakuError } from "../errors.ts";
import { refuseUnknownOptions, shown } from "../option-names.ts";

/** Conditions on tasks. An absent one always holds. */
export interface TaskConditions {
  /** The whole type. */
  readonly type?: string;
  /** How the id begins. */
  readonly idPrefix?: string;
  /** Part of the last error's text; ASCII letters in either case. */
  readonly error?: string;
  /** Part of the payload: a text in UTF-8, or bytes. */
  readonly payload?: string | Uint8Array;
  /**
   * The payload is JSON that holds this value under these keys, one inside the other; an index of a list is a key too.
   * Numbers are equal as JavaScript reads them.
   */
  readonly payloadValue?: { readonly path: readonly string[]; readonly value: string | number | boolean | null };
  /** Due, archived, completed or waiting since this moment or later. The state says which of them is meant. */
  readonly from?: Date;
  /** The same, before this moment. */
  readonly before?: Date;
}

export interface TaskQuery extends TaskConditions {
  readonly queue: string;
  readonly state: TaskState;
  /** Needed for `aggregating`. */
  readonly group?: string;
  /** Most tasks of a page, 1 to 1000. Default: 30. */
  readonly limit?: number;
  /** The `nextCursor` of an earlier page. */
  readonly cursor?: string;
}

export const conditionNames = [
  "type",
  "idPrefix",
  "error",
  "payload",
  "payloadValue",
  "from",
  "before",
] satisfies readonly (keyof TaskConditions)[];
const queryNames: ReadonlySet<string> = new Set<keyof TaskQuery>([
  "queue",
  "state",
  "group",
  "limit",
  "cursor",
  ...conditionNames,
]);

/** @throws HikyakuError `invalid_option`. */
export function checkQuery(method: string, query: TaskQuery): void {
  refuseUnknownOptions(method, query, queryNames);
  checkedText("queue", query.queue);
  if (query.group !== undefined) checkedText("group", query.group);
  if (query.cursor !== undefined) checkedText("cursor", query.cursor);
}

/**
 * The conditions as the port takes them. Undefined when there are none.
 * @throws HikyakuError `invalid_option`.
 */
export function filterOf({
  type,
  idPrefix,
  error,
  payload,
  payloadValue,
  from,
  before,
}: TaskConditions): TaskFilter | undefined {
  const filter: TaskFilter = {
    ...(type === undefined ? {} : { type: checkedText("type", type) }),
    ...(idPrefix === undefined ? {} : { idPrefix: checkedText("idPrefix", idPrefix) }),
    ...(error === undefined ? {} : { error: checkedText("error", error) }),
    ...(payload === undefined ? {} : { payload: bytesOf(payload) }),
    ...(payloadValue === undefined ? {} : { payloadValue: checkedValue(payloadValue) }),
    ...(from === undefined ? {} : { from: momentOf("from", from) }),
    ...(before === undefined ? {} : { before: momentOf("before", before) }),
  };
  return Object.keys(filter).length === 0 ? undefined : filter;
}

function bytesOf(payload: unknown): Uint8Array {
  if (payload instanceof Uint8Array) return payload;
  if (typeof payload === "string") return Buffer.from(payload);
  throw new HikyakuError("invalid_option", `option "payload": expected a text or bytes, got ${shown(payload)}`);
}

function checkedValue(wanted: unknown): NonNullable<TaskFilter["payloadValue"]> {
  const { path, value } = (wanted ?? {}) as Partial<NonNullable<TaskFilter["payloadValue"]>>;
  const isPath = Array.isArray(path) && path.length > 0 && path.every((key) => typeof key === "string");
  const isPlain = value === null || ["string", "number", "boolean"].includes(typeof value);
  if (isPath && isPlain && value !== undefined) return { path, value };
  throw new HikyakuError(
    "invalid_option",
    `option "payloadValue": expected { path: ["key", …], value } with a text, number, boolean or null, got ${shown(wanted)}`,
  );
}

function momentOf(option: string, moment: unknown): number {
  if (moment instanceof Date && !Number.isNaN(moment.getTime())) return moment.getTime();
  throw new HikyakuError("invalid_option", `option "${option}": expected a valid Date, got ${shown(moment)}`);
}
