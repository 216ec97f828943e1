import { expect } from "vitest";
import type { Broker } from "../../src/broker/broker.ts";
import type { EnqueueItem, EnqueueOutcome } from "../../src/broker/enqueue-facet.ts";
import type { AggregationSet } from "../../src/broker/group-facet.ts";
import type { ClaimedTask, Outcome, TakenOver } from "../../src/broker/work-facet.ts";
import { uniqueScope } from "../../src/codec/unique-scope.ts";
import { checkStore } from "../../src/doctor/check-store.ts";
import { isHikyakuError } from "../../src/errors.ts";
import { cancelTask } from "../../src/task/cancel-task.ts";
import {
  decideOutcome,
  type OutcomePolicy,
  type Verdict,
  verdictAfterAbort,
} from "../../src/worker/handling/outcome.ts";
import { Revoke, SkipRetry } from "../../src/worker/handling/verdict-errors.ts";
import { storedText } from "../../src/worker/leases/abort-cause.ts";
import { aTask, bytes, handlesOnly, idsOf, leaseMs } from "../support/builders.ts";
import { compareWithStore } from "./compare-with-store.ts";
import type { FeatureLog } from "./feature-pairs.ts";
import type { DrawnTask, Step } from "./history-steps.ts";
import type { ModelStore } from "./model-stores.ts";
import { type Ending, type NewTask, QueueModel, retryDelayMs } from "./queue-model.ts";

const limitOfAll = 100;
const archiveLimits = { maxCount: 10_000, maxAgeMs: 90 * 86_400_000 };
/** What is wrong only because this history let much time pass without anybody doing the housekeeping. */
const neglect: ReadonlySet<string> = new Set(["overdue", "lease_over", "stale_set", "archive_too_large"]);

let queues = 0;

/** Plays a history on two brokers of one store, in a queue of its own, and compares every answer with the model's. */
export async function playHistory(store: ModelStore, history: readonly Step[]): Promise<FeatureLog> {
  const player = new Player(store, `q${queues++}`);
  for (const step of history) await player.play(step);
  await player.comeToRest();
  return player.features;
}

class Player {
  readonly #store: ModelStore;
  readonly #queue: string;
  readonly #model: QueueModel;
  /** Every lease and every set that was ever handed out. */
  readonly #claimed: { readonly task: ClaimedTask; readonly server: string }[] = [];
  readonly #sets: AggregationSet[] = [];
  #isKnown = false;

  constructor(store: ModelStore, queue: string) {
    this.#store = store;
    this.#queue = queue;
    this.#model = new QueueModel(store.clock.now(), store.grainMs);
  }

  get features(): FeatureLog {
    return this.#model.features;
  }

