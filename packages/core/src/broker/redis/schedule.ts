import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Timestamp, TimestampSchema, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { SchedulerEnqueueEventSchema, SchedulerEntrySchema } from "../../codec/generated/presence_pb.ts";
import type { CallOptions } from "../call-options.ts";
import { readDurableEntry } from "../durable-entry-text.ts";
import type { EnqueueOutcome } from "../enqueue-facet.ts";
import { eventsKeptMs, turnMemoryMs, turnsKept } from "../limits.ts";
import type {
  AnnouncedEntry,
  DurableEntry,
  EnqueueEvent,
  EntryBeginning,
  FireAnswer,
  ScheduleFacet,
  ScheduleRecord,
  Turn,
  TurnMemory,
} from "../schedule-facet.ts";
import { eventCursorParts } from "../schedule-facet.ts";
import { accepted, packItem, refusal } from "./enqueue.ts";
import {
  allQueuesKey,
  allSchedulersKey,
  dueSoonerChannel,
  durableEntriesKey,
  queueKeys,
  scheduleHistoryKey,
  schedulerIdOf,
  schedulerKey,
  schedulesChannel,
  turnKeys,
} from "./keys.ts";
import { announceEntriesLua, beginTurnsLua, fireTurnLua, putDurableEntryLua, recordEventLua } from "./lua/generated.ts";
import { Pack } from "./pack.ts";
import { nanoseconds, type RedisContext, wholeSeconds } from "./redis-context.ts";
import { readIfType, runCommand, runScript, script } from "./run-script.ts";
import type { Reply } from "./wire/link.ts";
import { asBuffer, list, text } from "./wire/reply.ts";
import { noAnswerTo } from "./wire/reply-shape.ts";

const announceScript = script(announceEntriesLua, "number");
const beginScript = script(beginTurnsLua, "list");
const fireScript = script(fireTurnLua, "outcome");
const recordScript = script(recordEventLua, "number");
const putScript = script(putDurableEntryLua, "number");

const memorySeconds = String(turnMemoryMs / 1_000);
const historySeconds = String(eventsKeptMs / 1_000);

/** Go's "never": the first second of the year 1. */
const goZeroTime = { seconds: -62_135_596_800n, nanos: 0 };

export class RedisSchedule implements ScheduleFacet {
  readonly #context: RedisContext;

  constructor(context: RedisContext) {
    this.#context = context;
  }

  async announceEntries(
    schedulerId: string,
    records: readonly ScheduleRecord[],
    ttlMs: number,
    call?: CallOptions,
  ): Promise<void> {
    const { connection, clock } = this.#context;
    const key = schedulerKey(schedulerId);
    const ttlSeconds = Math.max(1, Math.ceil(ttlMs / 1_000));
    const until = String(wholeSeconds(clock.now()) + ttlSeconds);
    await Promise.all([
      runCommand(connection, ["ZADD", allSchedulersKey, until, key], call),
      runScript(connection, announceScript, [key], [String(ttlSeconds), ...records.map(encodeEntry)], call),
    ]);
  }

  async withdrawEntries(schedulerId: string, call?: CallOptions): Promise<void> {
    const { connection } = this.#context;
    const key = schedulerKey(schedulerId);
    await Promise.all([
      runCommand(connection, ["ZREM", allSchedulersKey, key], call),
      runCommand(connection, ["DEL", key], call),
    ]);
  }

  async scheduleRecords(call?: CallOptions): Promise<readonly AnnouncedEntry[]> {
    const { connection, clock } = this.#context;
    const now = wholeSeconds(clock.now());
    const [names] = await Promise.all([
      runCommand(connection, ["ZRANGE", allSchedulersKey, String(now), "+inf", "BYSCORE"], call),
      // Crashed schedulers leave names in this set, and nobody else removes them.
      runCommand(connection, ["ZREMRANGEBYSCORE", allSchedulersKey, "-inf", String(now - 1)], call),
    ]);
    const lists = await Promise.all(
      list(names).map(async (name) => {
        const key = text(name) ?? "";
        const entries = list(await readIfType(connection, ["LRANGE", key, "0", "-1"], call));
        return entries.reverse().map((entry) => decodeEntry(schedulerIdOf(key), entry));
      }),
    );
    return lists.flat().filter((record) => record !== undefined);
  }

