import type { CallOptions } from "../call-options.ts";
import { aFinding, type Finding } from "../finding.ts";
import type { GroupFacet } from "../group-facet.ts";
import type { ArchiveLimits, MaintainFacet } from "../maintain-facet.ts";
import {
  badReconcileCursor,
  checkReconcileLimit,
  neglectedMs,
  type ReconcileAnswer,
  type ReconcileFacet,
  type ReconcileRequest,
  type StoreFacts,
} from "../reconcile-facet.ts";
import { checkCounts } from "./reconcile-counts.ts";
import { checkTaskRow, selectBroken } from "./reconcile-task.ts";
import type { Store } from "./store.ts";
import { within } from "./task-row.ts";
import type { Transaction } from "./transaction.ts";

/** How many aggregation sets one repair puts back. */
const setsPerRepair = 100;

/**
 * Most faults that Redis can have can't happen here: a row is a task with its state, its place and its message in one.
 * This compares what is left: state and place, sets, locks, and the numbers kept of a queue. The numbers come last
 * because the repair of tasks moves them. The cursor names the part and the last row or lock that was looked at.
 */
export class SqliteReconcile implements ReconcileFacet {
  readonly #store: Store;
  readonly #others: Pick<MaintainFacet, "sweep" | "forwardDue"> & Pick<GroupFacet, "reclaim">;

  constructor(store: Store, others: Pick<MaintainFacet, "sweep" | "forwardDue"> & Pick<GroupFacet, "reclaim">) {
    this.#store = store;
    this.#others = others;
  }

  async reconcile(request: ReconcileRequest, call?: CallOptions): Promise<ReconcileAnswer> {
    checkReconcileLimit(request.limit);
    const { phase, place } = readCursor(request.cursor);
    switch (phase) {
      case "queue":
        return { findings: await this.#checkQueue(request, call), nextCursor: "tasks@0" };
      case "tasks": {
        const { findings, last } = await this.#checkTasks(request, Number(place), call);
        return { findings, nextCursor: last === undefined ? "locks@" : `tasks@${last}` };
      }
      case "locks": {
        const { findings, last } = await this.#checkLocks(request, place, call);
        return { findings, nextCursor: last === undefined ? "counts@" : `locks@${encodeURIComponent(last)}` };
      }
      case "counts": {
        const findings = await this.#within(request.repair, 1, call, (transaction) =>
          checkCounts(transaction, request.queue, request.repair),
        );
        return { findings, nextCursor: undefined };
      }
    }
  }

  async findQueues(
    { limit, cursor = "" }: { readonly limit: number; readonly cursor?: string },
    call?: CallOptions,
  ): Promise<{ readonly queues: readonly string[]; readonly nextCursor: string | undefined }> {
    checkReconcileLimit(limit);
    const rows = await this.#store.read(call, (db) => db.rows(selectQueueNames, cursor, cursor, limit));
    const queues = rows.map(([name]) => String(name));
    return { queues, nextCursor: queues.length < limit ? undefined : queues.at(-1) };
  }

  async checkSettings(): Promise<readonly Finding[]> {
    // This library sets journal and sync at each opening, so that accepted tasks are on disk.
    return [];
  }

