/*
 * What one queue promises, as plain TypeScript with nothing clever about it: lists, maps and a clock. Both stores are held
 * against it. Where they differ on purpose, `grainMs` says how: Redis keeps whole seconds (1000), SQLite milliseconds (1).
 */
import type { Change, ChangeOutcome, EditOutcome } from "../../src/broker/change-facet.ts";
import type { TaskState } from "../../src/broker/task-message.ts";
import { FeatureLog } from "./feature-pairs.ts";

export type Answer = "accepted" | "duplicate" | "id_taken";

/** How an attempt ended, as its handler or its worker would have it. */
export type Ending =
  | "success"
  | "failure"
  | "uncounted"
  | "timeout"
  | "cancelled"
  | "skip_retry"
  | "revoke"
  | "unfinished"
  | "lost";

export interface NewTask {
  readonly id: string;
  readonly type: string;
  /** Names the uniqueness lock of its type and payload. */
  readonly scope: string;
  readonly payload: string;
  readonly placement: "now" | "group" | { readonly at: number };
  readonly group: string;
  readonly uniqueForMs: number | undefined;
  readonly maxRetry: number;
  readonly retentionMs: number;
  readonly timeoutMs: number;
}

export interface ModelTask {
  readonly id: string;
  readonly type: string;
  payload: string;
  /** The lock that it took, whether or not it still owns it; empty when it took none. */
  scope: string;
  state: TaskState;
  group: string;
  readonly maxRetry: number;
  readonly retentionMs: number;
  readonly timeoutMs: number;
  retried: number;
  lastError: string;
  lostAttempts: number;
  /** Scheduled and retry. */
  dueAt?: number;
  /** Completed. */
  keptUntil?: number;
  /** Archived. */
  archivedAt?: number;
  /** Aggregating. */
  joinedAt?: number;
  setId?: string;
  /** Active. */
  lease?: { token: string; server: string; endsAt: number };
  /** The lease under which it was settled last, and whether it was claimed since. */
  settledUnder?: string;
  claimedSince: boolean;
}

export interface ModelSet {
  readonly group: string;
  readonly deadlineAt: number;
}

/** From so many deaths on, none of a worker that ran the task alone, each spends a retry. */
const mostUnproven = 10;
const clockMarginMs = 60_000;

export function retryDelayMs(retried: number): number {
  return 1_500 + retried * 700;
}

export class QueueModel {
  readonly tasks = new Map<string, ModelTask>();
  readonly pending: string[] = [];
  readonly locks = new Map<string, { ownerId: string; endsAt: number }>();
  readonly sets = new Map<string, ModelSet>();
  readonly features = new FeatureLog();
  paused = false;
  processed = 0;
  failed = 0;
  now: number;
  readonly #grainMs: number;

  constructor(now: number, grainMs: number) {
    this.now = now;
    this.#grainMs = grainMs;
  }

