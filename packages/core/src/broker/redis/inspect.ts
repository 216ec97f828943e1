import { decodeTaskMessage } from "../../codec/task-codec.ts";
import type { CallOptions } from "../call-options.ts";
import {
  type ArchivedLately,
  type DayNumbers,
  type InspectFacet,
  type ListQuery,
  type MemoryEstimate,
  mostDueCounted,
  type PauseSource,
  type QueueNumbers,
  type TaskEntry,
  type TaskFilter,
  type TaskPage,
} from "../inspect-facet.ts";
import { mostAheadCounted, type Standing } from "../standing.ts";
import { asciiLower, checkListQuery, fitsFilter, mostScanned, mostScannedBytes, mustHold } from "../task-filter.ts";
import type { TaskState } from "../task-message.ts";
import { lastDays, utcDay } from "../utc-day.ts";
import { allQueuesKey, type QueueKeys, queueKeys } from "./keys.ts";
import { readListCursor, writeListCursor } from "./list-cursor.ts";
import {
  archivedSinceLua,
  listTasksLua,
  memoryLua,
  pauseLua,
  queueNumbersLua,
  readTasksLua,
  standingLua,
} from "./lua/generated.ts";
import { pauseNote, queuePauseOf } from "./pause-note.ts";
import { type RedisContext, wholeSeconds } from "./redis-context.ts";
import { runCommand, runScript, script } from "./run-script.ts";
import { readStanding } from "./standing.ts";
import { readTaskEntry } from "./stored-task.ts";
import type { Reply } from "./wire/link.ts";
import { list, momentOfNanoseconds, text } from "./wire/reply.ts";

