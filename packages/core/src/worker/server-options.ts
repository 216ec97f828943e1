import { availableParallelism } from "node:os";
import type { Broker } from "../broker/broker.ts";
import { defaultArchive } from "../broker/limits.ts";
import type { ArchiveLimits } from "../broker/maintain-facet.ts";
import { checkedQueue } from "../checked-name.ts";
import { type Duration, durationMs } from "../duration.ts";
import { errorText, HikyakuError } from "../errors.ts";
import { checkedFlag, refuseUnknownOptions, shown } from "../option-names.ts";
import { checkClock, checkedFunction, checkLogger, checkMethods } from "../option-values.ts";
import { type Clock, systemClock } from "../runtime/clock.ts";
import { answerAtOnce, guardedLogger, guardedRandom } from "../runtime/guarded-call.ts";
import { jsonLogger, type Logger } from "../runtime/logger.ts";
import type { ShardedQueue } from "../sharding/sharded-queue.ts";
import { checkedMaxPayloadBytes } from "../task/payload-size.ts";
import { type RetryDelay, retryDelayFunction } from "../task/retry-delay.ts";
import type { TaskDefinition } from "../task/task.ts";
import { planQueues, type QueuePlan, type ShardSelection } from "./claiming/queue-plan.ts";
import { type FailedAttempt, failureReporter, type ReportFailure } from "./handling/failed-attempt.ts";
import { guardedRetryDelay } from "./handling/guarded-retry-delay.ts";
import type { NoValues } from "./handling/handler-context.ts";
import { defaultRetryDelayMs, type OutcomePolicy } from "./handling/outcome.ts";
import { TaskLog } from "./handling/task-log.ts";
import type { HealthCallback } from "./roles/healthchecker.ts";

