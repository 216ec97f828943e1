import type { CallOptions } from "./call-options.ts";
import type { ServerOrder } from "./control-facet.ts";
import type { HandledTypes } from "./work-facet.ts";

export type ServerStatus = "new" | "active" | "stopped" | "closed";

/** One running process full of workers, as it tells of itself. */
export interface ServerRecord {
  readonly serverId: string;
  readonly host: string;
  readonly pid: number;
  readonly concurrency: number;
  /** Queue names with their priorities as configured. */
  readonly queues: Readonly<Record<string, number>>;
  readonly strictPriority: boolean;
  readonly status: ServerStatus;
  readonly startedAt: number;
  readonly activeWorkers: number;
  /** What only servers of this library tell; undefined for a server of another one. */
  readonly details: ServerDetails | undefined;
}

export interface ServerDetails {
  /** Version of this library. */
  readonly version: string;
  /** Names the code that it runs, such as a commit; undefined where nobody said. */
  readonly build?: string | undefined;
  readonly directory: string;
  /** The process that started it: workers of one parent belong together. */
  readonly parentPid?: number | undefined;
  /** At most some 2,000 characters. */
  readonly commandLine: string;
  readonly handles: HandledTypes;
  readonly lastClaimAt: number | undefined;
  /** The longest time that its event loop was kept from turning in the last seconds. */
  readonly loopDelayMs?: number | undefined;
  /** How far its clock is ahead of the store's; undefined until measured, and where the store has none of its own. */
  readonly clockOffsetMs?: number | undefined;
  /** Lets servers on the same machine tell when its process is gone; undefined where that can't be known for sure. */
  readonly processIdentity?: string | undefined;
}

/** A server whose word is not fresh any more, as it told of itself last. */
export interface SilentServer {
  readonly server: ServerRecord;
  /** When it said its last word, by its own clock or the store's. */
  readonly silentSince: number;
}

/** For how long a server that fell silent is remembered. */
export const silentForMs = 600_000;

/** No word is said to hold for so long: one that does was said under a clock that was ahead, and nobody knows when. */
export const longestWordMs = 3_600_000;

/** How long a word of older builds, which did not write down when they said it, was to hold. */
const usualLifeMs = 10_000;

/** When a word was said that held until then; `said` is what the server wrote down, which may be missing or anything. */
export function saidAt(said: unknown, until: number): number {
  return typeof said === "number" && said <= until ? said : until - usualLifeMs;
}

/** One task that a server is running now. */
export interface BusyWorker {
  readonly serverId: string;
  readonly host: string;
  readonly pid: number;
  readonly taskId: string;
  readonly taskType: string;
  /** At most the first 1024 bytes. */
  readonly payload: Uint8Array;
  readonly queue: string;
  readonly startedAt: number;
  readonly deadlineAt: number;
}

export interface PresentServers {
  /** Everyone whose word is still fresh, sorted by host, pid and id. */
  readonly servers: readonly ServerRecord[];
  readonly workers: readonly BusyWorker[];
  /** Names of records in the store that can't be read as a server's; absent where there are none. */
  readonly unreadable?: readonly string[];
}

/** Who is there, and what they run. Never the base of a decision about a task: leases are. */
export interface PresenceFacet {
  /**
   * Tells of a server and its busy workers; not fresh any more after `ttlMs` unless told again. Whole seconds in Redis.
   * Comes back with what the server was asked to do and is still kept, at most one order of each kind.
   */
  announce(
    server: ServerRecord,
    workers: readonly BusyWorker[],
    ttlMs: number,
    call?: CallOptions,
  ): Promise<readonly ServerOrder[]>;
  /** Forgets a server at once. */
  withdraw(server: ServerRecord, call?: CallOptions): Promise<void>;
  /** Who is there. A record that can't be read hides none of the others. */
  servers(call?: CallOptions): Promise<PresentServers>;
  /**
   * Servers of this library that were fresh in the last ten minutes, are not any more, and did not withdraw: frozen, cut
   * off or dead. Sorted as `servers`.
   */
  silentServers(call?: CallOptions): Promise<readonly SilentServer[]>;
  /** What the store's own clock says; undefined for a store that goes by this machine's. */
  storeTime(call?: CallOptions): Promise<number | undefined>;
}
