import type { CallOptions } from "./call-options.ts";
import type { AttemptRecord } from "./work-facet.ts";

/** What a server can be asked to do from elsewhere, from the mildest to the sternest. */
export const orderKinds = ["quiet", "stop", "evict"] as const;

export type OrderKind = (typeof orderKinds)[number];

/** Who asked. */
export interface OrderSource {
  /** The process that asked. */
  readonly host: string;
  readonly pid: number;
  /** On whose behalf, in the asker's own words, such as a user's name. */
  readonly who?: string;
}

/**
 * What somebody asks one server to do. `quiet`: take no new tasks. `stop`: finish and end. `evict`: the leases are gone
 * already; let go of everything and end.
 */
export interface ServerOrder {
  /** Tells two orders apart; a server carries each out once. */
  readonly orderId: string;
  readonly serverId: string;
  readonly kind: OrderKind;
  /** When it was asked, by the asker's clock. */
  readonly at: number;
  readonly by: OrderSource;
  readonly reason?: string;
  /** `stop` only: how long running handlers may go on. Absent: as the server's own settings say. */
  readonly timeoutMs?: number;
}

export interface EvictRequest {
  readonly queue: string;
  readonly serverId: string;
  /** For how long claims of this server from this queue are refused; whole seconds, rounded up, in Redis. */
  readonly refuseForMs: number;
  /** How many tasks at most in this step. */
  readonly limit: number;
  /** What an earlier step answered; absent for the first. */
  readonly cursor?: string;
  /**
   * Tasks that a server of another library said it runs. They are freed too, unless a server of ours holds them: leases of
   * other libraries don't say whose they are. A store that only this library writes has no such tasks and ignores them.
   */
  readonly foreignTaskIds?: readonly string[];
  /** Goes to the history of each freed task. */
  readonly attempt: AttemptRecord;
}

export interface EvictAnswer {
  /** Waiting again, in front of their queue. */
  readonly taskIds: readonly string[];
  /** Undefined when nothing is left. */
  readonly nextCursor: string | undefined;
}

/** Telling servers what to do, and taking tasks away from those that do not listen. */
export interface ControlFacet {
  /**
   * Keeps an order for `ttlMs`, in place of an earlier one of the same kind, and tells those who listen. The server finds
   * it with its next announcement also when it heard nothing.
   */
  order(order: ServerOrder, ttlMs: number, call?: CallOptions): Promise<void>;
  /** For how many servers an order is kept, whether they are there or not. */
  orderedServers(call?: CallOptions): Promise<number>;
  /**
   * Refuses further claims and take-overs of a server from a queue, and frees what it holds there: each lease ends, so
   * that nothing the server writes under it counts any more, and the task waits in front of its queue, with nothing spent.
   */
  evict(request: EvictRequest, call?: CallOptions): Promise<EvictAnswer>;
}
