import type { EnqueueItem, EnqueueOutcome } from "../broker/enqueue-facet.ts";
import type { TaskMessage } from "../broker/task-message.ts";
import { checkedName } from "../checked-name.ts";
import { errorText, HikyakuError } from "../errors.ts";
import { shown } from "../option-names.ts";
import { answerAtOnce } from "../runtime/guarded-call.ts";
import { placeOf } from "../sharding/task-place.ts";
import { ownFieldsOf } from "../task/own-fields.ts";
import { encodePayload } from "../task/payload.ts";
import { payloadTooLarge } from "../task/payload-size.ts";
import type { TaskDefinition } from "../task/task.ts";
import type { TaskIds } from "../task/task-id.ts";
import { type EnqueueOptions, type ResolvedOptions, resolveOptions } from "../task/task-options.ts";

declare const resultType: unique symbol;

/** A task that the store has accepted. `Result` is the type that its definition says its handler returns. */
export interface EnqueuedTask<Result = unknown> {
  /** Unique within its queue. */
  readonly id: string;
  readonly type: string;
  readonly queue: string;
  /** Where it is now: in line, waiting for its moment, or in its group. */
  readonly state: "pending" | "scheduled" | "aggregating";
  /** When it may first run. For a task in a group: when it joined. */
  readonly dueAt: Date;
  /** Known to the type checker only. */
  readonly [resultType]?: Result;
}

/** What an enqueued task remembers of its definition. The call that asks for its result needs it. */
interface Origin {
  readonly definition: Pick<TaskDefinition, "type" | "result">;
  readonly retentionMs: number;
}

class AcceptedTask implements EnqueuedTask {
  readonly id: string;
  readonly type: string;
  readonly queue: string;
  readonly state: EnqueuedTask["state"];
  readonly dueAt: Date;
  /** Private, so that it does not show when a task is printed or compared. */
  readonly #definition: Origin["definition"] | undefined;
  readonly #retentionMs: number;

  constructor(
    { id, type, queue, retentionMs }: TaskMessage,
    state: EnqueuedTask["state"],
    dueAt: number,
    definition: Origin["definition"] | undefined,
  ) {
    this.id = id;
    this.type = type;
    this.queue = queue;
    this.state = state;
    this.dueAt = new Date(dueAt);
    this.#definition = definition;
    this.#retentionMs = retentionMs;
  }

