import type { CallOptions } from "./call-options.ts";
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
  readonly directory: string;
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

/** Who is there, and what they run. Never the base of a decision about a task: leases are. */
export interface PresenceFacet {
  /** Tells of a server and its busy workers; forgotten after `ttlMs` unless told again. Whole seconds in Redis. */
  announce(server: ServerRecord, workers: readonly BusyWorker[], ttlMs: number, call?: CallOptions): Promise<void>;
  /** Forgets a server at once. */
  withdraw(server: ServerRecord, call?: CallOptions): Promise<void>;
  /** Everyone whose word is still fresh, sorted by host, pid and id. */
  servers(call?: CallOptions): Promise<{ servers: readonly ServerRecord[]; workers: readonly BusyWorker[] }>;
  /** What the store's own clock says; undefined for a store that goes by this machine's. */
  storeTime(call?: CallOptions): Promise<number | undefined>;
}
