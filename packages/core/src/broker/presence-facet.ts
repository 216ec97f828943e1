import type { CallOptions } from "./call-options.ts";
import type { ServerOrder } from "./control-facet.ts";
import type { HandledTypes } from "./work-facet.ts";

export type ServerStatus = "new" | "active" | "stopped" | "closed";

/** One running process full of workers, as it describes itself. */
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
  /** Only servers of this library tell it. Undefined for servers of other libraries. */
  readonly details: ServerDetails | undefined;
}

export interface ServerDetails {
  /** Version of this library. */
  readonly version: string;
  /** Names the code that it runs, such as a commit. Undefined when nobody named it. */
  readonly build?: string | undefined;
  readonly directory: string;
  /** The process that started it: workers of one parent belong together. */
  readonly parentPid?: number | undefined;
  /** At most some 2,000 characters. */
  readonly commandLine: string;
  readonly handles: HandledTypes;
  readonly lastClaimAt: number | undefined;
  /** The longest delay of its event loop in the last seconds. */
  readonly loopDelayMs?: number | undefined;
  /**
   * How far its clock is ahead of the store's. Undefined until measured, and when the store has no clock of its own.
   */
  readonly clockOffsetMs?: number | undefined;
  /** By it, servers on the same machine know when its process is gone. Undefined when that can't be known for sure. */
  readonly processIdentity?: string | undefined;
}

/** A server whose last announcement has expired, as it described itself there. */
export interface SilentServer {
  readonly server: ServerRecord;
  /** When it made its last announcement, by its own clock or the store's. */
  readonly silentSince: number;
}

/** For how long a server that fell silent is remembered. */
export const silentForMs = 600_000;

/** No announcement holds for so long. One that does was made by a clock that was ahead, and nobody knows when. */
export const longestWordMs = 3_600_000;

/** How long an announcement of an older build holds. Such a build did not write down when it made it. */
const usualLifeMs = 10_000;

/**
 * When an announcement was made that holds until `until`. `said` is the time that the server wrote down: it may be
 * missing, or anything.
 */
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
  /** All servers whose announcement still holds, sorted by host, pid and id. */
  readonly servers: readonly ServerRecord[];
  readonly workers: readonly BusyWorker[];
  /** Names of records in the store that can't be read as a server's. Absent when there are none. */
  readonly unreadable?: readonly string[];
}

/** Who is there, and what they run. No decision about a task is based on it: leases decide. */
export interface PresenceFacet {
  /**
   * Announces a server and its busy workers for `ttlMs`; in Redis whole seconds. Answers the orders that are kept for
   * the server, at most one of each kind.
   */
  announce(
    server: ServerRecord,
    workers: readonly BusyWorker[],
    ttlMs: number,
    call?: CallOptions,
  ): Promise<readonly ServerOrder[]>;
  /** Forgets a server at once. */
  withdraw(server: ServerRecord, call?: CallOptions): Promise<void>;
  /** The servers that are there. A record that can't be read hides none of the others. */
  servers(call?: CallOptions): Promise<PresentServers>;
  /**
   * Servers of this library whose announcement expired in the last ten minutes and that did not withdraw: frozen, cut
   * off or dead. Sorted as `servers`.
   */
  silentServers(call?: CallOptions): Promise<readonly SilentServer[]>;
  /** The time on the store's own clock. Undefined when the store uses this machine's clock. */
  storeTime(call?: CallOptions): Promise<number | undefined>;
}
