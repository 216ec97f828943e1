import type { CallOptions } from "./call-options.ts";
import type { AttemptRecord } from "./work-facet.ts";

/** What a server can be asked to do from elsewhere, the mildest first. */
export const orderKinds = ["quiet", "stop", "evict"] as const;

export type OrderKind = (typeof orderKinds)[number];

/** Who asked. */
export interface OrderSource {
  /** The process that asked. */
  readonly host: string;
  readonly pid: number;
  /** For whom it asked, in the asker's own words, such as a user's name. */
  readonly who?: string;
}

/**
 * What somebody asks one server to do. `quiet`: take no new tasks. `stop`: finish and end. `evict`: the leases are gone
 * already; let all tasks go and end.
 */
export interface ServerOrder {
  /** Tells two orders apart. A server carries each order out once. */
  readonly orderId: string;
  readonly serverId: string;
  readonly kind: OrderKind;
  /** When it was asked, by the asker's clock. */
  readonly at: number;
  readonly by: OrderSource;
  readonly reason?: string;
  /** `stop` only: how long running handlers may go on. Absent: the server's own setting. */
  readonly timeoutMs?: number;
}

export interface EvictRequest {
  readonly queue: string;
  readonly serverId: string;
  /** How long this server's claims from this queue are refused. In Redis whole seconds, rounded up. */
  readonly refuseForMs: number;
  /** Most tasks of this step. */
  readonly limit: number;
  /** The cursor of the step before. Absent for the first. */
  readonly cursor?: string;
  /**
   * Tasks that a server of another library said it runs. They are freed too, unless a server of ours holds them: leases
   * of other libraries don't say whose they are. A store that only this library writes has no such tasks and ignores
   * this.
   */
  readonly foreignTaskIds?: readonly string[];
  /** Added to the history of each freed task. */
  readonly attempt: AttemptRecord;
}

export interface EvictAnswer {
  /** They wait again, at the front of their queue. */
  readonly taskIds: readonly string[];
  /** Undefined when nothing is left. */
  readonly nextCursor: string | undefined;
}

/** Tells servers what to do, and takes tasks away from servers that do not listen. */
export interface ControlFacet {
  /**
   * Keeps an order for `ttlMs`, in place of an earlier one of the same kind, and tells all that listen. A server that
   * did not hear it finds it with its next announcement.
   */
  order(order: ServerOrder, ttlMs: number, call?: CallOptions): Promise<void>;
  /** For how many servers an order is kept. They need not be there. */
  orderedServers(call?: CallOptions): Promise<number>;
  /**
   * Refuses further claims and take-overs of a server from a queue, and frees the tasks that it holds there. Each lease
   * ends, so nothing that the server writes under it counts any more. Each task waits at the front of its queue; no
   * retry is spent.
   */
  evict(request: EvictRequest, call?: CallOptions): Promise<EvictAnswer>;
}
