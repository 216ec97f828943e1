import { encodeTaskMessage } from "../../codec/task-codec.ts";
import { taskIdsOf } from "../../task/task-id.ts";
import type { CallOptions } from "../call-options.ts";
import type { EnqueueItem } from "../enqueue-facet.ts";
import {
  type AggregationSet,
  checkFinish,
  type FinishAnswer,
  type GroupFacet,
  type GroupLimits,
  type GroupNumbers,
  joinedAheadMs,
} from "../group-facet.ts";
import { settledMessage } from "../settled-message.ts";
import type { TaskMessage } from "../task-message.ts";
import { packItem, refusal } from "./enqueue.ts";
import { dueSoonerChannel, type QueueKeys, queueKeys } from "./keys.ts";
import {
  archiveMembersLua,
  collectLua,
  dropLeftoversLua,
  finishSetLua,
  listGroupsLua,
  readSetLua,
  reclaimSetsLua,
  staleSetsLua,
} from "./lua/generated.ts";
import { Pack } from "./pack.ts";
import { nanoseconds, type RedisContext, secondAtOrAfter, wholeSeconds } from "./redis-context.ts";
import { runScript, script } from "./run-script.ts";
import { readSlice, type SetSlice } from "./set-slice.ts";
import type { Reply } from "./wire/link.ts";
import { asBuffer, list, text } from "./wire/reply.ts";
import { noAnswerTo } from "./wire/reply-shape.ts";

const listGroupsScript = script(listGroupsLua, "list");
const collectScript = script(collectLua, "number");
const readSetScript = script(readSetLua, "list");
const finishSetScript = script(finishSetLua, "outcome");
const dropLeftoversScript = script(dropLeftoversLua, "number");
const archiveMembersScript = script(archiveMembersLua, "list");
const staleSetsScript = script(staleSetsLua, "list");
const reclaimSetsScript = script(reclaimSetsLua, "list");

/** Keeps one script short, however large a group is. */
const slice = 500;

/**
 * A Go server's clock may differ, and it can't notice that its set was taken from it. The same holds for its leases.
 */
const foreignSetMarginMs = 30_000;

/** A score is a whole second: the real moment may be up to this much later. */
export const restOfSecondMs = 999;

interface SetKeys {
  readonly keys: QueueKeys;
  readonly set: string;
  /** The set's end as the list of all sets has it. */
  readonly end: string;
}

export class RedisGroups implements GroupFacet {
  readonly #context: RedisContext;

  constructor(context: RedisContext) {
    this.#context = context;
  }

  async groups(queue: string, call?: CallOptions): Promise<readonly GroupNumbers[]> {
    const keys = queueKeys(queue);
    // A scan may return a name twice.
    const found = new Map<string, GroupNumbers>();
    let cursor = "0";
    do {
      const answer = await this.#run(listGroupsScript, [keys.groups], [keys.group, cursor, String(slice)], call);
      const [next, rows] = list(answer);
      for (const [group, size, oldest, newest] of chunks(list(rows), 4)) {
        const name = text(group) ?? "";
        found.set(name, {
          group: name,
          size: Number(size),
          oldestAt: Number(text(oldest)) * 1_000 + restOfSecondMs,
          newestAt: Number(text(newest)) * 1_000 + restOfSecondMs,
        });
      }
      cursor = text(next) ?? "0";
    } while (cursor !== "0");
    return [...found.values()];
  }