export interface ServerOptions<Values extends object = NoValues> {
  /** Where the tasks are. The server does not close it. */
  readonly broker: Broker;
  /** How many tasks run at the same time, from 1 up. Default: the number of CPUs. */
  readonly concurrency?: number;
  /**
   * The queues to work on, with their priorities: whole numbers from 1 up. A queue's chance to be asked first is
   * proportional to its priority. Default `{ default: 1 }`.
   */
  readonly queues?: Readonly<Record<string, number>>;
  /**
   * Which names in `queues` are those of sharded queues. The server works on all their shards, which share the
   * priority, or on some: `{ queue, shards: [0, 1] }`. Another server must work on the others then. Default: none.
   */
  readonly shardedQueues?: readonly (ShardedQueue | ShardSelection)[];
  /** Takes nothing from a queue while one of higher priority has tasks. Default false. */
  readonly strictPriority?: boolean;
  /** How long a task is held without a sign of life before others may take it; at least `"2s"`. Default `"30s"`. */
  readonly lease?: Duration;
  /** How long a stop waits for running handlers before it asks them to stop. Default `"8s"`. */
  readonly shutdownTimeout?: Duration;
  /** How long a handler may take to return after its signal fired. Its verdict still counts. Default `"5s"`. */
  readonly abortGrace?: Duration;
  /**
   * How long to wait before a failed task is tried again, if its definition does not say. Default: 15 s and more,
   * growing with the retries spent.
   */
  readonly retryDelay?: RetryDelay;
  /**
   * Whether an error counts. False means "not now": it spends no retry, and the task is tried again without limit.
   * Default: every error counts. It must answer at once, not with a promise. If it throws, the error counts.
   */
  readonly isFailure?: (error: unknown) => boolean;
  /**
   * Called once for each failed attempt, with what was thrown and whether it was the task's last attempt. Failed
   * attempts are also:
   * - a payload that does not fit its schema;
   * - tasks of a group that are archived instead of aggregated;
   * - the death of a worker that costs a retry or archives the task (`lease_lost`).
   *
   * Nobody waits for it. What it throws or rejects with is logged.
   */
  readonly onError?: (error: unknown, attempt: FailedAttempt) => unknown;
  /**
   * The largest result that is kept, in bytes, for a task with a retention. A handler that returns a larger one has
   * failed for good. Default 1 MiB. Keep large data elsewhere and name it in the result.
   */
  readonly maxResultBytes?: number;
  /**
   * The largest payload of the one task that an aggregate function makes, in bytes. If it is larger, the group's tasks
   * are archived. Default 16 MiB: as many as sixteen payloads that a client takes.
   */
  readonly maxPayloadBytes?: number;
  /**
   * What becomes of a task that was cancelled while it ran. `"archive"`: it does not run again unless asked. `"retry"`:
   * as after any failure, which is what Asynq does. A handler that returns, or throws `SkipRetry` or `Revoke`, decides
   * itself. Default `"archive"`.
   */
  readonly cancelledTasks?: "archive" | "retry";
  /**
   * Every handler finds these in the `values` of its context, for example a database. Copied, not deeply, and frozen.
   */
  readonly baseContext?: Values;
  /**
   * Called at the start and then after every `healthCheckInterval`. It gets undefined when the store answers and takes
   * what is written to the server's queues, otherwise what is wrong. What it throws is logged.
   */
  readonly onHealth?: HealthCallback;
  /** At least `"100ms"`. Default `"15s"`. Only together with `onHealth`. */
  readonly healthCheckInterval?: Duration;
  /**
   * How many workers may die or stall while they run a task alone, before it is archived; from 1 up. A task that was
   * there when workers died runs beside ever fewer others, and after a few deaths alone. Deaths before that are charged
   * to no task. Default 3.
   */
  readonly maxLostAttempts?: number;
  /** How many archived tasks each queue keeps at most. Default 10000. */
  readonly archiveMaxCount?: number;
  /** How long archived tasks are kept. Default `"90d"`. */
  readonly archiveMaxAge?: Duration;
  /** Other limits for the archives of some of the server's queues. Absent limits are as for all queues. */
  readonly archiveByQueue?: Readonly<Record<string, { readonly maxCount?: number; readonly maxAge?: Duration }>>;
  /**
   * Names the code that this server runs, such as a commit. Logs and the doctor name servers of one queue whose builds
   * differ. 1 to 200 characters. Default: none; then only the versions of this library are compared.
   */
  readonly build?: string;
  /**
   * Whether the server counts what happens to its tasks, and reports it to the store with its heartbeat, for
   * `Inspector.statistics`. Default true.
   */
  readonly statistics?: boolean;
  /**
   * Default: warnings and errors as JSON lines on standard error. Lines that a logger fails to write go there too: a
   * logger that throws or rejects stops nothing.
   */
  readonly logger?: Logger;
  /** Default: the machine's own. */
  readonly clock?: Clock;
  /** Numbers from 0 up to 1 for jitter and for the order of queues. Default `Math.random`. */
  readonly random?: () => number;
}

/** Checked, with every default filled in, in milliseconds. */
export interface ResolvedServerOptions {
  readonly broker: Broker;
  readonly concurrency: number;
  /** The queues of the store. For a sharded queue its shards. */
  readonly queues: Readonly<Record<string, number>>;
  readonly plan: QueuePlan;
  readonly strictPriority: boolean;
  readonly leaseMs: number;
  readonly shutdownTimeoutMs: number;
  readonly graceMs: number;
  readonly policy: OutcomePolicy;
  readonly reportFailure: ReportFailure;
  readonly baseContext: object;
  readonly maxResultBytes: number;
  readonly maxPayloadBytes: number;
  readonly health: { readonly onHealth: HealthCallback; readonly everyMs: number } | undefined;
  readonly archiveOf: (queue: string) => ArchiveLimits;
  readonly build: string | undefined;
  readonly counts: boolean;
  readonly logger: Logger;
  /** For lines about single tasks. */
  readonly taskLog: TaskLog;
  readonly clock: Clock;
  readonly random: () => number;
}

