import type { ServerOrder } from "../../broker/control-facet.ts";
import { shownPayloadBytes } from "../../broker/limits.ts";
import type { BusyWorker, PresenceFacet, ServerRecord } from "../../broker/presence-facet.ts";
import type { Role } from "../../runtime/periodic.ts";
import type { HeldTask } from "../leases/held-task.ts";
import type { Announcement } from "../leases/lease-thread.ts";

/** How often it is to run. */
export const heartbeatMs = 5_000;
const ttlMs = 10_000;
const callTimeoutMs = 3_000;

export interface HeartbeaterOptions {
  readonly broker: Pick<PresenceFacet, "announce" | "withdraw">;
  readonly held: ReadonlySet<HeldTask>;
  readonly describe: () => ServerRecord;
  /** Called with what is about to be announced. */
  readonly onAnnounce: (announcement: Announcement) => void;
  /** Called with the orders that the store keeps for this server. */
  readonly onOrders: (orders: readonly ServerOrder[]) => void;
}

/** Tells others that this server is there, and what it runs. People read this; no decision is based on it. */
export class Heartbeater implements Role {
  readonly name = "announcing this server";
  readonly isInStep = true;
  readonly #options: HeartbeaterOptions;
  readonly #attempted = Promise.withResolvers<void>();

  constructor(options: HeartbeaterOptions) {
    this.#options = options;
  }

  /**
   * Calls `onAnnounce` without announcing. The lease thread then has the announcement before the first handler can
   * block the event loop.
   */
  prepare(): void {
    this.#announcement();
  }

  /** Resolves when the first announcement was made or has failed. */
  get attempted(): Promise<void> {
    return this.#attempted.promise;
  }

  async runOnce(signal?: AbortSignal): Promise<undefined> {
    const { server, workers } = this.#announcement();
    const call = { timeoutMs: callTimeoutMs, ...(signal !== undefined && { signal }) };
    try {
      const orders = await this.#options.broker.announce(server, workers, ttlMs, call);
      if (orders.length > 0) this.#options.onOrders(orders);
    } finally {
      this.#attempted.resolve();
    }
  }

  /** Takes the announcement back. */
  async withdraw(timeoutMs: number): Promise<void> {
    await this.#options.broker.withdraw(this.#options.describe(), { timeoutMs });
  }

  #announcement(): Announcement {
    const { describe, held, onAnnounce } = this.#options;
    const described = describe();
    const workers = [...held]
      .filter((task) => !task.returned && !task.waits)
      .map((task) => describeWorker(task, described));
    const server = { ...described, activeWorkers: workers.length };
    const announcement = { server, workers, everyMs: heartbeatMs, ttlMs };
    onAnnounce(announcement);
    return announcement;
  }
}

function describeWorker(task: HeldTask, { serverId, host, pid }: ServerRecord): BusyWorker {
  const { id, type, queue, payload } = task.claimed.message;
  return {
    serverId,
    host,
    pid,
    queue,
    taskId: id,
    taskType: type,
    // A copy: a view would send all the memory behind it to the thread.
    payload: Uint8Array.from((payload ?? new Uint8Array()).subarray(0, shownPayloadBytes)),
    startedAt: task.startedAt,
    deadlineAt: task.deadlineAt,
  };
}