  async collect(
    request: { readonly queue: string; readonly group: string; readonly limits: GroupLimits; readonly holdMs: number },
    call?: CallOptions,
  ): Promise<AggregationSet | undefined> {
    const { queue, group, limits, holdMs } = request;
    const { clock } = this.#context;
    const keys = queueKeys(queue);
    const now = clock.now();
    const end = secondAtOrAfter(now + holdMs);
    const setId = taskIdsOf(clock)();
    const set = setKey(keys, group, setId);
    const latest = (waitMs: number): string => String(wholeSeconds(now - waitMs - restOfSecondMs));
    const taken = await this.#run(
      collectScript,
      [keys.group + group, set, keys.aggregationSets, keys.groups],
      [
        group,
        String(limits.maxSize ?? 0),
        limits.maxDelayMs === undefined ? "" : latest(limits.maxDelayMs),
        latest(limits.gracePeriodMs),
        String(end),
        String(wholeSeconds(now + joinedAheadMs)),
      ],
      call,
    );
    if (taken !== 1) return undefined;
    const slices: SetSlice[] = [];
    let read: SetSlice;
    do {
      read = await this.#readSlice(keys, set, slices.length * slice, call);
      slices.push(read);
    } while (read.size >= slice);
    const unreadable = slices.flatMap((each) => each.unreadable);
    await this.#archive(
      { keys, set, end: String(end) },
      unreadable.map(({ taskId, detail }) => [taskId, "", detail]),
      call,
    );
    return {
      queue,
      group,
      setId,
      deadlineAt: end * 1_000,
      messages: slices.flatMap((each) => each.messages),
      setAside: [...unreadable, ...slices.flatMap((each) => each.ghosts)],
    };
  }

  async finish(set: AggregationSet, item: EnqueueItem | undefined, call?: CallOptions): Promise<FinishAnswer> {
    checkFinish(set, item);
    const { keys, set: key, end } = keysOf(set);
    const now = this.#context.clock.now();
    const leftovers = `${keys.leftovers}:${set.setId}`;
    const answer = await this.#run(
      finishSetScript,
      [
        key,
        keys.aggregationSets,
        keys.pending,
        keys.scheduled,
        keys.retry,
        keys.groups,
        keys.due,
        leftovers,
        keys.leftovers,
      ],
      [
        keys.task,
        keys.group,
        nanoseconds(now),
        String(wholeSeconds(now)),
        keys.queue,
        dueSoonerChannel,
        packed(keys, item, now),
        end,
        set.setId,
        keys.unique,
        String(slice),
      ],
      call,
    );
    const refused = refusalOf(answer, item);
    if (refused !== undefined) return refused;
    if (set.messages.length + set.setAside.length > slice) {
      // `reclaim` finds what can't be removed now. The set is finished either way.
      await this.#dropLeftovers(keys, set.setId, call).catch(() => undefined);
    }
    return { kind: "finished", state: item === undefined ? undefined : stateOf(item) };
  }

  async archiveMembers(
    set: AggregationSet,
    members: readonly { readonly message: TaskMessage; readonly error: string }[],
    call?: CallOptions,
  ): Promise<readonly ("archived" | "lost")[]> {
    const now = this.#context.clock.now();
    const entries = members.map(({ message, error }): MemberEntry => {
      const bytes = encodeTaskMessage(settledMessage(message, { kind: "archived", error }, now));
      return [message.id, asBuffer(bytes), ""];
    });
    return this.#archive(keysOf(set), entries, call);
  }

  async putBack(set: AggregationSet, call?: CallOptions): Promise<"put_back" | "lost"> {
    const { keys, set: key, end } = keysOf(set);
    const moved = await this.#putBack(keys, key, set.group, end, call);
    return moved === undefined ? "lost" : "put_back";
  }

  async reclaim(queue: string, limit: number, call?: CallOptions): Promise<{ sets: number; tasks: number }> {
    const keys = queueKeys(queue);
    const now = this.#context.clock.now();
    const answer = await this.#run(
      staleSetsScript,
      [keys.aggregationSets, keys.leftovers],
      [String(wholeSeconds(now)), String(wholeSeconds(now - foreignSetMarginMs)), String(limit), keys.group],
      call,
    );
    const [stale, leftovers] = list(answer);
    let sets = 0;
    let tasks = 0;
    for (const [key, end] of chunks(list(stale), 2)) {
      const set = text(key) ?? "";
      const moved = await this.#putBack(keys, set, groupOf(keys, set), text(end) ?? "", call);
      if (moved === undefined) continue;
      sets += 1;
      tasks += moved;
    }
    for (const setId of list(leftovers)) await this.#dropLeftovers(keys, text(setId) ?? "", call);
    return { sets, tasks };
  }

  /** Returns how many tasks went back. Undefined when the set was gone before the first of them. */
  async #putBack(
    keys: QueueKeys,
    set: string,
    group: string,
    end: string,
    call: CallOptions | undefined,
  ): Promise<number | undefined> {
    let moved: number | undefined;
    // After the first slice the set's end is 0. A crash in the middle leaves the same.
    for (let expected = end; ; expected = "0") {
      const answer = await this.#run(
        reclaimSetsScript,
        [set, keys.aggregationSets, keys.group + group, keys.groups],
        [group, expected, String(slice)],
        call,
      );
      const [count, left] = list(answer).map(Number);
      if (count === undefined || count < 0) return moved;
      moved = (moved ?? 0) + count;
      if (left === 0) return moved;
    }
  }

  async #archive(
    { keys, set, end }: SetKeys,
    entries: readonly MemberEntry[],
    call: CallOptions | undefined,
  ): Promise<("archived" | "lost")[]> {
    const answers = entries.map((): "archived" | "lost" => "archived");
    for (let from = 0; from < entries.length; from += slice) {
      const lost = await this.#run(
        archiveMembersScript,
        [set, keys.aggregationSets, keys.archived],
        [keys.task, String(wholeSeconds(this.#context.clock.now())), end, ...entries.slice(from, from + slice).flat()],
        call,
      );
      for (const position of list(lost)) answers[from + Number(position)] = "lost";
    }
    return answers;
  }

  async #dropLeftovers(keys: QueueKeys, setId: string, call: CallOptions | undefined): Promise<void> {
    for (let left = 1; left > 0; ) {
      const answer = await this.#run(
        dropLeftoversScript,
        [`${keys.leftovers}:${setId}`, keys.leftovers],
        [keys.task, keys.unique, setId, String(slice)],
        call,
      );
      left = Number(answer);
    }
  }

  async #readSlice(keys: QueueKeys, set: string, from: number, call: CallOptions | undefined): Promise<SetSlice> {
    const args = [keys.task, String(from), String(from + slice - 1)];
    return readSlice(keys.queue, list(await this.#run(readSetScript, [set], args, call)));
  }

  #run(
    lua: ReturnType<typeof script>,
    keys: readonly string[],
    args: readonly (string | Buffer)[],
    call: CallOptions | undefined,
  ): Promise<Reply> {
    return runScript(this.#context.connection, lua, keys, args, call);
  }
}