  static originOf(task: unknown): Origin | undefined {
    if (typeof task !== "object" || task === null || !(#definition in task)) return undefined;
    const definition = task.#definition;
    return definition === undefined ? undefined : { definition, retentionMs: task.#retentionMs };
  }
}

/** Undefined when `answered` did not make the task (a copy, say), or made it without a definition. */
export function originOf(task: unknown): Origin | undefined {
  return AcceptedTask.originOf(task);
}

/** What one enqueue needs besides what its caller says. */
export interface Preparation {
  readonly now: number;
  /** Gives the id of a task whose caller names none. */
  readonly newId: TaskIds;
  /** Whether `newId` never gives an id twice: see `EnqueueItem`. */
  readonly areIdsNew: boolean;
  readonly maxPayloadBytes: number;
  /** The option to raise for larger payloads, named in the error. Undefined when there is no such option. */
  readonly maxPayloadOption: string | undefined;
}

/** A task that is ready to be sent. */
export interface PreparedTask {
  readonly definition: TaskDefinition;
  readonly item: EnqueueItem;
  readonly dueAt: number;
}

/**
 * Prepares all of a task that can be known before the store is asked. A promise only when the payload's schema answers
 * with one.
 * @throws HikyakuError `invalid_option` or `invalid_payload`.
 */
export function prepareTask(
  task: TaskDefinition,
  payload: unknown,
  options: EnqueueOptions | undefined,
  preparation: Preparation,
): PreparedTask | Promise<PreparedTask> {
  if (typeof task !== "object" || task === null || typeof task.defaults !== "object") {
    throw new HikyakuError("invalid_option", `enqueue: expected a task made by defineTask, got ${shown(task)}`);
  }
  const resolved = resolveOptions(task.defaults, options, preparation.now);
  const bytes = encodePayload(task, payload);
  return bytes instanceof Promise
    ? bytes.then((encoded) => prepared(task, payload, encoded, resolved, preparation))
    : prepared(task, payload, bytes, resolved, preparation);
}

function prepared(
  task: TaskDefinition,
  value: unknown,
  payload: Uint8Array | undefined,
  options: ResolvedOptions,
  { newId, areIdsNew, now, maxPayloadBytes, maxPayloadOption }: Preparation,
): PreparedTask {
  if (payload !== undefined && payload.length > maxPayloadBytes) {
    throw payloadTooLarge(`payload of "${task.type}"`, payload.length, maxPayloadBytes, maxPayloadOption);
  }
  const id = options.taskId ?? newId(now);
  const asked: TaskMessage = {
    id,
    type: task.type,
    queue: options.shardedQueue === undefined ? options.queue : shardFor(task, value, payload, options, id),
    payload,
    maxRetry: options.maxRetry,
    retried: 0,
    lastError: "",
    lastFailedAt: undefined,
    timeoutMs: options.timeoutMs,
    deadlineAt: options.deadlineAt,
    uniqueKey: "",
    group: options.group,
    retentionMs: options.retentionMs,
    completedAt: undefined,
    headers: options.headers,
  };
  const own = ownFieldsOf(options);
  const message = own === undefined ? asked : { ...asked, ...own };
  const { placement, uniqueForMs } = options;
  const hasNewId = areIdsNew && options.taskId === undefined;
  const item =
    uniqueForMs === undefined ? { message, placement, hasNewId } : { message, placement, hasNewId, uniqueForMs };
  return { definition: task, item, dueAt: options.dueAt };
}

function shardFor(
  { type, shardKeyOf }: TaskDefinition,
  value: unknown,
  payload: Uint8Array | undefined,
  { shardedQueue, shardKey, taskId, group, uniqueForMs, queue }: ResolvedOptions,
  newId: string,
): string {
  if (shardedQueue === undefined) return queue;
  const derivedKey = shardKey === undefined ? derivedShardKey(type, shardKeyOf, value) : undefined;
  const isUnique = uniqueForMs !== undefined;
  return placeOf(shardedQueue, { type, payload, shardKey, derivedKey, isUnique, taskId, group, newId });
}

function derivedShardKey(type: string, shardKeyOf: TaskDefinition["shardKeyOf"], value: unknown): string | undefined {
  if (shardKeyOf === undefined) return undefined;
  let key: unknown;
  try {
    key = answerAtOnce("shardKey", () => shardKeyOf(value));
  } catch (error) {
    throw new HikyakuError("invalid_payload", `shardKey of "${type}" gave no key: ${errorText(error)}`, {
      cause: error,
    });
  }
  return checkedName(`shardKey of "${type}"`, key);
}

/** What the store's answer means to the caller. The task's result can be asked for only when `definition` is given. */
export function answered(
  outcome: EnqueueOutcome,
  { message }: EnqueueItem,
  dueAt: number,
  definition?: TaskDefinition,
): EnqueuedTask | HikyakuError {
  switch (outcome.kind) {
    case "accepted":
      return new AcceptedTask(message, outcome.state, dueAt, definition);
    case "duplicate":
      return new HikyakuError(
        "task_exists",
        `a unique task "${message.type}" with the same payload is in queue "${message.queue}" already: ` +
          `task "${outcome.ownerId}"; this one was not enqueued`,
        { facts: { queue: message.queue, taskId: outcome.ownerId } },
      );
    case "id_taken":
      return new HikyakuError(
        "task_id_taken",
        `queue "${message.queue}" has a task "${message.id}" already, waiting, running or kept; ` +
          "this one was not enqueued",
        { facts: { queue: message.queue, taskId: message.id } },
      );
    case "failed":
      return outcome.error;
  }
}