  async beginTurns(entry: EntryBeginning, call?: CallOptions): Promise<TurnMemory> {
    const { connection, clock } = this.#context;
    const keys = turnKeys(entry.queue, entry.entryId);
    const insteadOf = entry.insteadOf === undefined ? "" : milliseconds(entry.insteadOf);
    const answer = await runScript(
      connection,
      beginScript,
      [keys.memory, keys.fired],
      [entry.schedule, milliseconds(entry.since), milliseconds(clock.now()), memorySeconds, insteadOf],
      call,
    );
    const [since, lastTurn] = list(answer).map(text);
    return { since: Number(since), lastTurnAt: lastTurn === "" ? undefined : Number(lastTurn) };
  }

  async fireTurn({ entryId, turnAt, item, firedBy }: Turn, call?: CallOptions): Promise<FireAnswer> {
    const { connection, clock } = this.#context;
    const now = clock.now();
    const keys = queueKeys(item.message.queue);
    const turns = turnKeys(keys.queue, entryId);
    const pack = new Pack(512);
    packItem(pack, keys, item, now);
    // The list of queues lies in another slot of a cluster, so it is written first: a name too many does no harm.
    await runCommand(connection, ["SADD", allQueuesKey, keys.queue], call);
    const answer = await runScript(
      connection,
      fireScript,
      [keys.pending, keys.scheduled, keys.retry, keys.groups, keys.due, turns.memory, turns.fired],
      [
        keys.task,
        keys.group,
        nanoseconds(now),
        String(wholeSeconds(now)),
        keys.queue,
        dueSoonerChannel,
        pack.finish(),
        milliseconds(turnAt),
        milliseconds(now),
        firedBy,
        memorySeconds,
        String(turnsKept),
      ],
      call,
    );
    if (!Buffer.isBuffer(answer)) return { kind: "fired_before" };
    return { kind: "fired", outcome: outcomeOf(answer.toString(), item) };
  }

  async recordEvent(entryId: string, event: EnqueueEvent, call?: CallOptions): Promise<void> {
    const encoded = toBinary(
      SchedulerEnqueueEventSchema,
      create(SchedulerEnqueueEventSchema, { taskId: event.taskId, enqueueTime: timestampFromMs(event.at) }),
    );
    await runScript(
      this.#context.connection,
      recordScript,
      [scheduleHistoryKey(entryId)],
      [String(wholeSeconds(event.at)), asBuffer(encoded), historySeconds],
      call,
    );
  }

  async enqueueEvents(
    entryId: string,
    { limit, cursor }: { readonly limit: number; readonly cursor?: string },
    call?: CallOptions,
  ): Promise<{ readonly events: readonly EnqueueEvent[]; readonly nextCursor: string | undefined }> {
    const [second, seen] = cursor === undefined ? ["+inf", 0] : eventCursorParts(cursor);
    const reply = list(
      await runCommand(
        this.#context.connection,
        [
          "ZRANGE",
          scheduleHistoryKey(entryId),
          String(second),
          "-inf",
          "BYSCORE",
          "REV",
          "LIMIT",
          String(seen),
          String(limit),
          "WITHSCORES",
        ],
        call,
      ),
    );
    const members = reply.map((pair) => list(pair)[0] ?? null);
    const seconds = reply.map((pair) => text(list(pair)[1]) ?? "");
    const last = seconds.at(-1);
    const ofLast = seconds.filter((score) => score === last).length + (last === String(second) ? seen : 0);
    return {
      events: members
        .map(decodeEvent)
        .filter((event) => event !== undefined)
        .sort((one, other) => other.at - one.at),
      nextCursor: members.length < limit || last === undefined ? undefined : `${last}:${ofLast}`,
    };
  }