/** Id, message or empty, reason or empty: as `archive-members.lua` takes them. */
type MemberEntry = [taskId: string, message: Buffer | "", reason: string];

function setKey(keys: QueueKeys, group: string, setId: string): string {
  return `${keys.group}${group}:${setId}`;
}

function keysOf({ queue, group, setId, deadlineAt }: AggregationSet): SetKeys {
  const keys = queueKeys(queue);
  return { keys, set: setKey(keys, group, setId), end: String(wholeSeconds(deadlineAt)) };
}

/** The group's name may contain colons; a set's id never does. */
function groupOf(keys: QueueKeys, set: string): string {
  return set.slice(keys.group.length, set.lastIndexOf(":"));
}

/** Packs no items when there is no task. */
function packed(keys: QueueKeys, item: EnqueueItem | undefined, now: number): Buffer {
  const pack = new Pack(1_024);
  if (item !== undefined) packItem(pack, keys, item, now);
  return pack.finish();
}

function refusalOf(answer: Reply, item: EnqueueItem | undefined): FinishAnswer | undefined {
  if (answer === 0) return { kind: "lost" };
  if (answer === 1) return undefined;
  if (item === undefined) throw noAnswerTo("the end of a set", "0 or 1", answer);
  return { kind: "refused", outcome: refusal(item, typeof answer === "number" ? answer - 2 : answer) };
}

function stateOf({ placement }: EnqueueItem): "pending" | "scheduled" | "aggregating" {
  return placement.kind === "now" ? "pending" : placement.kind === "at" ? "scheduled" : "aggregating";
}

function* chunks(rows: readonly Reply[], size: number): Generator<Reply[]> {
  for (let from = 0; from < rows.length; from += size) yield rows.slice(from, from + size);
}
