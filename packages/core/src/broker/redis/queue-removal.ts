import { isUtf8 } from "node:buffer";
import { HikyakuError } from "../../errors.ts";
import type { CallOptions } from "../call-options.ts";
import { checkRemoval, clockMarginMs } from "../change-check.ts";
import type { ChangeFacet, RemoveQueueAnswer, RemoveQueueRequest, Selection } from "../change-facet.ts";
import type { TaskState } from "../task-message.ts";
import { lastDays } from "../utc-day.ts";
import { allQueuesKey, type QueueKeys, queueKeys } from "./keys.ts";
import { dropLeasesLua, freeLocksLua, queueContentsLua, removeQueueLua, unlistedLua } from "./lua/generated.ts";
import { type RedisContext, wholeSeconds } from "./redis-context.ts";
import { runCommand, runScript, script } from "./run-script.ts";
import type { Reply } from "./wire/link.ts";
import { list, text } from "./wire/reply.ts";

const contentsScript = script(queueContentsLua, "list");
const removeScript = script(removeQueueLua, "number");
const unlistedScript = script(unlistedLua, "list");
const freeLocksScript = script(freeLocksLua, "number");
const dropLeasesScript = script(dropLeasesLua, "number");

/** Day counters live 90 days after their first increment. */
const countedDays = 93;
const keysPerScan = 1_000;

interface Contents {
  readonly held: number;
  readonly states: readonly Exclude<TaskState, "active" | "aggregating">[];
  readonly groups: readonly string[];
  /** Names of groups that are not text. No program made them. */
  readonly strangeGroups: readonly Buffer[];
  /** Ids that are listed as running though nobody runs them. */
  readonly stuck: readonly Buffer[];
}

/**
 * Removes a queue step by step. First its tasks, a slice a step. Then a walk over all keys of the database finds what
 * no list names: bodies without an entry, locks without an owner, groups without a name. Last the fixed keys, in one
 * step that refuses when there are tasks again. The cursor is the place of the walk. The policy of the queue stays.
 */
export class QueueRemoval {
  readonly #context: RedisContext;
  readonly #change: Pick<ChangeFacet, "change">;
  readonly #onRemoved: (queue: string) => void;

  constructor(context: RedisContext, change: Pick<ChangeFacet, "change">, onRemoved: (queue: string) => void) {
    this.#context = context;
    this.#change = change;
    this.#onRemoved = onRemoved;
  }

