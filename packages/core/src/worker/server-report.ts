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
  /** Outcomes that the store has not answered yet and that are being repeated. */
  readonly unanswered: number;
  readonly counts: Readonly<ProcessorCounts>;
  /** `thread`: a handler may block the event loop and keeps its task. `event_loop`: only for as long as the lease. */
  readonly leasesExtendedBy: "thread" | "event_loop";
  /** The longest time that the event loop was kept from turning in the last seconds; undefined before the start. */
  readonly loopDelayMs: number | undefined;
  /** How far this machine's clock is ahead of the store's; undefined until measured, and where the store has none. */
  readonly clockOffsetMs: number | undefined;
  /** The sternest thing that it did because somebody told it to from elsewhere. */
  readonly order: ObeyedOrder | undefined;
}
