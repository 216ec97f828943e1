import { decodeTaskMessage } from "../../codec/task-codec.ts";
import { errorText } from "../../errors.ts";
import { sleep } from "../../runtime/clock.ts";
import type { CallOptions } from "../call-options.ts";
import { aFinding, type Finding } from "../finding.ts";
import type { GroupFacet } from "../group-facet.ts";
import type { MaintainFacet } from "../maintain-facet.ts";
import {
  badReconcileCursor,
  checkReconcileLimit,
  type ReconcileAnswer,
  type ReconcileFacet,
  type ReconcileRequest,
  type StoreFacts,
} from "../reconcile-facet.ts";
import { type QueueKeys, queueKeys } from "./keys.ts";
import {
  archiveUnreadableLua,
  reconcileDueLua,
  reconcileGroupsLua,
  reconcileLocksLua,
  reconcileTasksLua,
} from "./lua/generated.ts";
import { globEscaped } from "./queue-removal.ts";
import { checkQueue } from "./reconcile-queue.ts";
import { checkRedisSettings } from "./reconcile-settings.ts";
import { taskFinding } from "./reconcile-words.ts";
import { nanoseconds, type RedisContext, wholeSeconds } from "./redis-context.ts";
import { readIfType, runCommand, runScript, type Script, script } from "./run-script.ts";
import { redisFacts } from "./store-facts.ts";
import type { Link, Reply } from "./wire/link.ts";
import { list, text } from "./wire/reply.ts";

const tasksScript = script(reconcileTasksLua, "list");
const locksScript = script(reconcileLocksLua, "list");
const groupsScript = script(reconcileGroupsLua, "list");
const dueScript = script(reconcileDueLua, "list");
const unreadableScript = script(archiveUnreadableLua, "number");

/** The parts of a pass in order. Each walks one container for names without a task, except the first and the last. */
const phases = [
  "queue",
  "active",
  "lease",
  "pending",
  "scheduled",
  "retry",
  "archived",
  "completed",
  "due",
  "keys",
] as const;
type Phase = (typeof phases)[number];

/** Most ids that one script looks at. */
const idsPerScript = 100;
/** How long a task whose retention can't be read is kept after it was found. */
const unknownRetentionMs = 86_400_000;

/**
 * Where ids come from: a list that the script reads itself, or has read; the members of a group or set; anything else.
 */
type Origin =
  | { readonly kind: "pending" | "active"; readonly from: number; readonly count: number }
  | { readonly kind: "group"; readonly key: string; readonly ids: readonly string[] }
  | { readonly kind: "again" | "bodies" | "entries"; readonly ids: readonly string[] };

/** The same origin, for these ids only. */
function only(origin: Origin, ids: readonly string[]): Origin {
  return "ids" in origin ? { ...origin, ids } : { kind: "again", ids };
}

interface Known {
  readonly keptUntil: string;
  readonly group: string;
}

interface Pass {
  readonly keys: QueueKeys;
  readonly request: ReconcileRequest;
  readonly call: CallOptions | undefined;
  readonly findings: Finding[];
}

/**
 * Walks a queue part by part. First its numbers, then each list for names without a task. Last all keys of the
 * database, for tasks without a list, groups without a name and locks without an owner. The cursor is the part and the
 * place in it.
 */
export class RedisReconcile implements ReconcileFacet {
  readonly #context: RedisContext;
  readonly #others: Pick<MaintainFacet, "sweep" | "forwardDue"> & Pick<GroupFacet, "reclaim">;

  constructor(
    context: RedisContext,
    others: Pick<MaintainFacet, "sweep" | "forwardDue"> & Pick<GroupFacet, "reclaim">,
  ) {
    this.#context = context;
    this.#others = others;
  }

  async reconcile(request: ReconcileRequest, call?: CallOptions): Promise<ReconcileAnswer> {
    checkReconcileLimit(request.limit);
    const { phase, place } = readCursor(request.cursor);
    const pass: Pass = { keys: queueKeys(request.queue), request, call, findings: [] };
    const next = await this.#slice(pass, phase, place);
    const following = phases[phases.indexOf(phase) + 1];
    const nextCursor = next === "0" ? following && `${following}@0` : `${phase}@${next}`;
    return { findings: pass.findings, nextCursor };
  }

