import type { Broker } from "../../broker/broker.ts";
import { type Clock, systemClock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { Role } from "../../runtime/periodic.ts";
import { isTakenAway } from "./abort-cause.ts";
import type { HeldTask } from "./held-task.ts";
import type { HeldTasks } from "./held-tasks.ts";
import { LeaseExtender, type LostLease } from "./lease-extender.ts";
import { LeaseTableReader } from "./lease-table.ts";
import type { Announcement } from "./lease-thread.ts";
import { joinLeaseThread, type LeaseThreadMember } from "./shared-lease-thread.ts";

export interface LeaseKeeperOptions {
  readonly broker: Pick<Broker, "extend" | "recipe" | "reachability">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly leaseMs: number;
  readonly held: HeldTasks;
  /** Called once for a task whose lease is gone: somebody took it over, or it ran out while the store was away. */
  readonly onLost: (task: HeldTask) => void;
}

/**
 * Keeps the leases of all tasks that this server holds extended. The thread of its broker does it, over a connection of
 * its own, so a handler may block the event loop. The event loop does it itself in three cases:
 * - The thread is starting or being replaced.
 * - The store can't be opened in a thread.
 * - Only this thread knows the clock.
 *
 * Each run also tells the thread that the loop is alive. A task that has not begun, or is decided but not written yet,
 * is held as long as the runs go on. Any other task is held until its attempt's deadline and grace are over.
 */
export class LeaseKeeper implements Role {
  readonly name = "extending leases";
  readonly #options: LeaseKeeperOptions;
  readonly #onLoop: LeaseExtender;
  #thread: LeaseThreadMember | undefined;
  #isThreadLate = false;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
    const { broker, leaseMs, held } = options;
    const table = new LeaseTableReader();
    held.table.follow((segment) => table.addSegment(segment));
    this.#onLoop = new LeaseExtender({ broker, clock: held.tableClock, leaseMs });
    this.#onLoop.add(table, (lost) => this.#lost(lost));
  }

  /** Who extends the leases now. */
  get place(): "thread" | "event_loop" {
    return this.#thread?.isKept === true && !this.#isThreadLate ? "thread" : "event_loop";
  }

  start(): void {
    const { broker, clock, logger, leaseMs, held } = this.#options;
    const { recipe } = broker;
    if (recipe.kind === "none" || clock !== systemClock) return;
    const onLost = (lost: LostLease): void => this.#lost(lost);
    this.#thread = joinLeaseThread(broker, recipe, { logger, leaseMs, table: held.table, onLost });
  }

  /** Passes on the last announcement. The thread repeats it while the event loop stands still. */
  announced(announcement: Announcement): void {
    this.#thread?.announced(announcement);
  }

  async runOnce(signal?: AbortSignal): Promise<undefined> {
    const { held, leaseMs } = this.#options;
    held.holdOn(leaseMs);
    if (this.#thread?.isKept === true) this.#lookAfterThread();
    if (this.place === "event_loop") await this.#onLoop.runOnce(signal);
  }

  /** It may hang where this loop does not: in a call of its own to the store, or behind a disk. */
  #lookAfterThread(): void {
    const wasLate = this.#isThreadLate;
    this.#isThreadLate = this.#onLoop.isLate;
    if (wasLate || !this.#isThreadLate || !this.#options.broker.reachability().reachable) return;
    this.#options.logger.warn("the thread that extends leases is late; the event loop extends them meanwhile");
  }

  /** Leaves the thread, within about a second. The thread ends with its last server. */
  async stop(): Promise<void> {
    await this.#thread?.leave();
  }

  #lost({ because, ...entry }: LostLease): void {
    const task = this.#options.held.find(entry);
    if (task === undefined) return;
    if (because === "store") {
      // A task that is settled, or about to be, gets its answer from its settlement.
      if (task.settlement !== undefined) return;
      task.lost = true;
    }
    if (!isTakenAway(task.abortKind)) this.#options.onLost(task);
  }
}