  async durableEntries(call?: CallOptions): Promise<readonly DurableEntry[]> {
    const values = list(await runCommand(this.#context.connection, ["HVALS", durableEntriesKey], call));
    const entries = values.map((value) => readDurableEntry(text(value))).filter((entry) => entry !== undefined);
    return entries.sort((one, other) => (one.entryId < other.entryId ? -1 : 1));
  }

  async unreadableEntries(call?: CallOptions): Promise<readonly string[]> {
    const { connection } = this.#context;
    const ids = list(await runCommand(connection, ["HKEYS", durableEntriesKey], call)).map((id) => text(id) ?? "");
    if (ids.length === 0) return [];
    const entries = list(await runCommand(connection, ["HMGET", durableEntriesKey, ...ids], call));
    return ids.filter((_, index) => entries[index] !== null && readDurableEntry(text(entries[index])) === undefined);
  }

  async putDurableEntry(entry: DurableEntry, call?: CallOptions): Promise<"written" | "conflict"> {
    const written = await runScript(
      this.#context.connection,
      putScript,
      [durableEntriesKey],
      [entry.entryId, JSON.stringify(entry), String(entry.revision), schedulesChannel],
      call,
    );
    return Number(written) === 1 ? "written" : "conflict";
  }

  async removeDurableEntry(entryId: string, call?: CallOptions): Promise<"removed" | "not_found"> {
    const { connection } = this.#context;
    const removed = await runCommand(connection, ["HDEL", durableEntriesKey, entryId], call);
    if (Number(removed) === 0) return "not_found";
    // Schedulers also look by themselves, so a lost message costs only seconds.
    await runCommand(connection, ["PUBLISH", schedulesChannel, ""], call).catch(() => undefined);
    return "removed";
  }
}

function milliseconds(ms: number): string {
  return String(Math.floor(ms));
}

const broken = "broken ";
const duplicate = "duplicate ";

function outcomeOf(word: string, item: Turn["item"]): EnqueueOutcome {
  if (word === "accepted") return accepted(item);
  if (word === "taken") return { kind: "id_taken" };
  if (word.startsWith(broken)) {
    const outcome = refusal(item, Number(word.slice(broken.length)));
    // As in the other store: nothing was written, and the turn can still be fired.
    if (outcome.kind === "failed") throw outcome.error;
  }
  if (word.startsWith(duplicate)) return { kind: "duplicate", ownerId: word.slice(duplicate.length) };
  throw noAnswerTo("the firing of a turn", "what became of its task", Buffer.from(word));
}

function encodeEntry(record: ScheduleRecord): Buffer {
  const entry = create(SchedulerEntrySchema, {
    id: record.entryId,
    spec: record.spec,
    taskType: record.taskType,
    taskPayload: record.payload ?? new Uint8Array(),
    enqueueOptions: [...record.options],
    nextEnqueueTime: goTime(record.nextAt),
    prevEnqueueTime: goTime(record.previousAt),
  });
  return asBuffer(toBinary(SchedulerEntrySchema, entry));
}

/** Undefined for bytes that can't be read: one bad record must not hide the others. */
function decodeEntry(schedulerId: string, reply: Reply): AnnouncedEntry | undefined {
  if (!Buffer.isBuffer(reply)) return undefined;
  try {
    const entry = fromBinary(SchedulerEntrySchema, reply);
    return {
      schedulerId,
      entryId: entry.id,
      spec: entry.spec,
      taskType: entry.taskType,
      payload: entry.taskPayload.length === 0 ? undefined : entry.taskPayload,
      options: entry.enqueueOptions,
      nextAt: momentOf(entry.nextEnqueueTime),
      previousAt: momentOf(entry.prevEnqueueTime),
    };
  } catch {
    return undefined;
  }
}

function decodeEvent(reply: Reply): EnqueueEvent | undefined {
  if (!Buffer.isBuffer(reply)) return undefined;
  try {
    const event = fromBinary(SchedulerEnqueueEventSchema, reply);
    return { taskId: event.taskId, at: momentOf(event.enqueueTime) ?? 0 };
  } catch {
    return undefined;
  }
}

function goTime(ms: number | undefined): Timestamp {
  return ms === undefined ? create(TimestampSchema, goZeroTime) : timestampFromMs(ms);
}

function momentOf(time: Timestamp | undefined): number | undefined {
  return time === undefined || time.seconds === goZeroTime.seconds ? undefined : timestampMs(time);
}
