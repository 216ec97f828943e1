import type { TaskFilter } from "../broker/inspect-facet.ts";
import type { TaskState } from "../broker/task-message.ts";

/** Conditions on tasks; one that is not given always holds. */
export interface TaskConditions {
  /** The whole type. */
  readonly type?: string;
  /** How the id begins. */
  readonly idPrefix?: string;
  /** Part of the last error's text; ASCII letters in either case. */
  readonly error?: string;
  /** Part of the payload: a text in UTF-8, or bytes. */
  readonly payload?: string | Uint8Array;
  /** Due, archived, completed or waiting since this moment or later, whichever belongs to the state. */
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
  /** What an earlier page gave as `nextCursor`. */
  readonly cursor?: string;
}

/** The conditions as the port takes them; undefined where there are none. */
export function filterOf({ type, idPrefix, error, payload, from, before }: TaskConditions): TaskFilter | undefined {
  const filter: TaskFilter = {
    ...(type === undefined ? {} : { type }),
    ...(idPrefix === undefined ? {} : { idPrefix }),
    ...(error === undefined ? {} : { error }),
    ...(payload === undefined ? {} : { payload: typeof payload === "string" ? Buffer.from(payload) : payload }),
    ...(from === undefined ? {} : { from: from.getTime() }),
    ...(before === undefined ? {} : { before: before.getTime() }),
  };
  return Object.keys(filter).length === 0 ? undefined : filter;
}