  async findQueues(
    { limit, cursor = "0" }: { readonly limit: number; readonly cursor?: string },
    call?: CallOptions,
  ): Promise<{ readonly queues: readonly string[]; readonly nextCursor: string | undefined }> {
    checkReconcileLimit(limit);
    // With many servers the cursor also names the one being walked: `<cursor of Redis>@<number of the server>`.
    const [, place, digits = "0"] = /^(\d{1,20})(?:@(\d{1,4}))?$/.exec(cursor) ?? [];
    if (place === undefined) throw badReconcileCursor(cursor);
    const holders = await this.#context.connection.holders(call);
    const holder = holders[Number(digits)];
    if (holder === undefined) return { queues: [], nextCursor: undefined };
    const { next, names } = await this.#scan(holder, "*:{*}:*", place, limit, call);
    const queues = names.flatMap((name) => {
      const [, theirs, ours] = queueKeyPattern.exec(name) ?? [];
      return theirs ?? ours ?? [];
    });
    const server = next === "0" ? Number(digits) + 1 : Number(digits);
    const nextCursor = server === 0 ? next : `${next}@${server}`;
    return { queues: [...new Set(queues)], nextCursor: server < holders.length ? nextCursor : undefined };
  }

  checkSettings(call?: CallOptions): Promise<readonly Finding[]> {
    return checkRedisSettings(this.#context, call);
  }

  facts(call?: CallOptions): Promise<StoreFacts> {
    return redisFacts(this.#context, call);
  }

  /** Looks at one slice of one part. Returns where the next one starts, "0" after the last. */
  async #slice(pass: Pass, phase: Phase, place: string): Promise<string> {
    const { keys, request } = pass;
    switch (phase) {
      case "queue":
        pass.findings.push(...(await checkQueue(this.#context, this.#others, request, pass.call)));
        return "0";
      case "active":
      case "pending":
        return this.#walkList(pass, phase, Number(place));
      case "due":
        return this.#walkDue(pass, place);
      case "keys":
        return this.#walkKeys(pass, place);
      default: {
        const { next, ids } = await this.#scanSet(keys[phase], place, request.limit, pass.call);
        await this.#lookAt(pass, { kind: "entries", ids });
        return next;
      }
    }
  }

  async #walkList(pass: Pass, kind: "active" | "pending", start: number): Promise<string> {
    const end = start + pass.request.limit;
    for (let from = start; from < end; from += idsPerScript) {
      const count = Math.min(idsPerScript, end - from);
      const looked = await this.#lookAt(pass, { kind, from, count });
      if (looked < count) return "0";
    }
    return String(end);
  }

  async #walkDue(pass: Pass, place: string): Promise<string> {
    const { keys, request, findings } = pass;
    const { next, ids } = await this.#scanSet(keys.due, place, request.limit, pass.call);
    if (ids.length === 0) return next;
    const args = [keys.task, request.repair ? "1" : "0", ...ids];
    const stray = await this.#run(dueScript, [keys.due, keys.scheduled, keys.retry], args, pass.call);
    for (const taskId of texts(stray)) {
      const detail = `an exact moment is kept of task ${taskId}, which does not wait for it`;
      const repair = request.repair ? "repaired" : "repairable";
      findings.push(aFinding("stray_due", { queue: keys.queue, taskId, detail }, repair, "the moment is dropped"));
    }
    return next;
  }

  async #walkKeys(pass: Pass, place: string): Promise<string> {
    const { keys, request, call } = pass;
    const pattern = `${globEscaped(keys.task.slice(0, -"t:".length))}*`;
    // All keys of a queue lie on one server.
    const holder = await this.#context.connection.holderOf(keys.pending, call);
    const { next, names } = await this.#scan(holder, pattern, place, request.limit, call);
    const behind = (prefix: string): string[] =>
      names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
    const bodies = behind(keys.task);
    await this.#lookAt(pass, { kind: "bodies", ids: bodies });
    if (request.readMessages) await this.#readMessages(pass, bodies);
    await this.#checkLocks(pass, behind(keys.unique));
    const groups = behind(keys.group);
    for (const group of groups) await this.#walkGroup(pass, keys.group + group);
    await this.#checkGroups(pass, groups);
    return next;
  }

  /** Walks a whole group in one slice, step by step: groups are emptied all the time, so they stay small. */
  async #walkGroup(pass: Pass, key: string): Promise<void> {
    const type = text(await runCommand(this.#context.connection, ["TYPE", key], pass.call));
    if (type !== "zset") return;
    let cursor = "0";
    do {
      const { next, ids } = await this.#scanSet(key, cursor, pass.request.limit, pass.call);
      await this.#lookAt(pass, { kind: "group", key, ids });
      cursor = next;
    } while (cursor !== "0");
  }

  async #checkGroups({ keys, request, call, findings }: Pass, names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    const args = [keys.task, keys.group, request.repair ? "1" : "0", ...names];
    const rows = list(await this.#run(groupsScript, [keys.groups, keys.aggregationSets], args, call));
    for (let index = 0; index < rows.length; index += 4) {
      const [name = "", kind = "", group = ""] = texts(rows.slice(index, index + 3));
      const tasks = `${Number(rows[index + 3])} tasks`;
      const repair = request.repair ? "repaired" : "repairable";
      if (kind === "lost_set") {
        const detail = `${tasks} of group "${group}" are in the set ${name}, which the list of sets does not name`;
        findings.push(
          aFinding("lost_set", { queue: keys.queue, detail }, repair, "they are put back into their group"),
        );
      } else {
        const detail = `group "${group}" holds ${tasks}, and the list of groups does not name it`;
        findings.push(aFinding("group_unknown", { queue: keys.queue, detail }, repair, "the list names it again"));
      }
    }
  }

  async #checkLocks({ keys, request, call, findings }: Pass, names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    for (let from = 0; from < names.length; from += idsPerScript) {
      const locks = names.slice(from, from + idsPerScript).map((name) => keys.unique + name);
      const rows = list(await this.#run(locksScript, locks, [keys.task, request.repair ? "1" : "0"], call));
      for (let index = 0; index < rows.length; index += 3) {
        const [taskId = "", why = ""] = texts(rows.slice(index + 1, index + 3));
        const detail = `the lock ${locks[Number(rows[index])]} is owned by task ${taskId}, ${lockReasons[why]}`;
        const repair = request.repair ? "repaired" : "repairable";
        findings.push(
          aFinding("lock_without_task", { queue: keys.queue, taskId, detail }, repair, "the lock is freed"),
        );
      }
    }
  }

  async #readMessages(pass: Pass, ids: readonly string[]): Promise<void> {
    const { keys, request, call, findings } = pass;
    for (let from = 0; from < ids.length; from += idsPerScript) {
      const slice = ids.slice(from, from + idsPerScript);
      const rows = await Promise.all(slice.map((id) => this.#read(keys.task + id, call)));
      for (const [index, row] of rows.entries()) {
        const taskId = slice[index] ?? "";
        const [msg, state] = row;
        const reason = Buffer.isBuffer(msg) ? unreadableReason(msg, taskId, keys.queue) : undefined;
        if (reason === undefined || !Buffer.isBuffer(msg) || !isToRun(text(state))) continue;
        const archived =
          request.repair &&
          (await this.#run(
            unreadableScript,
            containers(keys, keys.due),
            [keys.task + taskId, keys.group, taskId, msg, this.#nowSec(), reason],
            call,
          )) === 1;
        const held = text(state) === "active";
        const repair = archived ? "repaired" : held || request.repair ? "by_hand" : "repairable";
        const about = { queue: keys.queue, taskId, detail: `the message of task ${taskId} can't be read: ${reason}` };
        findings.push(aFinding("unreadable", about, repair, held ? undefined : "it is archived as it is"));
      }
    }
  }

  /** Looks once, then again at what looked broken, and only then repairs. Returns how many ids there were. */
  async #lookAt(pass: Pass, origin: Origin): Promise<number> {
    const { request, call, findings } = pass;
    const first = await this.#look(pass, origin, false, new Map());
    if (first.rows.length === 0) return first.looked;
    if (request.graceMs > 0) await sleep(this.#context.clock, request.graceMs, call?.signal);
    const ids = [...new Set(first.rows.map(([id = ""]) => id))];
    const known = await this.#known(pass, ids);
    const second = await this.#look(pass, only(origin, ids), request.repair, known);
    const repair = request.repair ? "repaired" : "repairable";
    findings.push(...second.rows.map((row) => taskFinding(pass.keys.queue, row, repair)));
    return first.looked;
  }

  async #look(
    pass: Pass,
    origin: Origin,
    repair: boolean,
    known: ReadonlyMap<string, Known>,
  ): Promise<{ looked: number; rows: string[][] }> {
    const { keys, call } = pass;
    const scriptKeys = containers(keys, keys.groups, keys.due, keys.aggregationSets, keys.leftovers);
    const rows: string[][] = [];
    const run = async (from: number, count: number, ids: readonly string[]): Promise<number> => {
      const now = this.#context.clock.now();
      const answer = await this.#run(
        tasksScript,
        scriptKeys,
        [
          keys.task,
          keys.group,
          `${keys.leftovers}:`,
          String(wholeSeconds(now)),
          nanoseconds(now),
          repair ? "1" : "0",
          origin.kind,
          origin.kind === "group" ? origin.key : "",
          String(from),
          String(count),
          ...ids.flatMap((id) => [id, known.get(id)?.keptUntil ?? "", known.get(id)?.group ?? ""]),
        ],
        call,
      );
      const [looked, found] = list(answer);
      const words = texts(found);
      for (let index = 0; index < words.length; index += 5) rows.push(words.slice(index, index + 5));
      return Number(looked);
    };
    if (!("ids" in origin)) {
      return { looked: await run(origin.from, origin.count, []), rows };
    }
    for (let from = 0; from < origin.ids.length; from += idsPerScript) {
      await run(0, 0, origin.ids.slice(from, from + idsPerScript));
    }
    return { looked: origin.ids.length, rows };
  }

