import type { WorkFacet } from "../broker/work-facet.ts";
import type { Clock } from "../clock.ts";
import type { HeldTask } from "./held-task.ts";
import type { Role } from "./periodic.ts";

const batchSize = 1_000;

export interface LeaseKeeperOptions {
  readonly broker: Pick<WorkFacet, "extend">;
  readonly clock: Clock;
  readonly leaseMs: number;
  readonly held: ReadonlySet<HeldTask>;
  /** Called once for a task whose lease is gone: taken over by somebody, or run out while the store was away. */
  readonly onLost: (task: HeldTask) => void;
}

/**
 * Extends the leases of everything that this server holds, long before they end; apart from the heartbeat, so that
 * trouble with one does not delay the other.
 */
export class LeaseKeeper implements Role {
  readonly name = "extending leases";
  readonly #options: LeaseKeeperOptions;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
  }

  async runOnce(signal?: AbortSignal): Promise<undefined> {
    const tasks = [...this.#options.held].filter((task) => !task.lost);
    try {
      for (let start = 0; start < tasks.length; start += batchSize) {
        await this.#extend(tasks.slice(start, start + batchSize), signal);
      }
    } catch (error) {
      // While the store does not answer, only our own clocks can tell that others may have taken a task.
      for (const task of tasks) if (task.leaseIsOver()) this.#lost(task);
      throw error;
    }
  }

  async #extend(tasks: readonly HeldTask[], signal: AbortSignal | undefined): Promise<void> {
    const { broker, clock, leaseMs, held } = this.#options;
    const sentAt = clock.monotonic();
    const until = clock.now() + leaseMs;
    const leases = tasks.map((task) => task.claimed.lease);
    const call = { timeoutMs: Math.max(500, leaseMs / 6), ...(signal !== undefined && { signal }) };
    const answers = await broker.extend(leases, until, call);
    for (const [index, task] of tasks.entries()) {
      if (answers[index] === "held") {
        task.leaseExtended(until, sentAt, leaseMs);
      } else if (held.has(task) && task.settlement === undefined) {
        // One that was settled meanwhile, or is about to be, has its answer from there.
        task.lost = true;
        this.#lost(task);
      }
    }
  }

  #lost(task: HeldTask): void {
    if (task.abortKind !== "lease_lost") this.#options.onLost(task);
  }
}