  /** The store's tick at or after, and at or before, a moment. */
  up(ms: number): number {
    return Math.ceil(ms / this.#grainMs) * this.#grainMs;
  }

  down(ms: number): number {
    return Math.floor(ms / this.#grainMs) * this.#grainMs;
  }

  advance(ms: number): void {
    this.now += ms;
    for (const [scope, { endsAt }] of this.locks) if (endsAt <= this.now) this.locks.delete(scope);
  }

  /** The id is looked at before the lock, so that a taken id leaves no lock behind. */
  enqueue(task: NewTask): { kind: Answer; ownerId?: string } {
    const existing = this.tasks.get(task.id);
    if (existing !== undefined) {
      this.features.note(existing.id, "conflict");
      return { kind: "id_taken" };
    }
    const isUnique = task.uniqueForMs !== undefined;
    const owner = isUnique ? this.locks.get(task.scope)?.ownerId : undefined;
    if (owner !== undefined) {
      this.features.note(owner, "unique");
      return { kind: "duplicate", ownerId: owner };
    }
    const { id, type, payload, placement, group, maxRetry, retentionMs, timeoutMs } = task;
    const at = typeof placement === "object" ? placement.at : this.now;
    if (task.uniqueForMs !== undefined) {
      const life = this.up(Math.max(0, at - this.now) + task.uniqueForMs);
      this.locks.set(task.scope, { ownerId: id, endsAt: this.now + life });
    }
    const stored: ModelTask = {
      id,
      type,
      payload,
      scope: isUnique ? task.scope : "",
      group,
      maxRetry,
      retentionMs,
      timeoutMs,
      state: "pending" as const,
      retried: 0,
      lastError: "",
      lostAttempts: 0,
      claimedSince: false,
    };
    this.tasks.set(id, stored);
    this.features.begin(id);
    if (isUnique) this.features.note(id, "unique");
    if (group !== "") this.features.note(id, "group");
    if (typeof placement === "object") this.features.note(id, "delay");
    if (placement === "group") this.#join(stored);
    else if (typeof placement === "object") this.#wait(stored, "scheduled", placement.at);
    else this.pending.push(id);
    return { kind: "accepted" };
  }

  /** The ids that a claim gives, longest waiting first. Tasks of other types keep their places. */
  claimable(limit: number, handled: (type: string) => boolean): string[] {
    if (this.paused) {
      for (const id of this.pending) this.features.note(id, "pause");
      return [];
    }
    return this.pending.filter((id) => handled(this.#get(id).type)).slice(0, limit);
  }

  lease(id: string, token: string, server: string, endsAt: number): void {
    const task = this.#get(id);
    const isTakenFrom = task.state === "active";
    this.#leave(task);
    task.state = "active";
    task.lease = { token, server, endsAt };
    task.claimedSince = true;
    if (isTakenFrom) {
      task.lostAttempts += 1;
      this.features.note(id, "takeover");
    }
  }

  holds(id: string, token: string): boolean {
    return this.tasks.get(id)?.lease?.token === token;
  }

  expired(): string[] {
    return this.#active(({ endsAt }) => endsAt <= this.now);
  }

  heldBy(server: string): string[] {
    return this.#active((lease) => lease.server === server);
  }

  /** What an attempt's end makes of the task that its caller holds. */
  settle(id: string, token: string, ending: Ending, cancelledTasks: "archive" | "retry", error: string): void {
    const task = this.#get(id);
    task.settledUnder = token;
    task.claimedSince = false;
    if (ending === "timeout" && task.timeoutMs > 0) this.features.note(id, "timeout");
    switch (ending) {
      case "success":
        this.#succeed(task);
        break;
      case "revoke":
        this.#finish(task);
        break;
      case "skip_retry":
        this.#fail(task, error);
        break;
      case "unfinished":
        this.#handBack(task);
        break;
      case "lost":
        if (task.lostAttempts >= mostUnproven) this.#retryOrArchive(task, error);
        else this.#handBack(task);
        break;
      case "cancelled":
        this.features.note(id, "cancel");
        if (cancelledTasks === "archive") this.#fail(task, error);
        else this.#retryOrArchive(task, error);
        break;
      case "failure":
      case "timeout":
        this.#retryOrArchive(task, error);
        break;
      case "uncounted":
        this.#retry(task, false, error);
        break;
    }
  }

  /**
   * The right answers to a settlement that holds no lease. A repeated one that was carried out counts as settled; Redis
   * forgets that it was with the next claim, SQLite does not.
   */
  answersWithoutLease(id: string, token: string, isDone: boolean, repeated: boolean): readonly string[] {
    const task = this.tasks.get(id);
    if (!repeated) return ["lost"];
    if (task === undefined) return [isDone ? "settled" : "lost"];
    if (task.settledUnder !== token) return ["lost"];
    return task.claimedSince ? ["settled", "lost"] : ["settled"];
  }

  /** Scheduled and retry tasks whose moment has come. */
  due(): string[] {
    return this.#those(({ dueAt }) => dueAt !== undefined && dueAt <= this.now);
  }

  nextDueAt(): number | undefined {
    const moments = [...this.tasks.values()].flatMap(({ dueAt }) => dueAt ?? []);
    return moments.length === 0 ? undefined : Math.min(...moments);
  }

  forward(ids: readonly string[]): void {
    for (const id of ids) {
      const task = this.#get(id);
      this.#leave(task);
      if (task.group === "") this.#toPending(task);
      else this.#join(task);
    }
  }

  retentionOver(): string[] {
    return this.#those(({ keptUntil }) => keptUntil !== undefined && keptUntil <= this.now);
  }

  archivedBefore(maxAgeMs: number): string[] {
    const oldest = this.now - maxAgeMs;
    const isOld = (at: number) => (this.#grainMs === 1 ? at <= oldest : this.down(at) < this.down(oldest));
    return this.#those(({ archivedAt }) => archivedAt !== undefined && isOld(archivedAt));
  }

  /** Takes a task away with its lock. */
  remove(id: string): void {
    const task = this.#get(id);
    this.#leave(task);
    this.#release(task);
    this.tasks.delete(id);
  }

  change(id: string, change: Change): ChangeOutcome {
    const task = this.tasks.get(id);
    if (task === undefined) return "not_found";
    this.features.note(id, "hand");
    if (task.lease !== undefined && task.lease.endsAt > this.now - clockMarginMs) return "active";
    if (task.setId !== undefined) return "taken";
    if (change === "run" && task.state === "pending") return "unchanged";
    if (change === "archive" && task.state === "archived") return "unchanged";
    if (change === "delete") {
      this.remove(id);
      return "changed";
    }
    this.#leave(task);
    if (change === "archive") {
      this.#archive(task);
    } else {
      task.group = "";
      task.lostAttempts = 0;
      this.#toPending(task);
    }
    return "changed";
  }

  cancel(id: string): "archived" | "signalled" | "task_not_found" | "wrong_state" {
    const task = this.tasks.get(id);
    if (task === undefined) return "task_not_found";
    this.features.note(id, "cancel");
    if (task.state === "active") return "signalled";
    if (task.state === "archived") return "archived";
    if (task.state === "completed" || task.setId !== undefined) return "wrong_state";
    this.#leave(task);
    this.#archive(task);
    return "archived";
  }

  /** A lock that the task still owns moves with its payload, and keeps its end. */
  edit(id: string, payload: string, scope: string): EditOutcome {
    const task = this.tasks.get(id);
    if (task === undefined) return "not_found";
    this.features.note(id, "edit");
    if (task.state === "active") return "active";
    if (task.state === "completed") return "completed";
    if (task.setId !== undefined) return "taken";
    if (task.scope !== "" && task.scope !== scope) {
      const lock = this.locks.get(task.scope);
      if (lock?.ownerId === id) {
        const other = this.locks.get(scope);
        if (other !== undefined && other.ownerId !== id) return "duplicate";
        this.locks.delete(task.scope);
        this.locks.set(scope, lock);
      }
      task.scope = scope;
    }
    task.payload = payload;
    return "changed";
  }

  releaseLock(scope: string): string | undefined {
    const owner = this.locks.get(scope)?.ownerId;
    this.locks.delete(scope);
    return owner;
  }

  /** The tasks of a group that nobody has taken out, oldest first. */
  members(group: string): ModelTask[] {
    return [...this.tasks.values()]
      .filter((task) => task.joinedAt !== undefined && task.setId === undefined && task.group === group)
      .sort((one, other) => (one.joinedAt ?? 0) - (other.joinedAt ?? 0));
  }

  isRipe(group: string, limits: { maxSize: number | undefined; gracePeriodMs: number }): boolean {
    const members = this.members(group);
    const newest = members.at(-1)?.joinedAt;
    if (newest === undefined) return false;
    if (limits.maxSize !== undefined && members.length >= limits.maxSize) return true;
    return newest + (this.#grainMs - 1) + limits.gracePeriodMs <= this.now;
  }

  take(setId: string, group: string, ids: readonly string[], deadlineAt: number): void {
    this.sets.set(setId, { group, deadlineAt });
    for (const id of ids) this.#get(id).setId = setId;
  }

  inSet(setId: string): ModelTask[] {
    return [...this.tasks.values()].filter((task) => task.setId === setId);
  }

  /** Enqueues the one task and removes those that it was made of. Their locks count as free already. */
  finish(setId: string, item: NewTask): { kind: Answer | "lost"; ownerId?: string } {
    if (!this.sets.has(setId)) return { kind: "lost" };
    if (this.tasks.has(item.id)) return { kind: "id_taken" };
    const owner = item.uniqueForMs === undefined ? undefined : this.locks.get(item.scope)?.ownerId;
    if (owner !== undefined) {
      if (this.tasks.get(owner)?.setId !== setId) return { kind: "duplicate", ownerId: owner };
      this.locks.delete(item.scope);
    }
    const answer = this.enqueue(item);
    for (const { id } of this.inSet(setId)) this.remove(id);
    this.sets.delete(setId);
    return answer;
  }

  archiveMember(setId: string, id: string, error: string): "archived" | "lost" {
    const task = this.tasks.get(id);
    if (!this.sets.has(setId) || task?.setId !== setId) return "lost";
    task.lastError = error;
    this.#leave(task);
    this.#archive(task);
    return "archived";
  }

  putBack(setId: string): "put_back" | "lost" {
    for (const task of this.inSet(setId)) delete task.setId;
    return this.sets.delete(setId) ? "put_back" : "lost";
  }

  staleSets(): string[] {
    return [...this.sets].filter(([, { deadlineAt }]) => deadlineAt <= this.now).map(([setId]) => setId);
  }

  #succeed(task: ModelTask): void {
    if (task.retentionMs === 0) {
      this.#finish(task);
      return;
    }
    this.#leave(task);
    this.#release(task);
    task.state = "completed";
    task.keptUntil = this.up(this.now + task.retentionMs);
    this.processed += 1;
    this.features.note(task.id, "retention");
  }

  #finish(task: ModelTask): void {
    this.remove(task.id);
    this.processed += 1;
  }

  #fail(task: ModelTask, error: string): void {
    task.lastError = error;
    this.#leave(task);
    this.#archive(task);
    this.processed += 1;
    this.failed += 1;
  }

  #retryOrArchive(task: ModelTask, error: string): void {
    if (task.retried >= task.maxRetry) this.#fail(task, error);
    else this.#retry(task, true, error);
  }

  #retry(task: ModelTask, counted: boolean, error: string): void {
    const at = this.now + retryDelayMs(task.retried);
    task.lastError = error;
    this.#leave(task);
    this.#wait(task, "retry", at);
    this.features.note(task.id, "retry");
    if (!counted) return;
    task.retried += 1;
    this.processed += 1;
    this.failed += 1;
  }

  #handBack(task: ModelTask): void {
    this.#leave(task);
    task.state = "pending";
    this.pending.unshift(task.id);
  }