  /** What only the message tells: how long a completed task is kept, and which group a grouped task has. */
  async #known({ keys, call }: Pass, ids: readonly string[]): Promise<Map<string, Known>> {
    const known = new Map<string, Known>();
    const now = this.#context.clock.now();
    const rows = await Promise.all(ids.map((id) => this.#read(keys.task + id, call)));
    for (const [index, id] of ids.entries()) {
      const msg = rows[index]?.[0];
      let keptUntil = now + unknownRetentionMs;
      let group = "";
      try {
        const message = Buffer.isBuffer(msg) ? decodeTaskMessage(msg) : undefined;
        group = message?.group ?? "";
        if (message?.completedAt !== undefined) keptUntil = Math.max(now, message.completedAt + message.retentionMs);
      } catch {
        // The task then stays without a group. The reading of messages finds and reports it.
      }
      known.set(id, { keptUntil: String(wholeSeconds(keptUntil)), group });
    }
    return known;
  }

  /** Message and state. Empty when something else lies under the key. */
  async #read(key: string, call: CallOptions | undefined): Promise<Reply[]> {
    return list(await readIfType(this.#context.connection, ["HMGET", key, "msg", "state"], call));
  }

  async #scan(
    holder: Link,
    pattern: string,
    cursor: string,
    count: number,
    call: CallOptions | undefined,
  ): Promise<{ next: string; names: string[] }> {
    const command = ["SCAN", cursor, "MATCH", pattern, "COUNT", String(count)];
    const [next, names] = list(await runCommand(holder, command, call));
    return { next: text(next) ?? "0", names: [...new Set(texts(names))] };
  }

  async #scanSet(
    key: string,
    cursor: string,
    count: number,
    call: CallOptions | undefined,
  ): Promise<{ next: string; ids: string[] }> {
    const command = ["ZSCAN", key, cursor, "COUNT", String(count)];
    const [next, rows] = list(await runCommand(this.#context.connection, command, call));
    const ids = texts(rows).filter((_, index) => index % 2 === 0);
    return { next: text(next) ?? "0", ids: [...new Set(ids)] };
  }

  #run(
    which: Script,
    keys: readonly string[],
    args: readonly (string | Buffer)[],
    call: CallOptions | undefined,
  ): Promise<Reply> {
    return runScript(this.#context.connection, which, keys, args, call);
  }

  #nowSec(): string {
    return String(wholeSeconds(this.#context.clock.now()));
  }
}

/** Matches keys of ours too: a Go program that removes a queue leaves them behind. */
const queueKeyPattern =
  /^(?:asynq:\{(.+?)\}:(?:pending|active|lease|scheduled|retry|archived|completed|groups|aggregation_sets|[tg]:.*)|hikyaku:\{(.+?)\}:(?:due|leftovers(?::.*)?))$/s;

const lockReasons: Readonly<Record<string, string>> = {
  gone: "which does not exist",
  completed: "which has completed",
  other: "which did not take this lock",
};

function containers(keys: QueueKeys, ...more: readonly string[]): readonly string[] {
  const { pending, active, lease, scheduled, retry, archived, completed } = keys;
  return [pending, active, lease, scheduled, retry, archived, completed, ...more];
}

function texts(reply: Reply | undefined): string[] {
  return list(reply).map((part) => text(part) ?? "");
}

function isToRun(state: string | undefined): boolean {
  return state !== "archived" && state !== "completed";
}

/** Why the message can't be used; undefined when it can. */
function unreadableReason(msg: Buffer, taskId: string, queue: string): string | undefined {
  try {
    const message = decodeTaskMessage(msg);
    if (message.id !== taskId) return `it says that it is task ${JSON.stringify(message.id)}`;
    if (message.queue !== queue) return `it says that it belongs to queue ${JSON.stringify(message.queue)}`;
    return undefined;
  } catch (error) {
    return errorText(error);
  }
}

/** @throws HikyakuError `invalid_option`. */
function readCursor(cursor: string | undefined): { phase: Phase; place: string } {
  if (cursor === undefined) return { phase: "queue", place: "0" };
  const [, name, place] = /^([a-z]+)@(\d{1,20})$/.exec(cursor) ?? [];
  const phase = phases.find((each) => each === name);
  if (phase === undefined || place === undefined) throw badReconcileCursor(cursor);
  return { phase, place };
}