const optionNames: Readonly<Record<keyof ServerOptions, true>> = {
  broker: true,
  concurrency: true,
  queues: true,
  shardedQueues: true,
  strictPriority: true,
  lease: true,
  shutdownTimeout: true,
  abortGrace: true,
  retryDelay: true,
  isFailure: true,
  onError: true,
  cancelledTasks: true,
  baseContext: true,
  maxResultBytes: true,
  maxPayloadBytes: true,
  onHealth: true,
  healthCheckInterval: true,
  maxLostAttempts: true,
  archiveMaxCount: true,
  archiveMaxAge: true,
  archiveByQueue: true,
  build: true,
  statistics: true,
  logger: true,
  clock: true,
  random: true,
};
const knownNames: ReadonlySet<string> = new Set(Object.keys(optionNames));

/** Two heartbeats must fit into a lease with room to spare, and Redis keeps the lease's end in whole seconds. */
const shortestLeaseMs = 2_000;
const shortestHealthCheckMs = 100;
const largestConcurrency = 100_000;

/**
 * `definitionOf`: the definition of the handler of a type, if there is one.
 * @throws HikyakuError `invalid_option` for a value that can't be used and for an option that does not exist.
 */
export function resolveServerOptions(
  options: ServerOptions<object>,
  definitionOf: (type: string) => TaskDefinition | undefined,
): ResolvedServerOptions {
  refuseUnknownOptions("Server", options, knownNames);
  const ownLogger = options.logger ?? jsonLogger("warn");
  checkMethods(
    "broker",
    options.broker,
    ["claim", "settle"],
    "a broker, such as redisBroker() or sqliteBroker() makes",
  );
  checkLogger(ownLogger);
  const logger = guardedLogger(ownLogger);
  const clock = options.clock ?? systemClock;
  checkClock(clock);
  const taskLog = new TaskLog(logger, clock);
  const plan = planQueues(checkedQueues(options.queues ?? { default: 1 }), options.shardedQueues ?? []);
  return Object.freeze({
    broker: options.broker,
    concurrency: wholeNumber("concurrency", options.concurrency ?? availableParallelism(), largestConcurrency),
    queues: plan.queues,
    plan,
    strictPriority: checkedFlag("strictPriority", options.strictPriority ?? false),
    leaseMs: atLeast("lease", options.lease ?? "30s", shortestLeaseMs),
    shutdownTimeoutMs: durationMs("shutdownTimeout", options.shutdownTimeout ?? "8s"),
    graceMs: durationMs("abortGrace", options.abortGrace ?? "5s"),
    policy: {
      retryDelayMs: guardedRetryDelay(
        retryDelayFunction("retryDelay", options.retryDelay),
        defaultRetryDelayMs,
        taskLog,
      ),
      isFailure: guardedIsFailure(checkedFunction("isFailure", options.isFailure), taskLog),
      maxLostAttempts: wholeNumber("maxLostAttempts", options.maxLostAttempts ?? 3),
      cancelledTasks: checkedCancelledTasks(options.cancelledTasks ?? "archive"),
    },
    reportFailure: failureReporter(checkedFunction("onError", options.onError), taskLog, definitionOf),
    baseContext: checkedBaseContext(options.baseContext ?? {}),
    maxResultBytes: wholeNumber("maxResultBytes", options.maxResultBytes ?? 1_048_576),
    maxPayloadBytes: checkedMaxPayloadBytes(options.maxPayloadBytes ?? 16_777_216),
    health: checkedHealth(options),
    archiveOf: archiveLimits(options, plan),
    build: checkedBuild(options.build),
    counts: checkedFlag("statistics", options.statistics ?? true),
    logger,
    taskLog,
    clock,
    random: checkedRandom(options.random, logger),
  });
}

function guardedIsFailure(own: ServerOptions["isFailure"], logger: Logger): OutcomePolicy["isFailure"] {
  if (own === undefined) return () => true;
  return (error) => {
    try {
      return answerAtOnce("isFailure", () => own(error)) !== false;
    } catch (thrown) {
      logger.error("isFailure gave no answer; the error is counted", { error: errorText(thrown) });
      return true;
    }
  };
}

function checkedRandom(random: ServerOptions["random"], logger: Logger): () => number {
  const own = checkedFunction("random", random);
  return own === undefined ? Math.random : guardedRandom(own, logger);
}

