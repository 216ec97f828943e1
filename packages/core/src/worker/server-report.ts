import type { Reachability } from "../broker/broker.ts";
import type { ProcessorCounts } from "./claiming/endings.ts";
import type { ObeyedOrder } from "./remote-control.ts";

/** `new`, then `active`; `quiet` once it takes no new tasks; `stopping`; `closed`. */
export type ServerState = "new" | "active" | "quiet" | "stopping" | "closed";

/** How a server is doing, for health endpoints. */
export interface ServerReport {
  readonly serverId: string;
  readonly state: ServerState;
  /** How many slots are taken, out of `concurrency`. */
  readonly running: number;
  readonly concurrency: number;
  /** When the store last answered a claim. */
  readonly lastClaimAt: Date | undefined;
  readonly reachability: Reachability;
  /** Settlements that the store has not answered yet and that are being repeated. */
  readonly unanswered: number;
  readonly counts: Readonly<ProcessorCounts>;
  /**
   * `thread`: a handler may block the event loop and keeps its task. `event_loop`: it may do so only as long as the
   * lease lasts.
   */
  readonly leasesExtendedBy: "thread" | "event_loop";
  /** The longest delay of the event loop in the last seconds. Undefined before the start. */
  readonly loopDelayMs: number | undefined;
  /**
   * How far this machine's clock is ahead of the store's. Undefined until measured, and when the store has no clock of
   * its own.
   */
  readonly clockOffsetMs: number | undefined;
  /** The sternest order from elsewhere that it carried out. */
  readonly order: ObeyedOrder | undefined;
}
