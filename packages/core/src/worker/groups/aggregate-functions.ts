import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { GroupLimits } from "../../broker/group-facet.ts";
import { checkedName } from "../../checked-name.ts";
import { type Duration, durationMs } from "../../duration.ts";
import { HikyakuError } from "../../errors.ts";
import { refuseUnknownOptions, shown } from "../../option-names.ts";
import type { Logger } from "../../runtime/logger.ts";
import { rawBytes } from "../../task/payload.ts";
import type { AnyJson, EnqueueRequest, TaskDefinition } from "../../task/task.ts";

/** One task of a group that is being aggregated. */
export interface GroupedTask<Payload = unknown> {
  /** Parsed by the definition's schema. */
  readonly payload: Payload;
  readonly type: string;
  readonly taskId: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What an aggregate function gets: the tasks of one group that should become one task. */
export interface AggregateContext<Payload = unknown> {
  readonly queue: string;
  readonly group: string;
  /** At least one; oldest first. */
  readonly tasks: readonly GroupedTask<Payload>[];
  /** Fires when the function must stop: its time is over, or the server stops. What it returns later is not used. */
  readonly signal: AbortSignal;
  /** The end of its time. */
  readonly deadline: Date;
  /** The server's logger; each line carries the queue and the group. */
  readonly logger: Logger;
}

/**
 * Makes one task of many: answers what `definition.with(payload, options)` makes. The task joins the queue of the
 * group, whatever its own definition says. `SkipRetry` archives the tasks, `Revoke` drops them. Any other thrown value,
 * or an answer that is no task, puts them back into their group, to be aggregated again after a growing pause.
 */
export type AggregateFunction<Payload = unknown> = (
  context: AggregateContext<Payload>,
) => EnqueueRequest | Promise<EnqueueRequest>;

/** When groups are taken, and which. */
export interface AggregateOptions {
  /** Takes the groups whose names start with this. If several fit, the longest wins. Default `""`: every group. */
  readonly groups?: string;
  /** Takes a group when nothing was added to it for this long; at least `"1s"`. Default `"60s"`. */
  readonly gracePeriod?: Duration;
  /** Takes a group when its oldest task has waited this long, at least `"1s"`. Default: no such limit. */
  readonly maxDelay?: Duration;
  /** Takes a group, or this many of its tasks, as soon as it holds this many; from 1 up. Default: no such limit. */
  readonly maxSize?: number;
  /** How long the function may take, at least `"1s"`. Default `"110s"`. */
  readonly timeout?: Duration;
}

/** A function, with all that is needed to collect and parse for it. */
export interface RegisteredAggregator {
  readonly prefix: string;
  readonly limits: GroupLimits;
  readonly timeoutMs: number;
  /** The only type that its groups may hold. Undefined: any type. */
  readonly type: string | undefined;
  readonly definition: Pick<TaskDefinition<StandardSchemaV1, StandardSchemaV1>, "type" | "payload">;
  readonly run: (context: AggregateContext) => unknown;
}

const optionNames: Readonly<Record<keyof AggregateOptions, true>> = {
  groups: true,
  gracePeriod: true,
  maxDelay: true,
  maxSize: true,
  timeout: true,
};
const knownNames: ReadonlySet<string> = new Set(Object.keys(optionNames));

const shortestMs = 1_000;

/** Finds the function for a group: the one with the longest prefix of the group's name. */
export class AggregateFunctions {
  /** Longest prefix first. */
  readonly #all: RegisteredAggregator[] = [];

  /**
   * @throws HikyakuError `invalid_option` for a value that can't be used, and for a prefix that has a function already.
   */
  add<Payload extends StandardSchemaV1 = AnyJson, Result extends StandardSchemaV1 = AnyJson>(
    task: TaskDefinition<Payload, Result>,
    run: AggregateFunction<StandardSchemaV1.InferOutput<Payload>>,
    options: AggregateOptions = {},
  ): void {
    const type = checkedName("type", task?.type);
    this.#add({ type, definition: task, run: (context) => run(context as never) }, run, options);
  }

  /** A function for tasks of any type, which gets their payloads as bytes. */
  addRaw(run: AggregateFunction<Uint8Array>, options: AggregateOptions = {}): void {
    const definition = { type: "any", payload: rawBytes };
    this.#add({ type: undefined, definition, run: (context) => run(context as never) }, run, options);
  }

  get size(): number {
    return this.#all.length;
  }

  /** The longest time between two looks for full groups. */
  get checkMs(): number {
    const wanted = this.#all.map(({ limits }) =>
      limits.maxSize === undefined ? limits.gracePeriodMs / 2 : shortestMs,
    );
    return Math.min(longestCheckMs, ...wanted);
  }

  find(group: string): RegisteredAggregator | undefined {
    return this.#all.find(({ prefix }) => group.startsWith(prefix));
  }

  #add(
    aggregator: Pick<RegisteredAggregator, "type" | "definition" | "run">,
    run: unknown,
    options: AggregateOptions,
  ): void {
    refuseUnknownOptions("Server.aggregate", options, knownNames);
    const { groups: prefix = "", gracePeriod = "60s", maxDelay, maxSize, timeout = "110s" } = options;
    if (typeof run !== "function") throw invalid("aggregate", "a function", run);
    if (typeof prefix !== "string") throw invalid("groups", "the beginning of groups' names", prefix);
    if (maxSize !== undefined && !(Number.isSafeInteger(maxSize) && maxSize >= 1)) {
      throw invalid("maxSize", "a whole number from 1 up", maxSize);
    }
    if (this.#all.some((other) => other.prefix === prefix)) {
      const which = prefix === "" ? "every group" : `groups that start with ${JSON.stringify(prefix)}`;
      throw new HikyakuError("invalid_option", `${which}: an aggregate function is there already; a server runs one`);
    }
    this.#all.push({
      ...aggregator,
      prefix,
      limits: {
        maxSize,
        maxDelayMs: maxDelay === undefined ? undefined : atLeastShortest("maxDelay", maxDelay),
        gracePeriodMs: atLeastShortest("gracePeriod", gracePeriod),
      },
      timeoutMs: atLeastShortest("timeout", timeout),
    });
    this.#all.sort((one, other) => other.prefix.length - one.prefix.length);
  }
}

/** As often as Asynq looks. Nobody tells of new groups, or of groups that other servers put back. */
const longestCheckMs = 7_000;

function atLeastShortest(option: string, value: Duration): number {
  const ms = durationMs(option, value);
  if (ms >= shortestMs) return ms;
  throw invalid(option, "at least one second", value);
}

function invalid(option: string, expected: string, value: unknown): HikyakuError {
  return new HikyakuError("invalid_option", `option "${option}": expected ${expected}, got ${shown(value)}`);
}
