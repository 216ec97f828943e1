/** Where a system keeps its tasks in one run. */
export interface Store {
  /** Port of the Redis server, or of the proxy in front of it. */
  readonly redisPort: number;
  /** A folder of this run's own, for embedded stores. */
  readonly folder: string;
  /** An empty PostgreSQL database, where there is a server. */
  readonly postgresUrl?: string | undefined;
  /** How long nothing may happen before what is missing counts as lost. */
  readonly stallMs: number;
  /** Another one of the same kind, for workloads that compare two. */
  readonly second?: Store | undefined;
}

/** What a processed task tells: which one it was, when it ran, and for delayed ones when it was to run. */
export type Ran = (task: { readonly number: number; readonly dueAt: number | undefined }) => void;

export interface WorkerHandle {
  close(): Promise<void>;
}

/** Plain tasks carry 100 bytes; `typed` ones an object that a schema checks at both ends, with the extras switched on. */
export type Flavour = "plain" | "typed";

/** One task queue under measurement, each at the settings that its own documentation recommends for throughput. */
export interface System {
  readonly name: string;
  /**
   * Enqueues tasks numbered `from` to `to` - 1 with the call for many, as few calls as that allows; `delayMs` from now
   * where given, which not every system is asked for.
   */
  enqueueMany(from: number, to: number, flavour: Flavour, delayMs?: number): Promise<void>;
  /** Enqueues one task; `delayMs` from now where given. */
  enqueueOne(number: number, delayMs?: number): Promise<void>;
  /** Starts a worker with an empty handler; resolves when it is ready. */
  work(concurrency: number, ran: Ran, flavour: Flavour): Promise<WorkerHandle>;
  /** How many tasks the store still holds, in whatever state. */
  left(): Promise<number>;
  close(): Promise<void>;
}

/** 100 bytes of JSON, with the number and the due moment of the task in them. */
export function payloadOf(number: number, dueAt: number | undefined): { n: number; d: number; x: string } {
  const bare = { n: number, d: dueAt ?? 0, x: "" };
  return { ...bare, x: "x".repeat(Math.max(0, 100 - JSON.stringify(bare).length)) };
}

/** How many tasks one call for many carries, for every system alike. */
export const manyAtOnce = 500;