  facts(call?: CallOptions): Promise<StoreFacts> {
    return this.#store.read(call, (db) => {
      const number = (pragma: string): number => Number(Object.values(db.get(`PRAGMA ${pragma}`) ?? {})[0] ?? 0);
      const part = {
        location: this.#store.location,
        version: `SQLite ${String(db.get("SELECT sqlite_version() AS version")?.["version"])}`,
        bytes: number("page_count") * number("page_size"),
        bytesLimit: undefined,
      };
      return { kind: "sqlite", parts: [part] };
    });
  }

  async #checkQueue({ queue, limit, repair, archive }: ReconcileRequest, call?: CallOptions): Promise<Finding[]> {
    const now = this.#store.clock.now();
    const late = now - neglectedMs;
    const row = await this.#store.read(call, (db) =>
      db.get(selectNeglected, queue, late, queue, late, queue, late, queue, late, queue, now - archive.maxAgeMs, queue),
    );
    const number = (name: string): number => Number(row?.[name] ?? 0);
    const outcome = repair ? "repaired" : "repairable";
    const findings: Finding[] = [];
    const tooMany = Math.max(0, number("archived") - archive.maxCount);
    if (tooMany + number("old") > 0) {
      if (repair) await this.#sweep(queue, limit, archive, call);
      const detail =
        `the archive holds ${number("archived")} tasks: ${tooMany} more than it may, ` +
        `${number("old")} longer than it may`;
      const action = "the oldest are removed, a slice at a time";
      findings.push(aFinding("archive_too_large", { queue, detail }, outcome, action));
    }
    if (number("scheduled") + number("retry") > 0) {
      if (repair) await this.#others.forwardDue({ queue, limit }, call);
      const detail = `${number("scheduled")} scheduled and ${number("retry")} retry tasks were due more than a minute ago`;
      const action = "they are brought to their queue, a slice at a time";
      findings.push(aFinding("overdue", { queue, detail }, outcome, action));
    }
    if (number("leases") > 0) {
      const detail = `${number("leases")} leases ended more than a minute ago, and nobody recovered the tasks; start a worker`;
      findings.push(aFinding("lease_over", { queue, detail }));
    }
    if (number("sets") > 0) {
      if (repair) await this.#others.reclaim(queue, setsPerRepair, call);
      const detail = `${number("sets")} sets of tasks that were taken to be aggregated should have ended more than a minute ago`;
      const action = "their tasks are put back into their groups";
      findings.push(aFinding("stale_set", { queue, detail }, outcome, action));
    }
    return findings;
  }

  async #sweep(queue: string, limit: number, archive: ArchiveLimits, call: CallOptions | undefined): Promise<void> {
    await this.#others.sweep(queue, limit, archive, call);
  }

  #checkTasks(
    { queue, limit, repair }: ReconcileRequest,
    after: number,
    call: CallOptions | undefined,
  ): Promise<{ findings: Finding[]; last: number | undefined }> {
    return this.#within(repair, limit, call, (transaction) => {
      const { db } = transaction;
      const end = db.get(selectSliceEnd, after, limit);
      const last = Number(end?.["last"] ?? 0);
      if (last === 0) return { findings: [], last: undefined };
      const rows = db.all(selectBroken, after, last, queue);
      const findings = rows.flatMap((row) => checkTaskRow(transaction, queue, row, repair));
      return { findings, last: Number(end?.["looked"]) < limit ? undefined : last };
    });
  }

  #checkLocks(
    { queue, limit, repair }: ReconcileRequest,
    after: string,
    call: CallOptions | undefined,
  ): Promise<{ findings: Finding[]; last: string | undefined }> {
    return this.#within(repair, limit, call, ({ db, now }) => {
      const rows = db.rows(selectLocks, queue, after, limit);
      const findings: Finding[] = [];
      for (const [scope, ownerId, expiresAt, state, uniqueKey] of rows) {
        if (Number(expiresAt) <= now) continue;
        const why = lockReason(state, uniqueKey === scope);
        if (why === undefined) continue;
        if (repair) db.run(deleteLock, queue, String(scope));
        const taskId = String(ownerId);
        const detail = `the lock ${String(scope)} is owned by task ${taskId}, ${why}`;
        const outcome = repair ? "repaired" : "repairable";
        findings.push(aFinding("lock_without_task", { queue, taskId, detail }, outcome, "the lock is freed"));
      }
      return { findings, last: rows.length < limit ? undefined : String(rows.at(-1)?.[0]) };
    });
  }

  /**
   * In a commit either way: only there do several statements see one state of the file. A dry run writes nothing in it.
   */
  #within<T>(
    repair: boolean,
    items: number,
    call: CallOptions | undefined,
    job: (transaction: Transaction) => T,
  ): Promise<T> {
    return this.#store.write(call, repair ? items : 1, job);
  }
}

function lockReason(state: unknown, ownsIt: boolean): string | undefined {
  if (state === null) return "which does not exist";
  if (state === "completed") return "which has completed";
  return ownsIt ? undefined : "which did not take this lock";
}

type Phase = "queue" | "tasks" | "locks" | "counts";

/** @throws HikyakuError `invalid_option`. */
function readCursor(cursor: string | undefined): { phase: Phase; place: string } {
  if (cursor === undefined) return { phase: "queue", place: "" };
  const [, phase, place = ""] = /^(tasks|locks|counts)@(.*)$/s.exec(cursor) ?? [];
  if (phase === undefined || (phase === "tasks" && !/^\d{1,16}$/.test(place))) throw badReconcileCursor(cursor);
  try {
    return { phase: phase as Phase, place: decodeURIComponent(place) };
  } catch {
    throw badReconcileCursor(cursor);
  }
}

const selectQueueNames = `
  SELECT name FROM (SELECT name FROM queues WHERE name > ? UNION SELECT DISTINCT queue FROM tasks WHERE queue > ?)
  ORDER BY name LIMIT ?`;
const selectNeglected = `
  SELECT (SELECT count(*) FROM tasks WHERE queue = ? AND state = 'scheduled' AND due_at <= ?) AS scheduled,
    (SELECT count(*) FROM tasks WHERE queue = ? AND state = 'retry' AND due_at <= ?) AS retry,
    (SELECT count(*) FROM tasks WHERE queue = ? AND lease_ends_at <= ?) AS leases,
    (SELECT count(*) FROM aggregation_sets WHERE queue = ? AND deadline_at <= ?) AS sets,
    (SELECT count(*) FROM tasks WHERE queue = ? AND archived_at < ?) AS old,
    (SELECT count(*) FROM tasks WHERE queue = ? AND archived_at IS NOT NULL) AS archived`;
const selectSliceEnd =
  "SELECT max(number) AS last, count(*) AS looked FROM (SELECT number FROM tasks WHERE number > ? ORDER BY number LIMIT ?)";
const selectLocks = `
  SELECT scope, owner_id, ${within("expires_at")}, tasks.state, tasks.unique_key FROM locks
    LEFT JOIN tasks ON tasks.queue = locks.queue AND tasks.id = locks.owner_id
  WHERE locks.queue = ? AND scope > ? ORDER BY scope LIMIT ?`;
const deleteLock = "DELETE FROM locks WHERE queue = ? AND scope = ?";