function checkedCancelledTasks(value: unknown): OutcomePolicy["cancelledTasks"] {
  if (value === "archive" || value === "retry") return value;
  throw invalid("cancelledTasks", '"archive" or "retry"', value);
}

function checkedBuild(value: unknown): string | undefined {
  if (value === undefined || (typeof value === "string" && value !== "" && value.length <= 200)) return value;
  throw invalid("build", "a text of 1 to 200 characters", value);
}

function checkedBaseContext(values: unknown): object {
  if (typeof values === "object" && values !== null && !Array.isArray(values)) return Object.freeze({ ...values });
  throw invalid("baseContext", "an object of values", values);
}

function checkedHealth({ onHealth, healthCheckInterval }: ServerOptions<object>): ResolvedServerOptions["health"] {
  checkedFunction("onHealth", onHealth);
  const everyMs = atLeast("healthCheckInterval", healthCheckInterval ?? "15s", shortestHealthCheckMs);
  if (onHealth !== undefined) return { onHealth, everyMs };
  if (healthCheckInterval === undefined) return undefined;
  throw invalid("onHealth", 'a function to go with "healthCheckInterval"', onHealth);
}

function checkedQueues(queues: unknown): Readonly<Record<string, number>> {
  const isRecord = typeof queues === "object" && queues !== null && !Array.isArray(queues);
  if (!isRecord || Object.keys(queues).length === 0) {
    throw invalid("queues", "an object of queue names with priorities, such as { default: 1 }", queues);
  }
  const checked = Object.entries(queues).map(
    ([queue, priority]) => [checkedQueue("queues", queue), wholeNumber(`queues.${queue}`, priority)] as const,
  );
  return Object.freeze(Object.fromEntries(checked));
}

function wholeNumber(option: string, value: unknown, largest = 2_147_483_647): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= largest) return value;
  throw invalid(option, `a whole number from 1 to ${largest}`, value);
}

function atLeast(option: string, value: Duration, leastMs: number): number {
  const ms = durationMs(option, value);
  if (ms >= leastMs) return ms;
  throw invalid(option, `at least ${leastMs} ms`, value);
}

function invalid(option: string, expected: string, value: unknown): HikyakuError {
  return new HikyakuError("invalid_option", `option "${option}": expected ${expected}, got ${shown(value)}`);
}

const archiveLimitNames: ReadonlySet<string> = new Set(["maxCount", "maxAge"]);

function archiveLimits(options: ServerOptions<object>, plan: QueuePlan): (queue: string) => ArchiveLimits {
  const usual: ArchiveLimits = {
    maxCount: wholeNumber("archiveMaxCount", options.archiveMaxCount ?? defaultArchive.maxCount),
    maxAgeMs: atLeast("archiveMaxAge", options.archiveMaxAge ?? { ms: defaultArchive.maxAgeMs }, 1_000),
  };
  const { archiveByQueue = {}, queues = { default: 1 } } = options;
  if (typeof archiveByQueue !== "object" || archiveByQueue === null) {
    throw invalid(
      "archiveByQueue",
      "an object of queue names with limits, such as { default: { maxCount: 100 } }",
      archiveByQueue,
    );
  }
  const own = new Map<string, ArchiveLimits>();
  for (const [queue, limits] of Object.entries(archiveByQueue)) {
    const option = `archiveByQueue.${queue}`;
    if (!Object.hasOwn(queues, queue))
      throw invalid(option, `one of the server's queues (${Object.keys(queues).join(", ")})`, queue);
    refuseUnknownOptions(option, limits, archiveLimitNames);
    const checked = {
      maxCount: limits.maxCount === undefined ? usual.maxCount : wholeNumber(`${option}.maxCount`, limits.maxCount),
      maxAgeMs: limits.maxAge === undefined ? usual.maxAgeMs : atLeast(`${option}.maxAge`, limits.maxAge, 1_000),
    };
    for (const each of plan.behind(queue)) own.set(each, checked);
  }
  return (queue) => own.get(queue) ?? usual;
}
