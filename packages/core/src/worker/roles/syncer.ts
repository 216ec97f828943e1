import type { WorkFacet } from "../../broker/work-facet.ts";
import { errorText, isHikyakuError, isStoreAway } from "../../errors.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { Role } from "../../runtime/periodic.ts";
import type { HeldTask } from "../leases/held-task.ts";

const batchSize = 256;
const callTimeoutMs = 2_000;
const giveUpAfterMs = 60_000;

export interface SyncerOptions {
  readonly broker: Pick<WorkFacet, "settle">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when the store has answered for a task, or with `undefined` when its settlement was given up. */
  readonly onAnswer: (task: HeldTask, result: "settled" | "lost" | undefined) => void;
}

/**
 * Repeats settlements that got no answer, until the store answers. So a lost answer does not turn a success into a
 * second run. Meanwhile the lease is extended, and the store itself refuses what comes too late. A settlement that the
 * store rejects for a minute, alone in its call, is given up and logged as an error. Its lease then runs out, and the
 * recoverer takes the task.
 */
export class Syncer implements Role {
  readonly name = "repeating settlements that got no answer";
  readonly #options: SyncerOptions;
  readonly #waiting = new Set<HeldTask>();
  readonly #rejectedSince = new Map<HeldTask, number>();

  constructor(options: SyncerOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#waiting.size;
  }

  add(tasks: readonly HeldTask[]): void {
    for (const task of tasks) {
      if (task.settlement === undefined) continue;
      task.settlement = { ...task.settlement, repeated: true };
      this.#waiting.add(task);
    }
  }

  async runOnce(signal?: AbortSignal): Promise<undefined> {
    const waiting = [...this.#waiting];
    for (let start = 0; start < waiting.length; start += batchSize) {
      await this.#repeat(waiting.slice(start, start + batchSize), signal);
    }
    if (this.#rejectedSince.size > 0) throw new Error(`the store rejects ${this.#rejectedSince.size} settlements`);
  }

  /**
   * When the store rejects a batch, its settlements are sent one by one: one that the store can't take must not hold
   * the others.
   */
  async #repeat(batch: readonly HeldTask[], signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#settle(batch, signal);
    } catch (error) {
      if (signal?.aborted === true || hasNoAnswer(error)) throw error;
      if (batch.length > 1) for (const task of batch) await this.#repeat([task], signal);
      else for (const task of batch) this.#rejected(task, error);
    }
  }

  async #settle(batch: readonly HeldTask[], signal: AbortSignal | undefined): Promise<void> {
    const settlements = batch.flatMap(({ settlement }) => (settlement === undefined ? [] : [settlement]));
    const call = { timeoutMs: callTimeoutMs, ...(signal !== undefined && { signal }) };
    const { results } = await this.#options.broker.settle(settlements, undefined, call);
    for (const [index, task] of batch.entries()) this.#answered(task, results[index] ?? "lost");
  }

  #rejected(task: HeldTask, error: unknown): void {
    const now = this.#options.clock.monotonic();
    const since = this.#rejectedSince.get(task) ?? now;
    this.#rejectedSince.set(task, since);
    if (now - since < giveUpAfterMs) return;
    const { id, type, queue } = task.claimed.message;
    this.#options.logger.error("the store keeps rejecting what became of a task; the task will be recovered", {
      taskId: id,
      type,
      queue,
      outcome: task.settlement?.outcome.kind,
      error: errorText(error),
    });
    this.#answered(task, undefined);
  }

  #answered(task: HeldTask, result: "settled" | "lost" | undefined): void {
    this.#waiting.delete(task);
    this.#rejectedSince.delete(task);
    this.#options.onAnswer(task, result);
  }
}

function hasNoAnswer(error: unknown): boolean {
  return isStoreAway(error) || isHikyakuError(error, "cancelled") || isHikyakuError(error, "closed");
}
