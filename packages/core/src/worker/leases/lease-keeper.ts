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
  readonly broker: Pick<Broker, "extend" | "recipe">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly leaseMs: number;
  readonly held: HeldTasks;
  /** Called once for a task whose lease is gone: taken over by somebody, or run out while the store was away. */
  readonly onLost: (task: HeldTask) => void;
}

/**
 * Sees to it that the leases of everything that this server holds are extended: by the thread of its broker, which has
 * a connection of its own, so that a handler may block the event loop; on the event loop itself while that thread is starting
 * or replaced, where the store can't be opened in a thread, and under a clock that only this thread knows.
 *
 * Its own turns also tell the thread that the loop is alive: what has not begun, or is decided but not written yet, is held
 * for as long as they come, everything else until its attempt's deadline and grace are over.
 */
export class LeaseKeeper implements Role {
  readonly name = "extending leases";
  readonly #options: LeaseKeeperOptions;
  readonly #onLoop: LeaseExtender;
  #thread: LeaseThreadMember | undefined;

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
    return this.#thread?.isKept === true ? "thread" : "event_loop";
  }

  start(): void {
    const { broker, clock, logger, leaseMs, held } = this.#options;
    const { recipe } = broker;
    if (recipe.kind === "none" || clock !== systemClock) return;
    const onLost = (lost: LostLease): void => this.#lost(lost);
    this.#thread = joinLeaseThread(broker, recipe, { logger, leaseMs, table: held.table, onLost });
  }

  /** Passes on what was just announced, for the thread to repeat while the event loop stands still. */
  announced(announcement: Announcement): void {
    this.#thread?.announced(announcement);
  }

  async runOnce(signal?: AbortSignal): Promise<undefined> {
    const { held, leaseMs } = this.#options;
    held.holdOn(leaseMs);
    if (this.place === "event_loop") await this.#onLoop.runOnce(signal);
  }

  /** Leaves the thread, which ends with the last server that it works for; always within about a second. */
  async stop(): Promise<void> {
    await this.#thread?.leave();
  }

  #lost({ because, ...entry }: LostLease): void {
    const task = this.#options.held.find(entry);
    if (task === undefined) return;
    if (because === "store") {
      // One that was settled meanwhile, or is about to be, has its answer from there.
      if (task.settlement !== undefined) return;
      task.lost = true;
    }
    if (!isTakenAway(task.abortKind)) this.#options.onLost(task);
  }
}
