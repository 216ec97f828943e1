import type { StandardSchemaV1 } from "@standard-schema/spec";
import { checkedName } from "../checked-name.ts";
import { HikyakuError } from "../errors.ts";
import { refuseUnknownOptions, shown } from "../option-names.ts";
import { type RetryDelay, type RetryDelayFunction, retryDelayFunction } from "./retry-delay.ts";
import { isStandardSchema } from "./standard-schema.ts";
import {
  type EnqueueOptions,
  resolveTaskOptions,
  type TaskDefaults,
  type TaskOptions,
  taskOptionNames,
} from "./task-options.ts";

/** The schema when a definition says nothing of its payload or result: any JSON. */
export type AnyJson = StandardSchemaV1<unknown, unknown>;

/**
 * The argument of `defineTask`: the type, schemas of any Standard Schema library, and defaults for all tasks of the
 * type.
 */
export interface TaskConfig<Payload extends StandardSchemaV1 = AnyJson, Result extends StandardSchemaV1 = AnyJson>
  extends TaskOptions {
  /** Picks the handler. Not blank, at most 1024 bytes. */
  readonly type: string;
  /** What may be enqueued and what the handler gets. Default: any JSON. For bytes that are not JSON, use `rawBytes`. */
  readonly payload?: Payload;
  /** What the handler returns and what is read back. Kept while the task's retention lasts. Default: any JSON. */
  readonly result?: Result;
  /** How long a failed task waits before it is tried again. Takes precedence over the server's option. */
  readonly retryDelay?: RetryDelay;
  /**
   * The shard key of a payload, for a sharded queue: tasks with the same key share a shard. Payloads that are equal as
   * JSON must give equal keys. What it throws refuses the enqueue.
   */
  readonly shardKey?: (payload: StandardSchemaV1.InferInput<Payload>) => string;
}

/** A kind of task. The same object enqueues, runs and describes its tasks. Frozen. */
export interface TaskDefinition<Payload extends StandardSchemaV1 = AnyJson, Result extends StandardSchemaV1 = AnyJson> {
  readonly type: string;
  readonly payload: Payload | undefined;
  readonly result: Result | undefined;
  readonly defaults: TaskDefaults;
  /** Undefined: the server's own delay holds. */
  readonly retryDelay: RetryDelayFunction | undefined;
  /** Undefined when the payload does not decide the shard. */
  readonly shardKeyOf: ((payload: unknown) => string) | undefined;
  /** One task of this type for `Client.enqueueMany`. Checked when it is enqueued, not here. */
  with(...args: EnqueueArguments<StandardSchemaV1.InferInput<Payload>, EnqueueOptions>): EnqueueRequest;
}

/** A task to enqueue, as `TaskDefinition.with` makes it. */
export interface EnqueueRequest {
  readonly task: TaskDefinition;
  readonly payload: unknown;
  readonly options: EnqueueOptions | undefined;
}

/** Payload, then options. The payload may be absent when its schema allows undefined. */
export type EnqueueArguments<Payload, Options> = undefined extends Payload
  ? [payload?: Payload, options?: Options]
  : [payload: Payload, options?: Options];

/** What must be given to enqueue a task. */
export type PayloadInput<Task extends TaskDefinition> = StandardSchemaV1.InferInput<NonNullable<Task["payload"]>>;
/** What the task's handler gets. */
export type PayloadOutput<Task extends TaskDefinition> = StandardSchemaV1.InferOutput<NonNullable<Task["payload"]>>;
/** What the task's handler returns. */
export type ResultInput<Task extends TaskDefinition> = StandardSchemaV1.InferInput<NonNullable<Task["result"]>>;
/** The handler's result, as it is read back. */
export type ResultOf<Task extends TaskDefinition> = StandardSchemaV1.InferOutput<NonNullable<Task["result"]>>;

const configNames: ReadonlySet<string> = new Set([
  "type",
  "payload",
  "result",
  "retryDelay",
  "shardKey",
  ...taskOptionNames,
]);

/**
 * Defines a kind of task.
 * @throws HikyakuError `invalid_option` at once for a value that can't be used and for an option that does not exist.
 */
export function defineTask<Payload extends StandardSchemaV1 = AnyJson, Result extends StandardSchemaV1 = AnyJson>(
  config: TaskConfig<Payload, Result>,
): TaskDefinition<Payload, Result> {
  refuseUnknownOptions("defineTask", config, configNames);
  const { type, payload, result, retryDelay, shardKey, ...options } = config;
  checkedName("type", type);
  checkSchema("payload", payload);
  checkSchema("result", result);
  const definition: TaskDefinition<Payload, Result> = {
    type,
    payload,
    result,
    defaults: resolveTaskOptions(options),
    retryDelay: retryDelayFunction("retryDelay", retryDelay),
    shardKeyOf: shardKeyFunction(shardKey),
    with: (...[value, callOptions]) => ({ task: definition, payload: value, options: callOptions }),
  };
  return Object.freeze(definition);
}

function shardKeyFunction(shardKey: unknown): TaskDefinition["shardKeyOf"] {
  if (shardKey === undefined || typeof shardKey === "function") return shardKey as TaskDefinition["shardKeyOf"];
  throw new HikyakuError(
    "invalid_option",
    `option "shardKey": expected a function of the payload, got ${shown(shardKey)}; a fixed key belongs to the enqueue`,
  );
}

function checkSchema(option: string, schema: unknown): void {
  if (schema === undefined || isStandardSchema(schema)) return;
  throw new HikyakuError(
    "invalid_option",
    `option "${option}": expected a schema of a Standard Schema library such as Zod, Valibot or ArkType, got ${shown(schema)}`,
  );
}