const numbersScript = script(queueNumbersLua, "list");
const readScript = script(readTasksLua, "list");
const listScript = script(listTasksLua, "list");
const memoryScript = script(memoryLua, "list");
const pauseScript = script(pauseLua, "number");
const standingScript = script(standingLua, "list");
const archivedScript = script(archivedSinceLua, "list");

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

  async hasQueue(queue: string, call?: CallOptions): Promise<boolean> {
    return (await runCommand(this.#context.connection, ["SISMEMBER", allQueuesKey, queue], call)) === 1;
  }

  async queue(queue: string, call?: CallOptions): Promise<QueueNumbers | undefined> {
    const { connection, clock } = this.#context;
    const keys = queueKeys(queue);
    const now = clock.now();
    const day = utcDay(now);
    const [known, numbers] = await Promise.all([
      this.hasQueue(queue, call),
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
          keys.pause,
          keys.policy,
        ],
        [keys.task, keys.group, String(wholeSeconds(now)), String(mostDueCounted)],
        call,
      ),
    ]);
    if (!known) return undefined;
    const rows = list(numbers);
    const number = (index: number): number => countOf(rows[index]);
    const since = momentOfNanoseconds(rows[12]);
    const dueSince = text(rows[14]) ?? "";
    const paused = number(0) === 1;
    const policy = text(rows[17]) ?? "";
    return {
      queue,
      paused,
      pause: paused ? queuePauseOf(text(rows[15]) ?? "", text(rows[16]) ?? "") : undefined,
      policy: policy === "" ? undefined : policy,
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
      due: number(13),
      // Any program can give a task a score that is no moment, such as "-inf": due since the first of all.
      overdueMs: dueSince === "" ? 0 : Math.max(0, now - Math.max(0, Number(dueSince) * 1_000 || 0)),
    };
  }

  async history(queue: string, days: number, call?: CallOptions): Promise<readonly DayNumbers[]> {
    const keys = queueKeys(queue);
    const names = lastDays(this.#context.clock.now(), days);
    const counters = await runCommand(
      this.#context.connection,
      ["MGET", ...names.flatMap((day) => [`${keys.processed}:${day}`, `${keys.failed}:${day}`])],
      call,
    );
    const counted = list(counters).map(countOf);
    return names.map((day, index) => ({
      day,
      processed: counted[index * 2] ?? 0,
      failed: counted[index * 2 + 1] ?? 0,
    }));
  }

  async memory(queue: string, call?: CallOptions): Promise<MemoryEstimate> {
    const keys = queueKeys(queue);
    const answer = await runScript(
      this.#context.connection,
      memoryScript,
      [keys.pending, keys.active, keys.groups, keys.scheduled, keys.retry, keys.archived, keys.completed],
      [keys.task, keys.group],
      call,
    );
    const [bytes, sampledTasks, refusal] = list(answer).map((part) => text(part) ?? "");
    if (refusal !== undefined && refusal !== "") {
      return { kind: "unknown", reason: `Redis refused the command MEMORY USAGE: ${refusal}` };
    }
    return { kind: "estimate", bytes: Number(bytes), sampledTasks: Number(sampledTasks) };
  }

  async list(query: ListQuery, call?: CallOptions): Promise<TaskPage> {
    checkListQuery(query);
    const { queue, state, group, limit, filter } = query;
    const keys = queueKeys(queue);
    const position = readListCursor(query.cursor);
    const answer = await runScript(
      this.#context.connection,
      listScript,
      [state === "aggregating" ? keys.group + (group ?? "") : keys[state], keys.lease, keys.due],
      [
        keys.task,
        containerPrefix(keys),
        state === "pending" || state === "active" ? "list" : "zset",
        String(limit),
        String(mostScanned),
        String(mostScannedBytes),
        position.place,
        position.id,
        ...scoreBounds(state, filter),
        filter?.idPrefix ?? "",
        filter?.type ?? "",
        Buffer.from(filter?.payload ?? mustHold(filter ?? {}) ?? []),
        asciiLower(filter?.error ?? ""),
      ],
      call,
    );
    const [rows, place, lastId, scanned, more] = list(answer);
    const found = list(rows);
    const tasks: TaskEntry[] = [];
    for (let index = 0; index < found.length; index += 2) {
      const entry = readTaskEntry(queue, text(found[index]) ?? "", list(found[index + 1]), state);
      if (entry !== undefined && fitsFilter(entry, filter)) tasks.push(entry);
    }
    return {
      tasks,
      nextCursor: more === 1 ? writeListCursor(text(place) ?? "", lastId) : undefined,
      scanned: Number(scanned),
    };
  }

  async get(
    queue: string,
    taskIds: readonly string[],
    call?: CallOptions,
  ): Promise<readonly (TaskEntry | undefined)[]> {
    if (taskIds.length === 0) return [];
    const keys = queueKeys(queue);
    const rows = await runScript(
      this.#context.connection,
      readScript,
      [keys.lease, keys.due],
      [keys.task, containerPrefix(keys), ...taskIds],
      call,
    );
    return list(rows).map((row, index) => readTaskEntry(queue, taskIds[index] ?? "", list(row)));
  }

  async standing(queue: string, taskId = "", call?: CallOptions): Promise<Standing> {
    const keys = queueKeys(queue);
    const answer = await runScript(
      this.#context.connection,
      standingScript,
      [keys.pending, keys.active, keys.scheduled, keys.retry, keys.due],
      [keys.task, keys.group, taskId, String(mostAheadCounted)],
      call,
    );
    return readStanding(answer);
  }

  async archivedSince(queue: string, since: number, limit: number, call?: CallOptions): Promise<ArchivedLately> {
    const keys = queueKeys(queue);
    const answer = await runScript(
      this.#context.connection,
      archivedScript,
      [keys.archived],
      [keys.task, String(wholeSeconds(since)), String(limit), String(mostScannedBytes)],
      call,
    );
    const [total, rows] = list(answer);
    const found = list(rows);
    const newest: ArchivedLately["newest"][number][] = [];
    for (let index = 0; index < found.length; index += 3) {
      const archivedAt = Number(text(found[index + 1])) * 1_000;
      newest.push({ taskId: text(found[index]) ?? "", type: typeOf(found[index + 2]), archivedAt });
    }
    return { total: Number(total), newest };
  }

  async pause(queue: string, call?: CallOptions, source: PauseSource = {}): Promise<"changed" | "unchanged"> {
    // First, so that no queue is paused that nobody can see. In a cluster the two keys lie on different servers.
    await runCommand(this.#context.connection, ["SADD", allQueuesKey, queue], call);
    const now = String(wholeSeconds(this.#context.clock.now()));
    const keys = queueKeys(queue);
    const args = [now, pauseNote(now, source)];
    const answer = await runScript(this.#context.connection, pauseScript, [keys.paused, keys.pause], args, call);
    return answer === 1 ? "changed" : "unchanged";
  }

  async resume(queue: string, call?: CallOptions): Promise<"changed" | "unchanged"> {
    const { connection } = this.#context;
    const keys = queueKeys(queue);
    // Before the flag, or it could name a pause of somebody else that begins in between.
    await runCommand(connection, ["DEL", keys.pause], call);
    return (await runCommand(connection, ["DEL", keys.paused], call)) === 1 ? "changed" : "unchanged";
  }
}

function typeOf(message: Reply | undefined): string | undefined {
  try {
    return Buffer.isBuffer(message) && message.length > 0 ? decodeTaskMessage(message).type : undefined;
  } catch {
    return undefined;
  }
}

/** A counter that holds something else counts as 0. */
function countOf(reply: Reply | undefined): number {
  const count = Number(text(reply) ?? 0);
  return Number.isFinite(count) ? count : 0;
}

/** RESP 3 gives sets as a `Set`. */
function members(reply: Reply | ReadonlySet<Reply>): Reply[] {
  return reply instanceof Set ? [...reply] : list(reply as Reply);
}

/** The name of a queue's container is this and the state of its tasks. */
function containerPrefix(keys: QueueKeys): string {
  return keys.pending.slice(0, -"pending".length);
}

/** The lowest and highest score that can fit, for states whose score is the moment that the filter means. */
function scoreBounds(state: TaskState, filter: TaskFilter | undefined): [string, string] {
  if (state !== "scheduled" && state !== "retry" && state !== "archived") return ["", ""];
  const { from, before } = filter ?? {};
  return [
    from === undefined ? "" : String(Math.floor(from / 1_000)),
    before === undefined ? "" : String(Math.ceil(before / 1_000)),
  ];
}
