import type { Placement } from "../broker/enqueue-facet.ts";
import { checkedName, checkedQueue } from "../checked-name.ts";
import { type Duration, durationMs } from "../duration.ts";
import { HikyakuError } from "../errors.ts";
import { refuseUnknownOptions, shown } from "../option-names.ts";
import { ShardedQueue } from "../sharding/sharded-queue.ts";
import type { OwnValues } from "./own-fields.ts";

/** Options that a task's definition may set for all its tasks, and each enqueue may set anew. */
export interface TaskOptions {
  /**
   * The line that the task joins: a name, or what `shardedQueue` made. Default `"default"`. Case counts; not blank, without
   * `{` and `}`.
   */
  readonly queue?: string | ShardedQueue;
  /** How often the task may be tried again after its first run, 0 to 2147483647. Default 25. */
  readonly maxRetry?: number;
  /**
   * How long one attempt may take, more than 0. Default 30 minutes if there is no deadline either. A worker in Go knows
   * whole seconds only: it rounds up.
   */
  readonly timeout?: Duration;
  /**
   * No attempt may run after this moment. It must be later than the moment at which the task is due. Timeout or
   * deadline, whichever comes first, ends an attempt.
   */
  readonly deadline?: Date;
  /** How long the task and its result are kept after success. Default `"0s"`: removed at once. */
  readonly retention?: Duration;
  /**
   * Refuses an equal task (same queue, type and payload bytes) with `task_exists` until this one succeeded or this long
   * has passed since it was due. At least one second; in Redis a fraction counts as a full second. Default: not unique.
   */
  readonly uniqueFor?: Duration;
  /** Collects the task with others of its group, to be handled as one. Not blank. Default: none. */
  readonly group?: string;
  /**
   * Text that travels with the task. Headers of the enqueue are added to those of the definition and replace equal
   * names.
   */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Options of one enqueue. The task's definition gives those that are absent or undefined. */
export interface EnqueueOptions extends TaskOptions {
  /** Makes the task due this long from now. Not together with `at`. */
  readonly in?: Duration;
  /** Makes the task due at this moment. A moment that has passed means now. Not together with `in`. */
  readonly at?: Date;
  /** Names the task. Refused with `task_id_taken` while its queue has a task of that name. Default: a new UUIDv7. */
  readonly taskId?: string;
  /**
   * Only with a sharded queue: tasks with the same key share a shard, and keep their order where the queue is ordered. Wins
   * over the key that the definition makes of the payload. Not together with `taskId`, `uniqueFor` or `group`.
   */
  readonly shardKey?: string;
}

/** The options of a definition, checked, in the units of the port. */
export interface TaskDefaults extends OwnValues {
  /** For a sharded queue the common name, which is no queue of the store. */
  readonly queue: string;
  readonly shardedQueue: ShardedQueue | undefined;
  readonly maxRetry: number;
  /** Undefined when the definition sets none. Its meaning then depends on the deadline. */
  readonly timeoutMs: number | undefined;
  readonly deadlineAt: number | undefined;
  readonly retentionMs: number;
  readonly uniqueForMs: number | undefined;
  /** Empty when there is none. */
  readonly group: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** All options of one enqueue, checked and with every default filled in. */
export interface ResolvedOptions extends TaskDefaults {
  /** 0: only the deadline limits an attempt. */
  readonly timeoutMs: number;
  readonly taskId: string | undefined;
  readonly shardKey: string | undefined;
  /** When the task may first run. Never before the enqueue. */
  readonly dueAt: number;
  readonly placement: Placement;
}

/** The limit of one attempt without a timeout and a deadline. */
export const defaultTimeoutMs = 30 * 60_000;

const defaultQueue = "default";
const defaultMaxRetry = 25;
const largestMaxRetry = 2_147_483_647;
const shortestUniqueMs = 1_000;
const largestHeadersBytes = 65_536;
/** The end of the year 9999: Go refuses to write later moments as text. */
const latestMoment = 253_402_300_799_999;

const taskOptions: Readonly<Record<keyof TaskOptions, true>> = {
  queue: true,
  maxRetry: true,
  timeout: true,
  deadline: true,
  retention: true,
  uniqueFor: true,
  group: true,
  headers: true,
};
const enqueueOptions: Readonly<Record<keyof EnqueueOptions, true>> = {
  ...taskOptions,
  in: true,
  at: true,
  taskId: true,
  shardKey: true,
};

/** The names of all options that a definition may set. */
export const taskOptionNames = Object.keys(taskOptions);
const enqueueNames: ReadonlySet<string> = new Set(Object.keys(enqueueOptions));

const placedNow: Placement = Object.freeze({ kind: "now" });
const placedInGroup: Placement = Object.freeze({ kind: "group" });
const noHeaders: Readonly<Record<string, string>> = Object.freeze({});

const libraryDefaults: TaskDefaults = {
  queue: defaultQueue,
  shardedQueue: undefined,
  maxRetry: defaultMaxRetry,
  timeoutMs: undefined,
  deadlineAt: undefined,
  retentionMs: 0,
  uniqueForMs: undefined,
  group: "",
  headers: noHeaders,
};

/**
 * The checked options of a definition, over the library's own defaults.
 * @throws HikyakuError `invalid_option`.
 */
export function resolveTaskOptions(options: TaskOptions): TaskDefaults {
  return Object.freeze(overlaid(libraryDefaults, options));
}

/**
 * The options of one enqueue at the moment `now`, over the definition's.
 * @throws HikyakuError `invalid_option`, also for an option that does not exist.
 */
export function resolveOptions(
  defaults: TaskDefaults,
  options: EnqueueOptions | undefined,
  now: number,
): ResolvedOptions {
  if (options !== undefined) return resolved(defaults, options, now);
  // Tasks that come together mostly have the same defaults.
  if (lastPlain?.defaults !== defaults || lastPlain.now !== now) {
    lastPlain = { defaults, now, options: filledIn(defaults, now, now, undefined, undefined) };
  }
  return lastPlain.options;
}

let lastPlain: { readonly defaults: TaskDefaults; readonly now: number; readonly options: ResolvedOptions } | undefined;

function resolved(defaults: TaskDefaults, options: EnqueueOptions, now: number): ResolvedOptions {
  refuseUnknownOptions("enqueue", options, enqueueNames);
  const base = overlaid(defaults, options);
  const dueAt = dueMoment(options, now);
  const taskId = options.taskId === undefined ? undefined : checkedName("taskId", options.taskId);
  const shardKey = options.shardKey === undefined ? undefined : checkedName("shardKey", options.shardKey);
  if (shardKey !== undefined && base.shardedQueue === undefined) {
    throw invalid("shardKey", "none, since the queue is not made by shardedQueue", shown(shardKey));
  }
  return filledIn(base, now, dueAt, taskId, shardKey);
}

function filledIn(
  base: TaskDefaults,
  now: number,
  dueAt: number,
  taskId: string | undefined,
  shardKey: string | undefined,
): ResolvedOptions {
  const { timeoutMs, deadlineAt, group } = base;
  if (deadlineAt !== undefined && deadlineAt <= dueAt) {
    throw invalid(
      "deadline",
      `a moment after the task is due, at ${new Date(dueAt).toISOString()}`,
      `${new Date(deadlineAt).toISOString()}: it could never run`,
    );
  }
  return {
    queue: base.queue,
    shardedQueue: base.shardedQueue,
    maxRetry: base.maxRetry,
    timeoutMs: timeoutMs ?? (deadlineAt === undefined ? defaultTimeoutMs : 0),
    deadlineAt,
    retentionMs: base.retentionMs,
    uniqueForMs: base.uniqueForMs,
    group,
    headers: base.headers,
    taskId,
    shardKey,
    dueAt,
    placement: dueAt > now ? { kind: "at", at: dueAt } : group === "" ? placedNow : placedInGroup,
  };
}

function overlaid(defaults: TaskDefaults, options: TaskOptions): TaskDefaults {
  const { queue, maxRetry, timeout, deadline, retention, uniqueFor, group, headers } = options;
  return {
    ...(queue === undefined
      ? { queue: defaults.queue, shardedQueue: defaults.shardedQueue }
      : queue instanceof ShardedQueue
        ? { queue: queue.name, shardedQueue: queue }
        : { queue: checkedQueue("queue", queue), shardedQueue: undefined }),
    maxRetry: maxRetry === undefined ? defaults.maxRetry : checkedMaxRetry(maxRetry),
    timeoutMs: timeout === undefined ? defaults.timeoutMs : checkedTimeout(timeout),
    deadlineAt: deadline === undefined ? defaults.deadlineAt : checkedMoment("deadline", deadline),
    retentionMs: retention === undefined ? defaults.retentionMs : durationMs("retention", retention),
    uniqueForMs: uniqueFor === undefined ? defaults.uniqueForMs : checkedUniqueFor(uniqueFor),
    group: group === undefined ? defaults.group : checkedGroup(group),
    headers: headers === undefined ? defaults.headers : mergedHeaders(defaults.headers, headers),
  };
}

function dueMoment(options: EnqueueOptions, now: number): number {
  const { in: delay, at } = options;
  if (delay !== undefined && at !== undefined) {
    throw new HikyakuError("invalid_option", 'options "in" and "at": expected one of them, got both');
  }
  if (at !== undefined) return Math.max(now, checkedMoment("at", at));
  if (delay === undefined) return now;
  const due = now + durationMs("in", delay);
  if (due > latestMoment) throw invalid("in", "a moment before the year 10000", shown(delay));
  return due;
}

function checkedMaxRetry(value: unknown): number {
  if (Number.isInteger(value) && typeof value === "number" && value >= 0 && value <= largestMaxRetry) return value;
  throw invalid("maxRetry", `a whole number from 0 to ${largestMaxRetry}`, shown(value));
}

function checkedTimeout(value: Duration): number {
  const ms = durationMs("timeout", value);
  if (ms > 0) return ms;
  throw invalid("timeout", "more than 0: each attempt has a limit; for a far one, say how far", shown(value));
}

function checkedUniqueFor(value: Duration): number {
  const ms = durationMs("uniqueFor", value);
  if (ms >= shortestUniqueMs) return ms;
  throw invalid("uniqueFor", "at least one second", shown(value));
}

/** A group whose name ended like a set's id could not be told from a set of another group. */
const endsLikeSetId = /:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function checkedGroup(value: unknown): string {
  const group = checkedName("group", value);
  if (endsLikeSetId.test(group)) throw invalid("group", "a name that does not end in a colon and a UUID", shown(group));
  return group;
}

/**
 * The milliseconds of a moment that any store can keep.
 * @throws HikyakuError `invalid_option`, which names the option.
 */
export function checkedMoment(option: string, value: unknown): number {
  if (!(value instanceof Date)) throw invalid(option, "a Date", shown(value));
  const moment = value.getTime();
  if (moment <= latestMoment) return moment;
  throw invalid(option, "a valid Date before the year 10000", shown(value));
}

function mergedHeaders(defaults: Readonly<Record<string, string>>, headers: unknown): Readonly<Record<string, string>> {
  if (typeof headers !== "object" || headers === null || Array.isArray(headers)) {
    throw invalid("headers", "an object of texts", shown(headers));
  }
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== "string") throw invalid(`headers.${name}`, "a text", shown(value));
    if (!name.isWellFormed() || !value.isWellFormed()) {
      throw invalid(`headers.${name}`, "valid Unicode, without lone surrogates", shown(value));
    }
  }
  const merged: Record<string, string> = Object.fromEntries([...Object.entries(defaults), ...Object.entries(headers)]);
  let bytes = 0;
  for (const name in merged) bytes += Buffer.byteLength(name) + Buffer.byteLength(merged[name] ?? "");
  if (bytes > largestHeadersBytes) {
    throw invalid("headers", `at most ${largestHeadersBytes} bytes of names and values`, `${bytes}`);
  }
  return Object.freeze(merged);
}

function invalid(option: string, expected: string, got: string): HikyakuError {
  return new HikyakuError("invalid_option", `option "${option}": expected ${expected}, got ${got}`);
}