  async play(step: Step): Promise<void> {
    // Before its first task there is no queue, and what can be done to none is not the matter here.
    if (!this.#isKnown && step.do !== "enqueue" && step.do !== "wait") return;
    await this.#carryOut(step);
    await this.#compare();
  }

  /** Does all housekeeping and all work that is left: the checker must find nothing before, after, and when all is gone. */
  async comeToRest(): Promise<void> {
    if (!this.#isKnown) return;
    const found = await this.#findings();
    expect(found.filter(({ kind }) => !neglect.has(kind))).toEqual([]);
    await this.play({ do: "resume" });
    await this.play({ do: "wait", ms: 2_000_000 });
    await this.play({ do: "forward", limit: limitOfAll });
    await this.play({ do: "takeOver", limit: limitOfAll, settles: true });
    await this.play({ do: "reclaim" });
    await this.play({ do: "sweep", maxCount: 2, maxAgeMs: 86_400_000 });
    expect(await this.#findings()).toEqual([]);
    for (const group of ["g1", "g2"]) {
      await this.play({ do: "changeState", state: "aggregating", group, change: "run" });
    }
    const cancelledTasks = "archive";
    while (this.#model.pending.length > 0) {
      await this.play({ do: "claim", limit: limitOfAll, mailOnly: false, by: 0 });
      while (this.#held().length > 0) {
        const settle = { do: "settle", pick: 0, stale: false, repeated: false, by: 1 } as const;
        await this.play({ ...settle, ending: "success", cancelledTasks });
      }
    }
    await this.play({ do: "wait", ms: 2_000_000 });
    await this.play({ do: "sweep", maxCount: 0, maxAgeMs: 86_400_000 });
    expect(await this.#findings()).toEqual([]);
    expect(this.#model.tasks.size).toBe(0);
    const removed = await this.#store.broker.removeQueue(this.#queue, { force: false, limit: limitOfAll });
    expect(removed).toMatchObject({ kind: "removed", tasks: 0 });
  }

  async #carryOut(step: Step): Promise<void> {
    const { clock, broker, other } = this.#store;
    const [model, queue] = [this.#model, this.#queue];
    switch (step.do) {
      case "enqueue": {
        const drawn = step.tasks.map((task) => this.#drawn(task));
        const outcomes = await this.#by(step.by).enqueue(drawn.map(({ item }) => item));
        this.#isKnown = true;
        expect(outcomes.map(answerOf)).toEqual(drawn.map(({ task }) => model.enqueue(task)));
        return;
      }
      case "claim": {
        const serverId = `server-${step.by}`;
        const { limit, mailOnly } = step;
        const handles = mailOnly ? handlesOnly(["mail"]) : ({ kind: "all" } as const);
        const request = { queues: [{ queue, limit }], limit, handles, serverId, leaseMs };
        const { tasks, setAside } = await this.#by(step.by).claim(request);
        expect(setAside).toEqual([]);
        expect(idsOf(tasks)).toEqual(model.claimable(limit, (type) => !mailOnly || type === "mail"));
        for (const task of tasks) this.#remember(task, serverId);
        return;
      }
      case "settle":
        return this.#settle(step);
      case "extend": {
        const { task } = this.#pick(step.stale ? this.#claimed : this.#held(), step.pick) ?? {};
        if (task === undefined) return;
        const until = clock.now() + step.ms;
        const { taskId, token } = task.lease;
        const holds = model.holds(taskId, token);
        expect(await other.extend([task.lease], until)).toEqual([holds ? "held" : "lost"]);
        const lease = model.tasks.get(taskId)?.lease;
        if (holds && lease !== undefined) lease.endsAt = model.up(until);
        return;
      }
      case "takeOver": {
        const serverId = "recoverer";
        const expired = model.expired();
        const taken = await other.takeOver({ queue, limit: step.limit, serverId, leaseMs });
        expect(taken.tasks).toHaveLength(Math.min(step.limit, expired.length));
        return this.#takeFrom(taken, expired, serverId, step.settles);
      }
      case "takeBack": {
        const from = { kind: "server", serverId: `server-${step.server}` } as const;
        const serverId = "recoverer";
        const held = model.heldBy(from.serverId);
        const taken = await other.takeBack({ queue, limit: limitOfAll, serverId, leaseMs, from });
        expect(taken.tasks).toHaveLength(held.length);
        return this.#takeFrom(taken, held, serverId, step.settles);
      }
      case "forward": {
        const due = model.due();
        const { moved, nextDueAt } = await other.forwardDue({ queue, limit: step.limit });
        expect(moved).toBe(Math.min(step.limit, due.length));
        const entries = await broker.get(queue, due);
        const gone = due.filter((_, index) => !["scheduled", "retry"].includes(entries[index]?.state ?? ""));
        expect(gone).toHaveLength(moved);
        model.forward(gone);
        await this.#adoptOrder(gone);
        expect(nextDueAt).toBe(model.nextDueAt());
        return;
      }
      case "sweep":
        return this.#sweep(step.maxCount, step.maxAgeMs);
      case "change": {
        const id = this.#id(step.pick);
        const { outcomes } = await broker.change({ kind: "ids", queue, taskIds: [id] }, step.change, 10);
        expect(outcomes).toEqual([{ taskId: id, outcome: model.change(id, step.change) }]);
        return;
      }
      case "changeState":
        return this.#changeState(step);
      case "cancel": {
        const id = this.#id(step.pick);
        const answer = await cancelTask(broker, queue, id).catch((error: unknown) => {
          if (!isHikyakuError(error)) throw error;
          return error.code;
        });
        expect(answer).toBe(model.cancel(id));
        return;
      }
      case "edit": {
        const id = this.#id(step.pick);
        const scope = uniqueScope(model.tasks.get(id)?.type ?? "", bytes(step.payload));
        const answer = await other.editPayload({ queue, taskId: id, payload: bytes(step.payload) });
        expect(answer).toBe(model.edit(id, step.payload, scope));
        return;
      }
      case "releaseLock": {
        const { type, payload } = step;
        const owner = await broker.releaseLock({ queue, type, payload: bytes(payload) });
        expect(owner).toBe(model.releaseLock(uniqueScope(type, bytes(payload))));
        return;
      }
      case "pause":
      case "resume": {
        const paused = step.do === "pause";
        expect(await broker[step.do](queue)).toBe(model.paused === paused ? "unchanged" : "changed");
        model.paused = paused;
        return;
      }
      case "claimInVain": {
        const wasPaused = model.paused;
        await this.#carryOut({ do: "pause" });
        await this.#carryOut({ do: "claim", limit: limitOfAll, mailOnly: false, by: step.by });
        if (!wasPaused) await this.#carryOut({ do: "resume" });
        return;
      }
      case "collect":
        return this.#collect(step.group, step.maxSize, step.holdMs);
      case "finish": {
        const set = this.#pick(this.#sets, step.pick);
        if (set === undefined) return;
        const memberId = step.takesMemberId ? model.inSet(set.setId)[0]?.id : undefined;
        const { item, task } = this.#drawn({ ...step.item, placed: "now" }, memberId);
        const answer = await other.finish(set, item);
        const found =
          answer.kind === "finished"
            ? { kind: "accepted" }
            : answer.kind === "lost"
              ? { kind: "lost" }
              : answerOf(answer.outcome);
        expect(found).toEqual(model.finish(set.setId, task));
        return;
      }
      case "putBack": {
        const set = this.#pick(this.#sets, step.pick);
        if (set !== undefined) expect(await broker.putBack(set)).toBe(model.putBack(set.setId));
        return;
      }
      case "archiveMember": {
        const set = this.#pick(this.#sets, step.pick);
        const message = set?.messages[0];
        if (set === undefined || message === undefined) return;
        const error = "not fit to be aggregated";
        const answers = await broker.archiveMembers(set, [{ message, error }]);
        expect(answers).toEqual([model.archiveMember(set.setId, message.id, error)]);
        return;
      }
      case "reclaim": {
        const stale = model.staleSets();
        const tasks = stale.reduce((sum, setId) => sum + model.inSet(setId).length, 0);
        expect(await other.reclaim(queue, limitOfAll)).toEqual({ sets: stale.length, tasks });
        for (const setId of stale) model.putBack(setId);
        return;
      }
      case "wait":
        await this.#store.advance(step.ms);
        model.advance(step.ms);
    }
  }

  async #settle({ pick, stale, ending, by, ...step }: Step & { do: "settle" }): Promise<void> {
    const model = this.#model;
    const { task } = this.#pick(stale ? this.#claimed : this.#held(), pick) ?? {};
    if (task === undefined) return;
    const outcome = this.#outcome(task, ending, step.cancelledTasks);
    const { taskId, token } = task.lease;
    const { results } = await this.#by(by).settle([{ task, outcome, repeated: step.repeated }]);
    if (model.holds(taskId, token)) {
      expect(results).toEqual(["settled"]);
      const error = "error" in outcome ? outcome.error : "";
      model.settle(taskId, token, ending, step.cancelledTasks, error);
    } else {
      expect(model.answersWithoutLease(taskId, token, outcome.kind === "done", step.repeated)).toContain(results[0]);
    }
  }

  async #takeFrom({ tasks, setAside }: TakenOver, from: readonly string[], server: string, settles: boolean) {
    expect(setAside).toEqual([]);
    for (const { task, previousServerId } of tasks) {
      expect(from).toContain(task.message.id);
      expect(previousServerId).toBe(this.#model.tasks.get(task.message.id)?.lease?.server);
      this.#remember(task, server);
    }
    if (!settles) return;
    for (const { task } of tasks) {
      const pick = this.#claimed.findIndex((each) => each.task === task);
      const settle = { do: "settle", pick, stale: true, repeated: false, by: 0 } as const;
      await this.#settle({ ...settle, ending: "lost", cancelledTasks: "retry" });
    }
  }

  async #sweep(maxCount: number, maxAgeMs: number): Promise<void> {
    const { broker } = this.#store;
    const model = this.#model;
    const completed = model.retentionOver();
    const all = [...model.tasks.values()].filter(({ state }) => state === "archived").map(({ id }) => id);
    const dropped = Math.max(model.archivedBefore(maxAgeMs).length, all.length - maxCount, 0);
    const answer = await broker.sweep(this.#queue, limitOfAll, { maxCount, maxAgeMs });
    expect(answer).toMatchObject({ completed: completed.length, archived: dropped });
    // Which of those that were archived at the same moment go first is nobody's promise.
    const entries = await broker.get(this.#queue, all);
    const gone = all.filter((_, index) => entries[index] === undefined);
    const kept = all.filter((id) => !gone.includes(id));
    const archivedAt = (id: string): number => model.tasks.get(id)?.archivedAt ?? 0;
    expect(gone).toHaveLength(dropped);
    expect(Math.max(0, ...gone.map(archivedAt))).toBeLessThanOrEqual(Math.min(...kept.map(archivedAt)));
    for (const id of [...completed, ...gone]) model.remove(id);
  }

  async #changeState({ state, change, group }: Step & { do: "changeState" }): Promise<void> {
    if ((change === "run" && state === "pending") || (change === "archive" && state === "archived")) return;
    const model = this.#model;
    const isWanted = state === "aggregating" ? new Set(model.members(group).map(({ id }) => id)) : undefined;
    const ids = [...model.tasks.values()]
      .filter((task) => task.state === state && (isWanted?.has(task.id) ?? true))
      .map(({ id }) => id);
    const selection = { kind: "state", queue: this.#queue, state, group } as const;
    const answer = await this.#store.other.change(selection, change, limitOfAll);
    expect(answer).toEqual({ outcomes: [], changed: ids.length, more: false });
    for (const id of ids) model.change(id, change);
    if (change === "run") await this.#adoptOrder(ids);
  }

  async #collect(group: string, maxSize: number | undefined, holdMs: number): Promise<void> {
    const [model, queue] = [this.#model, this.#queue];
    const limits = { maxSize, maxDelayMs: undefined, gracePeriodMs: maxSize === undefined ? 2_000 : 3_600_000 };
    const set = await this.#store.broker.collect({ queue, group, limits, holdMs });
    expect(set !== undefined).toBe(model.isRipe(group, limits));
    if (set === undefined) return;
    const members = model.members(group);
    const taken = set.messages.map(({ id }) => id);
    expect(set.setAside).toEqual([]);
    expect(taken).toHaveLength(Math.min(members.length, maxSize ?? members.length));
    // Of those that joined at the same moment any may be taken.
    const newest = Math.max(...taken.map((id) => model.tasks.get(id)?.joinedAt ?? Number.NaN));
    const left = members.filter(({ id }) => !taken.includes(id));
    expect(Math.min(...left.map(({ joinedAt }) => joinedAt ?? 0))).toBeGreaterThanOrEqual(newest);
    expect(set.deadlineAt).toBe(model.up(model.now + holdMs));
    model.take(set.setId, group, taken, set.deadlineAt);
    this.#sets.push(set);
  }

  /** Tasks that reach the end of the queue together have no promised order among each other: takes the store's. */
  async #adoptOrder(ids: readonly string[]): Promise<void> {
    const { pending } = this.#model;
    const moved = ids.filter((id) => pending.includes(id));
    if (moved.length < 2) return;
    const { tasks } = await this.#store.broker.list({ queue: this.#queue, state: "pending", limit: 1_000 });
    const tail = idsOf(tasks).slice(-moved.length);
    expect(new Set(tail)).toEqual(new Set(moved));
    pending.splice(-tail.length, tail.length, ...tail);
  }

  #outcome(task: ClaimedTask, ending: Ending, cancelledTasks: "archive" | "retry"): Outcome {
    const policy: OutcomePolicy = {
      retryDelayMs: ({ retried }) => retryDelayMs(retried),
      isFailure: (error) => !(error instanceof Error && error.message === notNow),
      maxLostAttempts: 3,
      cancelledTasks,
    };
    const outcome = decideOutcome(task.message, verdictOf(task, ending), policy, this.#store.clock.now(), () => 0.5);
    if ("error" in outcome) expect(outcome.error).toBe(errorOf(task, ending));
    return outcome;
  }

  #remember(task: ClaimedTask, server: string): void {
    const model = this.#model;
    const { taskId, token } = task.lease;
    const endsAt = model.up(model.now + leaseMs);
    model.lease(taskId, token, server, endsAt);
    expect(task.leaseEndsAt).toBe(endsAt);
    expect(task.lostAttempts).toBe(model.tasks.get(taskId)?.lostAttempts);
    expect(token.startsWith(`${server}/`)).toBe(true);
    this.#claimed.push({ task, server });
  }

  #held() {
    return this.#claimed.filter(({ task: { lease } }) => this.#model.holds(lease.taskId, lease.token));
  }

  /** One of the ids that were ever used, those that are there now twice as often. */
  #id(pick: number): string {
    const living = [...this.#model.tasks.keys()];
    return this.#pick([...living, ...living, "t0", "t1", "nobody"], pick) ?? "nobody";
  }

  #pick<Item>(items: readonly Item[], pick: number): Item | undefined {
    return items[pick % Math.max(1, items.length)];
  }

  #by(who: number): Broker {
    return who === 0 ? this.#store.broker : this.#store.other;
  }

  #drawn(drawn: DrawnTask, ownId?: string): { item: EnqueueItem; task: NewTask } {
    const { placed, type, payload, uniqueForMs, maxRetry, retentionMs, timeoutMs } = drawn;
    const grouped = placed === "group" || placed === "later_group";
    const group = grouped ? drawn.group : "";
    const at = this.#store.clock.now() + drawn.delayMs;
    const later = placed === "later" || placed === "later_group";
    const id = ownId ?? `t${drawn.id}`;
    const message = aTask({
      id,
      type,
      queue: this.#queue,
      payload: bytes(payload),
      group,
      maxRetry,
      retentionMs,
      timeoutMs,
    });
    const placement = later ? { kind: "at", at } : grouped ? { kind: "group" } : { kind: "now" };
    return {
      item: { message, placement, ...(uniqueForMs !== undefined && { uniqueForMs }) } as EnqueueItem,
      task: {
        id,
        type,
        payload,
        group,
        uniqueForMs,
        maxRetry,
        retentionMs,
        timeoutMs,
        scope: uniqueScope(type, bytes(payload)),
        placement: later ? { at } : grouped ? "group" : "now",
      },
    };
  }

