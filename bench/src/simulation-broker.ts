import type { Broker, ServerRecord } from "hikyaku";
import { type ClaimedTask, defaultMessage, type TaskMessage } from "hikyaku/broker";
import type { VirtualClock } from "./simulation-clock.ts";

/** How often something was asked of the store, and for how many pieces of what its cost grows with. */
export interface Asked {
  calls: number;
  pieces: number;
}

export interface CountingOptions {
  readonly clock: VirtualClock;
  /** How many tasks each server gets at its first claim and keeps. */
  readonly activeTasks: number;
  /** How many slices a reconciliation of an idle queue takes. */
  readonly reconcileSlices: number;
}

/**
 * A store that has nothing to do and only counts what servers ask of it. Everything that decides when they ask is the
 * library's own.
 */
export class CountingStore {
  readonly asked = new Map<string, Asked>();
  readonly #options: CountingOptions;
  readonly #servers = new Map<string, ServerRecord>();

  constructor(options: CountingOptions) {
    this.#options = options;
  }

  /** Forgets what was counted so far. */
  startCounting(): void {
    this.asked.clear();
  }

  /** The broker of one server. */
  broker(): Broker {
    const { clock, activeTasks, reconcileSlices } = this.#options;
    const count = (name: string, pieces = 1): void => {
      const asked = this.asked.get(name) ?? { calls: 0, pieces: 0 };
      asked.calls++;
      asked.pieces += pieces;
      this.asked.set(name, asked);
    };
    let given = 0;
    const parts: Partial<Broker> = {
      location: "nowhere",
      recipe: { kind: "none", why: "it only counts" },
      ready: () => Promise.resolve(),
      reachability: () => ({ reachable: true, since: 0, reason: undefined }),
      onReachability: () => () => undefined,
      listen: () => () => undefined,
      close: () => Promise.resolve(),
      announce: async (server, workers) => {
        count("announce", workers.length);
        this.#servers.set(server.serverId, server);
        return [];
      },
      withdraw: async ({ serverId }) => void this.#servers.delete(serverId),
      pacing: "apart",
      servers: async () => {
        count("servers", this.#servers.size);
        return { servers: [...this.#servers.values()], workers: [], unreadable: [] };
      },
      silentServers: async () => {
        count("silentServers", 0);
        return [];
      },
      storeTime: async () => {
        count("storeTime");
        return clock.now();
      },
      claim: async ({ queues, serverId, leaseMs }) => {
        count("claim", queues.length);
        const [first] = queues;
        const tasks: ClaimedTask[] = [];
        for (; given < activeTasks && first !== undefined; given++) {
          const lease = { queue: first.queue, taskId: `${serverId}/${given}`, token: `${serverId}/1` };
          tasks.push({
            message: aMessage(lease.taskId, first.queue),
            lease,
            leaseEndsAt: clock.now() + leaseMs,
            pendingSince: undefined,
            lostAttempts: 0,
          });
        }
        return { tasks, unhandled: [], setAside: [], closed: [] };
      },
      settle: async () => {
        throw new Error("expected tasks that never end, one was settled");
      },
      extend: async (leases) => {
        count("extend", leases.length);
        return leases.map(() => "held");
      },
      forwardDue: async () => {
        count("forwardDue");
        return { moved: 0, nextDueAt: undefined, isLeaseOver: false, setAside: [] };
      },
      takeOver: async () => {
        count("takeOver");
        return { tasks: [], setAside: [] };
      },
      sweep: async () => {
        count("sweep");
        return { completed: 0, archived: 0, more: false };
      },
      reconcile: async ({ cursor }) => {
        count("reconcile");
        const slice = Number(cursor ?? 0) + 1;
        return { findings: [], nextCursor: slice >= reconcileSlices ? undefined : String(slice) };
      },
      queues: async () => {
        count("queues");
        return [];
      },
      waitForWork: (queues, { timeoutMs = 30_000, signal }) =>
        new Promise((resolve, reject) => {
          // Each millisecond of waiting is a piece, whatever it is made of.
          const startedAt = clock.now();
          const timer = clock.setTimer(() => {
            count("waitForWork", (clock.now() - startedAt) * queues.length);
            resolve();
          }, timeoutMs);
          signal?.addEventListener("abort", () => {
            timer.cancel();
            reject(signal.reason);
          });
        }),
    };
    return new Proxy(parts as Broker, {
      get(target, name) {
        if (name in target || typeof name === "symbol") return Reflect.get(target, name);
        throw new Error(`the simulation knows no broker method ${name}: servers ask for something new; add it`);
      },
    });
  }
}

function aMessage(id: string, queue: string): TaskMessage {
  return defaultMessage({ id, type: "simulated", queue, maxRetry: 25, timeoutMs: 86_400_000 });
}
