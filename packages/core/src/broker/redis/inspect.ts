import { decodeTaskMessage } from "../../codec/task-codec.ts";
import { HikyakuError } from "../../errors.ts";
import type { CallOptions } from "../call-options.ts";
import type { InspectFacet, ListQuery, QueueNumbers, StoredTask, TaskPage } from "../inspect-facet.ts";
import type { TaskState } from "../task-message.ts";
import { readAttempts } from "./attempt-line.ts";
import type { Reply } from "./connection.ts";
import { withExactTimes } from "./exact-times.ts";
import { allQueuesKey, type QueueKeys, queueKeys, utcDay } from "./keys.ts";
import { queueNumbersLua, readTasksLua } from "./lua/generated.ts";
import { type RedisContext, wholeSeconds } from "./redis-context.ts";
import { runCommand, runScript, script } from "./run-script.ts";
import { list, momentOfNanoseconds, text } from "./work.ts";

const numbersScript = script(queueNumbersLua);
const readScript = script(readTasksLua);

export class RedisInspect implements InspectFacet {
  readonly #context: RedisContext;

  constructor(context: RedisContext) {
    this.#context = context;
  }

  async queues(call?: CallOptions): Promise<readonly string[]> {
    const names = await runCommand(this.#context.connection, ["SMEMBERS", allQueuesKey], call);
    return members(names)
      .map((name) => text(name) ?? "")
      .sort();
  }

  async queue(queue: string, call?: CallOptions): Promise<QueueNumbers | undefined> {
    const { connection, clock } = this.#context;
    const keys = queueKeys(queue);
    const now = clock.now();
    const day = utcDay(now);
    const [known, numbers] = await Promise.all([
      runCommand(connection, ["SISMEMBER", allQueuesKey, queue], call),
      runScript(
        connection,
        numbersScript,
        [
          keys.pending,
          keys.active,
          keys.scheduled,
          keys.retry,
          keys.archived,
          keys.completed,
          keys.groups,
          keys.paused,
          `${keys.processed}:${day}`,
          `${keys.failed}:${day}`,
          keys.processed,
          keys.failed,
        ],
        [keys.task, keys.group],
        call,
      ),
    ]);
    if (known !== 1) return undefined;
    const rows = list(numbers);
    const number = (index: number): number => Number(text(rows[index]) ?? 0);
    const since = momentOfNanoseconds(rows[12]);
    return {
      queue,
      paused: number(0) === 1,
      counts: {
        pending: number(1),
        active: number(2),
        scheduled: number(3),
        retry: number(4),
        archived: number(5),
        completed: number(6),
        aggregating: number(7),
      },
      processedToday: number(8),
      failedToday: number(9),
      processedTotal: number(10),
      failedTotal: number(11),
      latencyMs: since === undefined ? 0 : Math.max(0, now - since),
    };
  }

  async list({ queue, state, group, limit, cursor }: ListQuery, call?: CallOptions): Promise<TaskPage> {
    const keys = queueKeys(queue);
    const from = readCursor(cursor);
    const ids = members(
      await runCommand(this.#context.connection, rangeCommand(keys, state, group, from, limit + 1), call),
    );
    const isList = state === "pending" || state === "active";
    const inOrder = (isList ? ids.reverse() : ids).slice(0, limit).map((id) => text(id) ?? "");
    const tasks = await this.get(queue, inOrder, call);
    return {
      // What moved on between the two calls is another state's business by now.
      tasks: tasks.flatMap((task) => (task?.state === state ? [task] : [])),
      nextCursor: ids.length > limit ? String(from + limit) : undefined,
    };
  }

  async get(
    queue: string,
    taskIds: readonly string[],
    call?: CallOptions,
  ): Promise<readonly (StoredTask | undefined)[]> {
    if (taskIds.length === 0) return [];
    const keys = queueKeys(queue);
    const containerPrefix = keys.pending.slice(0, -"pending".length);
    const rows = await runScript(
      this.#context.connection,
      readScript,
      [keys.lease, keys.due],
      [keys.task, containerPrefix, ...taskIds],
      call,
    );
    return list(rows).map((row) => readStoredTask(list(row)));
  }

  async pause(queue: string, call?: CallOptions): Promise<"changed" | "unchanged"> {
    const now = String(wholeSeconds(this.#context.clock.now()));
    const answer = await runCommand(this.#context.connection, ["SET", queueKeys(queue).paused, now, "NX"], call);
    return answer === null ? "unchanged" : "changed";
  }

  async resume(queue: string, call?: CallOptions): Promise<"changed" | "unchanged"> {
    const answer = await runCommand(this.#context.connection, ["DEL", queueKeys(queue).paused], call);
    return answer === 1 ? "changed" : "unchanged";
  }
}

/** RESP 3 gives sets as a `Set`. */
function members(reply: Reply | ReadonlySet<Reply>): Reply[] {
  return reply instanceof Set ? [...reply] : list(reply as Reply);
}

function readCursor(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  const offset = Number(cursor);
  if (/^\d+$/.test(cursor) && Number.isSafeInteger(offset)) return offset;
  throw new HikyakuError(
    "invalid_option",
    `option "cursor": expected what an earlier page gave as nextCursor, got ${JSON.stringify(cursor)}`,
  );
}

function rangeCommand(
  keys: QueueKeys,
  state: TaskState,
  group: string | undefined,
  from: number,
  count: number,
): string[] {
  switch (state) {
    case "pending":
      return ["LRANGE", keys.pending, String(-(from + count)), String(-(from + 1))];
    case "active":
      return ["LRANGE", keys.active, String(-(from + count)), String(-(from + 1))];
    case "aggregating":
      if (group === undefined) {
        throw new HikyakuError("invalid_option", 'option "group": expected a name to list aggregating tasks, got none');
      }
      return ["ZRANGE", keys.group + group, String(from), String(from + count - 1)];
    case "scheduled":
    case "retry":
    case "archived":
    case "completed":
      return ["ZRANGE", keys[state], String(from), String(from + count - 1)];
  }
}

const states: ReadonlySet<string> = new Set<TaskState>([
  "pending",
  "scheduled",
  "active",
  "retry",
  "completed",
  "archived",
  "aggregating",
]);

function isState(value: string | undefined): value is TaskState {
  return value !== undefined && states.has(value);
}

/** @throws HikyakuError `corrupt_data` when the task can't be read. */
function readStoredTask(row: readonly Reply[]): StoredTask | undefined {
  const [bytes, stateText, pendingSince, result, exact, attempts, leaseValue, leaseEnd, score, exactDue] = row;
  if (!Buffer.isBuffer(bytes)) return undefined;
  const state = text(stateText);
  if (!isState(state)) {
    throw new HikyakuError("corrupt_data", `task: expected one of the seven states, got ${JSON.stringify(state)}`);
  }
  const moment = score === null || score === undefined ? undefined : Number(text(score)) * 1_000;
  const held = text(leaseValue);
  const active = state === "active";
  return {
    message: withExactTimes(decodeTaskMessage(bytes), text(exact)),
    state,
    dueAt: state === "scheduled" || state === "retry" ? exactMoment(moment, text(exactDue)) : undefined,
    keptUntil: state === "completed" ? moment : undefined,
    archivedAt: state === "archived" ? moment : undefined,
    pendingSince: state === "pending" ? momentOfNanoseconds(pendingSince) : undefined,
    leaseEndsAt: active && leaseEnd !== null && leaseEnd !== undefined ? Number(text(leaseEnd)) * 1_000 : undefined,
    leaseToken:
      active && held !== undefined && !held.startsWith("=") ? held.slice(0, held.lastIndexOf(":")) : undefined,
    result: Buffer.isBuffer(result) ? result : undefined,
    attempts: readAttempts(text(attempts)),
  };
}

/** The exact moment counts only while the whole second beside it is the one that it was written with. */
function exactMoment(second: number | undefined, exact: string | undefined): number | undefined {
  if (second === undefined || exact === undefined) return second;
  return Math.ceil(Number(exact) / 1_000) * 1_000 === second ? Number(exact) : second;
}