  async step(queue: string, request: RemoveQueueRequest, call?: CallOptions): Promise<RemoveQueueAnswer> {
    checkRemoval(request);
    const { force, limit, cursor = "0" } = request;
    if (!/^\d{1,20}$/.test(cursor)) {
      throw new HikyakuError(
        "invalid_option",
        `option "cursor": expected what the call before answered, got ${JSON.stringify(cursor)}`,
      );
    }
    const { connection } = this.#context;
    const keys = queueKeys(queue);
    const contents = await this.#contents(keys, call);
    const { states, groups, strangeGroups, stuck } = contents;
    const isEmpty = [states, groups, strangeGroups, stuck].every(({ length }) => length === 0);
    if (!force && !(isEmpty && contents.held === 0)) return { kind: "not_empty" };
    if (contents.held > 0) return { kind: "active", tasks: 0 };
    if (request.cursor === undefined && isEmpty) {
      const known = await runCommand(connection, ["SISMEMBER", allQueuesKey, queue], call);
      if (known !== 1) return { kind: "not_found" };
    }
    if (!isEmpty) return { kind: "more", cursor, tasks: await this.#removeSome(queue, contents, limit, call) };
    const walk = await this.#walk(keys, cursor, limit, call);
    if (walk.next !== "0") return { kind: "more", cursor: walk.next, tasks: walk.tasks };
    if (!(await this.#removeFixedKeys(keys, call))) return { kind: "more", cursor: "0", tasks: walk.tasks };
    await runCommand(connection, ["SREM", allQueuesKey, queue], call);
    this.#onRemoved(queue);
    return { kind: "removed", tasks: walk.tasks };
  }

  async #contents(keys: QueueKeys, call: CallOptions | undefined): Promise<Contents> {
    const now = this.#context.clock.now();
    const answer = await runScript(
      this.#context.connection,
      contentsScript,
      [
        keys.pending,
        keys.active,
        keys.lease,
        keys.scheduled,
        keys.retry,
        keys.archived,
        keys.completed,
        keys.groups,
        keys.aggregationSets,
      ],
      [keys.group, String(wholeSeconds(now)), String(wholeSeconds(now - clockMarginMs))],
      call,
    );
    const [held, states, groups, stuck] = list(answer);
    const words = (reply: typeof held): string[] => list(reply).map((word) => text(word) ?? "");
    return {
      held: Number(held),
      states: words(states) as Contents["states"][number][],
      groups: list(groups).flatMap((name) => (isText(name) ? (text(name) ?? []) : [])),
      strangeGroups: list(groups).filter((name) => Buffer.isBuffer(name) && !isText(name)) as Buffer[],
      stuck: list(stuck).filter((id) => Buffer.isBuffer(id)),
    };
  }

  async #removeSome(
    queue: string,
    { states, groups, strangeGroups, stuck }: Contents,
    limit: number,
    call: CallOptions | undefined,
  ): Promise<number> {
    await this.#unlinkGroups(queueKeys(queue), strangeGroups, call);
    const selections: Selection[] = [
      ...states.map((state): Selection => ({ kind: "state", queue, state })),
      ...groups.map((group): Selection => ({ kind: "state", queue, state: "aggregating", group })),
    ];
    let removed = 0;
    for (const selection of selections) {
      if (removed >= limit) return removed;
      removed += (await this.#change.change(selection, "delete", limit - removed, call)).changed;
    }
    if (removed >= limit || stuck.length === 0) return removed;
    const rest = await this.#change.change({ kind: "ids", queue, taskIds: stuck.map(String) }, "delete", limit, call);
    await this.#forgetStuck(queueKeys(queue), stuck, call);
    return removed + rest.changed;
  }

  /** The walk over all keys finds the tasks that the groups named. */
  async #unlinkGroups(keys: QueueKeys, groups: readonly Buffer[], call: CallOptions | undefined): Promise<void> {
    const { connection } = this.#context;
    for (const group of groups) {
      const key = Buffer.concat([Buffer.from(keys.group), group]);
      await runCommand(connection, ["UNLINK", key], call);
      await runCommand(connection, ["SREM", keys.groups, group], call);
      await runCommand(connection, ["ZREM", keys.aggregationSets, key], call);
    }
  }

  /** Ids without a body are no tasks to change: only their entries exist. */
  async #forgetStuck(keys: QueueKeys, ids: readonly Buffer[], call: CallOptions | undefined): Promise<void> {
    await runScript(this.#context.connection, dropLeasesScript, [keys.active, keys.lease], [keys.task, ...ids], call);
  }

  /** One step of the walk over all keys. */
  async #walk(
    keys: QueueKeys,
    cursor: string,
    limit: number,
    call: CallOptions | undefined,
  ): Promise<{ next: string; tasks: number }> {
    const { connection } = this.#context;
    const ours = `hikyaku:{${keys.queue}}:`;
    const pattern = `*:{${globEscaped(keys.queue)}}:*`;
    // All keys of a queue lie on one server.
    const holder = await connection.holderOf(keys.pending, call);
    const answer = await runCommand(holder, ["SCAN", cursor, "MATCH", pattern, "COUNT", String(keysPerScan)], call);
    const [next, found] = list(answer);
    // Names of tasks, groups and locks are text. Other names can't be told apart by their text.
    const strange = list(found).filter((name) => Buffer.isBuffer(name) && !isText(name)) as Buffer[];
    for (const name of strange) await runCommand(connection, ["UNLINK", name], call);
    const names = list(found).flatMap((name) => (isText(name) ? (text(name) ?? []) : []));
    const starting = (prefix: string): string[] => names.filter((name) => name.startsWith(prefix));
    const bodies = starting(keys.task).map((name) => name.slice(keys.task.length));
    const taskIds = bodies.length === 0 ? [] : await this.#unlisted(keys, bodies, call);
    let tasks = 0;
    if (taskIds.length > 0) {
      const selection = { kind: "ids", queue: keys.queue, taskIds } as const;
      tasks = (await this.#change.change(selection, "delete", limit, call)).changed;
    }
    const locks = starting(keys.unique);
    if (locks.length > 0) await runScript(connection, freeLocksScript, locks, [keys.task], call);
    const groups: string[] = [];
    for (const name of starting(keys.group)) {
      const isGroup = text(await runCommand(connection, ["TYPE", name], call)) === "zset";
      if (isGroup) groups.push(name.slice(keys.group.length));
      else await runCommand(connection, ["UNLINK", name], call);
    }
    // Once listed again, they are emptied like any other group by the next step.
    if (groups.length > 0) await runCommand(connection, ["SADD", keys.groups, ...groups], call);
    const counted = this.#countersOf(keys);
    const rest = names.filter(
      (name) =>
        (name.startsWith(ours) && name !== keys.policy) ||
        (/:(?:processed|failed):[\d-]+$/.test(name) && !counted.includes(name)),
    );
    if (rest.length > 0) await runCommand(connection, ["UNLINK", ...rest], call);
    return { next: groups.length > 0 ? cursor : (text(next) ?? "0"), tasks };
  }

  async #unlisted(keys: QueueKeys, ids: readonly string[], call: CallOptions | undefined): Promise<string[]> {
    const answer = await runScript(
      this.#context.connection,
      unlistedScript,
      [
        keys.pending,
        keys.active,
        keys.lease,
        keys.scheduled,
        keys.retry,
        keys.archived,
        keys.completed,
        keys.aggregationSets,
      ],
      [keys.task, keys.group, ...ids],
      call,
    );
    return list(answer).map((id) => text(id) ?? "");
  }

  /** The counters of all days that can still count. Tomorrow's too, since clocks differ. */
  #countersOf(keys: QueueKeys): string[] {
    const days = lastDays(this.#context.clock.now() + 86_400_000, countedDays);
    return days.flatMap((day) => [`${keys.processed}:${day}`, `${keys.failed}:${day}`]);
  }

  async #removeFixedKeys(keys: QueueKeys, call: CallOptions | undefined): Promise<boolean> {
    const answer = await runScript(
      this.#context.connection,
      removeScript,
      [
        keys.pending,
        keys.active,
        keys.lease,
        keys.scheduled,
        keys.retry,
        keys.archived,
        keys.completed,
        keys.groups,
        keys.aggregationSets,
        keys.paused,
        keys.processed,
        keys.failed,
        keys.due,
        keys.pause,
        ...this.#countersOf(keys),
      ],
      [keys.group],
      call,
    );
    return answer === 1;
  }
}

function isText(reply: Reply): boolean {
  return Buffer.isBuffer(reply) && isUtf8(reply);
}

/** Escapes the characters that have a meaning in a pattern. */
export function globEscaped(name: string): string {
  return name.replaceAll(/[*?[\]\\^-]/g, "\\$&");
}
