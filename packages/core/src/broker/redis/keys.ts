import { uniqueScope } from "../../codec/unique-scope.ts";

/** Spells every Redis key once. All keys of one queue share a hash tag, so that they lie in one slot of a cluster. */
export const allQueuesKey = "asynq:queues";
export const allServersKey = "asynq:servers";
export const allWorkersKey = "asynq:workers";
export const cancelChannel = "asynq:cancel";
/** Ours: cancels the task of that id in one queue only. Payload: `<bytes of the queue's name> <queue><id>`. */
export const cancelInQueueChannel = "hikyaku:cancel";
/** Ours: a queue has a task that is due before all others there. Payload: `<milliseconds> <queue>`. */
export const dueSoonerChannel = "hikyaku:due";
/** Ours: a durable scheduler entry was added, changed or removed. No payload. */
export const schedulesChannel = "hikyaku:schedules-changed";
/** Ours: an order to a server, as JSON. */
export const controlChannel = "hikyaku:control";
/** Ours: somebody began to watch. No payload. */
export const watchedChannel = "hikyaku:watched";
/** Ours: exists while somebody watches. */
export const watchedKey = "hikyaku:watched";
/** Ours: what happens, as a stream. It exists while somebody watches, and for a minute afterwards. */
export const eventsKey = "hikyaku:events";
/** Ours: tests whether a user may publish. Nobody listens. */
export const probeChannel = "hikyaku:probe";
/** Ours: servers of this library that may be there, by the second until which their last listing holds. */
export const ourServersKey = "hikyaku:servers";
export const allSchedulersKey = "asynq:schedulers";
/** Ours: durable scheduler entries as JSON, by id. */
export const durableEntriesKey = "hikyaku:schedules";

export interface QueueKeys {
  readonly queue: string;
  readonly task: string;
  readonly group: string;
  readonly unique: string;
  readonly pending: string;
  readonly active: string;
  readonly lease: string;
  readonly scheduled: string;
  readonly retry: string;
  readonly archived: string;
  readonly completed: string;
  readonly groups: string;
  readonly aggregationSets: string;
  readonly paused: string;
  readonly processed: string;
  readonly failed: string;
  /** Ours: ids of scheduled and retry tasks whose moment is not a whole second, by milliseconds. */
  readonly due: string;
  /** Ours: the policy by which claims take from the queue, as text. Missing for an open queue. */
  readonly policy: string;
  /** Ours: who paused the queue and why, as JSON with the moment that the pause flag holds. */
  readonly pause: string;
  /**
   * Ours: ids of finished sets whose tasks' bodies are still being removed. The rest of each set lies at `:<set id>`.
   */
  readonly leftovers: string;
}

const known = new Map<string, QueueKeys>();
const mostKnown = 10_000;

/** The keys of a queue, and the prefixes of the keys of its tasks, groups and locks. */
export function queueKeys(queue: string): QueueKeys {
  const found = known.get(queue);
  if (found !== undefined) return found;
  const prefix = `asynq:{${queue}}:`;
  const keys: QueueKeys = {
    queue,
    task: `${prefix}t:`,
    group: `${prefix}g:`,
    unique: `${prefix}unique:`,
    pending: `${prefix}pending`,
    active: `${prefix}active`,
    lease: `${prefix}lease`,
    scheduled: `${prefix}scheduled`,
    retry: `${prefix}retry`,
    archived: `${prefix}archived`,
    completed: `${prefix}completed`,
    groups: `${prefix}groups`,
    aggregationSets: `${prefix}aggregation_sets`,
    paused: `${prefix}paused`,
    processed: `${prefix}processed`,
    failed: `${prefix}failed`,
    due: `hikyaku:{${queue}}:due`,
    policy: `hikyaku:{${queue}}:policy`,
    pause: `hikyaku:{${queue}}:pause`,
    leftovers: `hikyaku:{${queue}}:leftovers`,
  };
  if (known.size >= mostKnown) known.clear();
  known.set(queue, keys);
  return keys;
}

/** The lock of equal tasks. A missing payload and an empty one have different locks. */
export function uniqueLockKey(keys: QueueKeys, type: string, payload: Uint8Array | undefined): string {
  return keys.unique + uniqueScope(type, payload);
}

interface ServerKeys {
  readonly server: string;
  readonly workers: string;
  /** Ours: fields that Asynq's record has no place for. */
  readonly details: string;
}

export function serverKeys(host: string, pid: number, serverId: string): ServerKeys {
  const tag = `{${host}:${pid}:${serverId}}`;
  return { server: `asynq:servers:${tag}`, workers: `asynq:workers:${tag}`, details: `hikyaku:servers:${tag}` };
}

/** Ours: servers for which an order is kept, by the second until which it is kept. */
export const orderedServersKey = "hikyaku:ordered-servers";

/**
 * Ours: the orders to a server, by kind. Its id alone names the key: nothing else is left of a server that fell silent.
 */
export function ordersKey(serverId: string): string {
  return `hikyaku:orders:${serverId}`;
}

/** Ours: tests whether Redis writes what the queue's tasks need. It lives no longer than the script that tests. */
export function probeKey(queue: string): string {
  return `hikyaku:{${queue}}:probe`;
}

/** Ours: exists while the server gets nothing from the queue. */
export function evictedKey(queue: string, serverId: string): string {
  return `hikyaku:{${queue}}:evicted:${serverId}`;
}

const schedulerPrefix = "asynq:schedulers:{";

export function schedulerKey(schedulerId: string): string {
  return `${schedulerPrefix}${schedulerId}}`;
}

export function schedulerIdOf(key: string): string {
  return key.startsWith(schedulerPrefix) ? key.slice(schedulerPrefix.length, -1) : key;
}

export function scheduleHistoryKey(entryId: string): string {
  return `asynq:scheduler_history:${entryId}`;
}

/**
 * Ours: what is known of an entry's turns, and the turns that were fired (by their milliseconds). They lie in the slot
 * of the queue, since a turn is remembered in the same step in which its task is enqueued.
 */
export function turnKeys(queue: string, entryId: string): { readonly memory: string; readonly fired: string } {
  const prefix = `hikyaku:{${queue}}:`;
  return { memory: `${prefix}turn:${entryId}`, fired: `${prefix}turns:${entryId}` };
}

/** Ours: small documents, the ids of a collection's, and the ends of those that end. They share a slot. */
export function recordKeys(collection: string): {
  readonly record: string;
  readonly ids: string;
  readonly ends: string;
} {
  const prefix = `hikyaku:records:{${collection}}:`;
  return { record: `${prefix}r:`, ids: `${prefix}ids`, ends: `${prefix}ends` };
}

/** Ours: a log that is only appended to, by position. */
export function trailKey(trail: string): string {
  return `hikyaku:trails:{${trail}}`;
}

/** Ours: the numbers of one period of the queue by type, as text. */
export function statisticsKey(queue: string, resolution: string, begin: number): string {
  return `${statisticsPrefix(queue)}${resolution}:${begin / 1_000}`;
}

/** Ours: the number of the last report about the queue that this writer's numbers were added from. */
export function reportMarkKey(queue: string, writer: string): string {
  return `${statisticsPrefix(queue)}by:${writer}`;
}

function statisticsPrefix(queue: string): string {
  return `hikyaku:{${queue}}:statistics:`;
}
