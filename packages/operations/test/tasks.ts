import { randomUUID } from "node:crypto";
import { defaultMessage, type EnqueueItem } from "hikyaku/broker";

/** A task for the store, in its line or in a group. */
export function aTask(parts: {
  readonly queue: string;
  readonly type?: string;
  readonly group?: string;
  readonly payload?: unknown;
}): EnqueueItem {
  const { queue, type = "email:send", group = "", payload } = parts;
  const bytes = payload === undefined ? undefined : new Uint8Array(Buffer.from(JSON.stringify(payload)));
  const message = defaultMessage({ id: randomUUID(), type, queue, group, payload: bytes });
  return { message, placement: { kind: group === "" ? "now" : "group" } };
}