  #findings() {
    const options = { queues: [this.#queue], scope: "tasks", graceMs: 0, archive: archiveLimits } as const;
    return checkStore(this.#store.other, options);
  }

  #compare(): Promise<void> {
    return compareWithStore(this.#store, this.#queue, this.#model, this.#isKnown);
  }
}

function answerOf(outcome: EnqueueOutcome): { kind: string; ownerId?: string } {
  if (outcome.kind === "failed") throw outcome.error;
  return outcome.kind === "duplicate" ? { kind: outcome.kind, ownerId: outcome.ownerId } : { kind: outcome.kind };
}

const notNow = "not now";

function verdictOf(task: ClaimedTask, ending: Ending): Verdict {
  const reason = new Error("the attempt was stopped");
  switch (ending) {
    case "success":
      return { kind: "success", result: bytes("the result") };
    case "failure":
      return { kind: "failure", error: new Error("it broke") };
    case "uncounted":
      return { kind: "failure", error: new Error(notNow) };
    case "timeout":
      return verdictAfterAbort(reason, "deadline", reason);
    case "cancelled":
      return verdictAfterAbort(reason, "cancelled", reason);
    case "skip_retry":
      return { kind: "failure", error: new SkipRetry("never again") };
    case "revoke":
      return { kind: "failure", error: new Revoke() };
    case "unfinished":
      return verdictAfterAbort(reason, "shutdown", reason);
    case "lost":
      return { kind: "lost", lostAttempts: task.lostAttempts, lostAlone: 0 };
  }
}

function errorOf(task: ClaimedTask, ending: Ending): string | undefined {
  switch (ending) {
    case "failure":
      return "it broke";
    case "uncounted":
      return notNow;
    case "timeout":
      return storedText.deadline;
    case "cancelled":
      return storedText.cancelled;
    case "skip_retry":
      return "never again";
    case "lost":
      return `${storedText.lease_lost}: its worker died or stalled ${task.lostAttempts} times, and nobody ran it alone`;
    default:
      return undefined;
  }
}
