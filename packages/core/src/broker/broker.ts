import type { BrokerRecipe } from "./broker-recipe.ts";
import type { CallOptions } from "./call-options.ts";
import type { CallPacing } from "./call-pacing.ts";
import type { ChangeFacet } from "./change-facet.ts";
import type { ControlFacet } from "./control-facet.ts";
import type { EnqueueFacet } from "./enqueue-facet.ts";
import type { EventFacet } from "./event-facet.ts";
import type { GroupFacet } from "./group-facet.ts";
import type { InspectFacet } from "./inspect-facet.ts";
import type { MaintainFacet } from "./maintain-facet.ts";
import type { PolicyFacet } from "./policy-facet.ts";
import type { PresenceFacet } from "./presence-facet.ts";
import type { ReconcileFacet } from "./reconcile-facet.ts";
import type { RecordFacet } from "./record-facet.ts";
import type { ReportFacet } from "./report-facet.ts";
import type { ScheduleFacet } from "./schedule-facet.ts";
import type { SignalFacet } from "./signal-facet.ts";
import type { StatisticsFacet } from "./statistics-facet.ts";
import type { TrailFacet } from "./trail-facet.ts";
import type { WorkFacet } from "./work-facet.ts";
import type { WriteHealthFacet } from "./write-health-facet.ts";

/** Whether the store will probably answer. Known without asking it. */
export interface Reachability {
  readonly reachable: boolean;
  /** Since when it is so. */
  readonly since: number;
  /** Why the store is not reachable, in words. Undefined while it is. */
  readonly reason: string | undefined;
}

/**
 * The port: everything that the library asks of a store, in the library's own words. Arrays go in, one outcome per item
 * comes out, in order. Times are in milliseconds. All errors are `HikyakuError`.
 *
 * A broker connects by itself, at its first use at the latest, and again after each cut. While the store is away, every
 * call is refused at once with `broker_unavailable`. Nothing is queued up unseen.
 */
export interface Broker
  extends AsyncDisposable,
    EnqueueFacet,
    WorkFacet,
    CallPacing,
    MaintainFacet,
    GroupFacet,
    InspectFacet,
    ChangeFacet,
    PolicyFacet,
    PresenceFacet,
    ControlFacet,
    ReconcileFacet,
    RecordFacet,
    ReportFacet,
    ScheduleFacet,
    SignalFacet,
    EventFacet,
    TrailFacet,
    StatisticsFacet,
    WriteHealthFacet {
  /** Where the tasks lie, for people; without secrets. */
  readonly location: string;
  /** How another thread opens the same store. */
  readonly recipe: BrokerRecipe;
  /** Waits until the store answers, or for the first reason why it does not. */
  ready(call?: CallOptions): Promise<void>;
  reachability(): Reachability;
  /** Calls back at each change until the returned function is called. */
  onReachability(listener: (reachability: Reachability) => void): () => void;
  /** Closes the store, within its deadline even if the store hangs. Calls under way are refused. */
  close(): Promise<void>;
}