  #wait(task: ModelTask, state: "scheduled" | "retry", at: number): void {
    task.state = state;
    task.dueAt = Math.ceil(at);
  }

  #join(task: ModelTask): void {
    task.state = "aggregating";
    task.joinedAt = this.down(this.now);
  }

  #toPending(task: ModelTask): void {
    task.state = "pending";
    this.pending.push(task.id);
  }

  #archive(task: ModelTask): void {
    task.state = "archived";
    task.archivedAt = this.down(this.now);
  }

  /** Takes a task out of the place that its state names. */
  #leave(task: ModelTask): void {
    const place = this.pending.indexOf(task.id);
    if (place >= 0) this.pending.splice(place, 1);
    delete task.dueAt;
    delete task.keptUntil;
    delete task.archivedAt;
    delete task.joinedAt;
    delete task.setId;
    delete task.lease;
  }

  #release(task: ModelTask): void {
    if (task.scope !== "" && this.locks.get(task.scope)?.ownerId === task.id) this.locks.delete(task.scope);
  }

  #active(wanted: (lease: NonNullable<ModelTask["lease"]>) => boolean): string[] {
    return this.#those(({ lease }) => lease !== undefined && wanted(lease));
  }

  #those(wanted: (task: ModelTask) => boolean): string[] {
    return [...this.tasks.values()].filter(wanted).map(({ id }) => id);
  }

  #get(id: string): ModelTask {
    const task = this.tasks.get(id);
    if (task === undefined) throw new Error(`the model has no task ${id}`);
    return task;
  }
}
