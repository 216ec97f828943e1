import type { Change, ChangeAnswer, ChangeFacet, ChangeOutcome, Selection } from "../broker/change-facet.ts";
import type { InspectFacet, TaskFilter } from "../broker/inspect-facet.ts";
import type { TaskState } from "../broker/task-message.ts";
import type { Duration } from "../duration.ts";
import { callGuarded, logOf } from "../runtime/guarded-call.ts";

import type { CallBudget } from "./call-budget.ts";

/** How a change of many tasks went. */
export interface BulkReport {
  readonly changed: number;
  /** How many were left as they were, by reason. */
  readonly refused: Readonly<Partial<Record<Exclude<ChangeOutcome, "changed">, number>>>;
  /** Some of the refused tasks, at most 100. */
  readonly refusals: readonly { readonly taskId: string; readonly outcome: Exclude<ChangeOutcome, "changed"> }[];
  /** False when the signal fired or the time was up before the end. Changes made until then stay. */
  readonly complete: boolean;
}

export interface BulkProgress {
  readonly changed: number;
  /** How many tasks were looked at so far. */
  readonly scanned: number;
}

export interface BulkOptions {
  /** Stops after the slice that is under way. */
  readonly signal?: AbortSignal;
  /** Begins no slice after this time, and no longer waits for one that is under way: see `InspectorCallOptions`. */
  readonly within?: Duration;
  /** Called after each slice. Nobody waits for it. What it throws or rejects with is written to standard error. */
  readonly onProgress?: (progress: BulkProgress) => unknown;
}

export const bulkNames: ReadonlySet<string> = new Set<keyof BulkOptions>(["signal", "within", "onProgress"]);

/** All tasks of a state that fit and were there when the change began. */
export interface BulkSelection {
  readonly queue: string;
  readonly state: Exclude<TaskState, "active">;
  readonly group?: string;
  readonly filter?: TaskFilter;
}

const mostRefusals = 100;

/**
 * One change of many tasks, a slice at a time, so that the store serves others in between. It handles no more tasks
 * than there were at its start. So it ends even while tasks keep coming, such as tasks that fail again as soon as they
 * run.
 */
export class BulkChange {
  readonly #broker: Pick<ChangeFacet, "change"> & Pick<InspectFacet, "queue" | "list">;
  readonly #change: Change;
  readonly #slice: number;
  readonly #budget: CallBudget;
  readonly #onProgress: BulkOptions["onProgress"];
  readonly #refused: Partial<Record<Exclude<ChangeOutcome, "changed">, number>> = {};
  readonly #refusals: BulkReport["refusals"][number][] = [];
  #changed = 0;
  #scanned = 0;

  constructor(
    broker: Pick<ChangeFacet, "change"> & Pick<InspectFacet, "queue" | "list">,
    change: Change,
    slice: number,
    budget: CallBudget,
    onProgress: BulkOptions["onProgress"],
  ) {
    this.#broker = broker;
    this.#change = change;
    this.#slice = slice;
    this.#budget = budget;
    this.#onProgress = onProgress;
  }

  async ofIds(queue: string, taskIds: readonly string[]): Promise<BulkReport> {
    for (let from = 0; from < taskIds.length; from += this.#slice) {
      if (this.#budget.isSpent) return this.#report(false);
      const slice = taskIds.slice(from, from + this.#slice);
      await this.#run({ kind: "ids", queue, taskIds: slice }, slice.length);
    }
    return this.#report(true);
  }

  async ofState({ queue, state, group, filter }: BulkSelection): Promise<BulkReport> {
    // At least one slice: the counts miss a group that is in no list.
    const atStart = Math.max(this.#slice, (await this.#broker.queue(queue, this.#budget.limit()))?.counts[state] ?? 0);
    const where = group === undefined ? { queue, state } : { queue, state, group };
    return filter === undefined ? this.#whole(where, atStart) : this.#fitting(where, filter, atStart);
  }

  async #whole(where: Omit<BulkSelection, "filter">, atStart: number): Promise<BulkReport> {
    while (this.#scanned < atStart) {
      if (this.#budget.isSpent) return this.#report(false);
      const { more } = await this.#run({ kind: "state", ...where }, Math.min(this.#slice, atStart - this.#scanned));
      if (!more) break;
    }
    return this.#report(true);
  }

  /** A page is changed only after the next one was read: the cursor of the next page names a task of this one. */
  async #fitting(where: Omit<BulkSelection, "filter">, filter: TaskFilter, atStart: number): Promise<BulkReport> {
    const { queue, state } = where;
    let cursor: string | undefined;
    let found: string[] = [];
    do {
      if (this.#budget.isSpent) return this.#report(false);
      const query = { ...where, filter, limit: this.#slice };
      const page = await this.#broker.list(cursor === undefined ? query : { ...query, cursor }, this.#budget.limit());
      await this.#run({ kind: "ids", queue, state, taskIds: found }, 0);
      found = page.tasks.map((task) => (task.unreadable === undefined ? task.message.id : task.taskId));
      this.#scanned += page.scanned;
      cursor = page.nextCursor;
    } while (cursor !== undefined && this.#scanned < atStart);
    await this.#run({ kind: "ids", queue, state, taskIds: found }, 0);
    return this.#report(true);
  }

  async #run(selection: Selection, scanned: number): Promise<ChangeAnswer> {
    const limit = selection.kind === "state" ? scanned : this.#slice;
    const nothing = { outcomes: [], changed: 0, more: false };
    const isEmpty = selection.kind === "ids" && selection.taskIds.length === 0;
    const answer = isEmpty ? nothing : await this.#broker.change(selection, this.#change, limit, this.#budget.limit());
    for (const { taskId, outcome } of answer.outcomes) {
      if (outcome === "changed") continue;
      this.#refused[outcome] = (this.#refused[outcome] ?? 0) + 1;
      if (this.#refusals.length < mostRefusals) this.#refusals.push({ taskId, outcome });
    }
    this.#changed += answer.changed;
    this.#scanned += scanned;
    const progress = { changed: this.#changed, scanned: this.#scanned };
    callGuarded(() => this.#onProgress?.(progress), logOf("onProgress"));
    return answer;
  }

  #report(complete: boolean): BulkReport {
    return { changed: this.#changed, refused: this.#refused, refusals: this.#refusals, complete };
  }
}
