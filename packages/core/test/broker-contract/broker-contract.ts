import type { ContractSetup } from "../support/contract-store.ts";
import { describeAggregationSetContract } from "./aggregation-set.contract.ts";
import { describeChangeContract } from "./change.contract.ts";
import { describeControlContract } from "./control.contract.ts";
import { describeEnqueueContract } from "./enqueue.contract.ts";
import { describeEventsContract } from "./events.contract.ts";
import { describeGroupsContract } from "./groups.contract.ts";
import { describeInspectContract } from "./inspect.contract.ts";
import { describeLeaseContract } from "./lease.contract.ts";
import { describeMaintainContract } from "./maintain.contract.ts";
import { describeOrderedContract } from "./ordered.contract.ts";
import { describePresenceContract } from "./presence.contract.ts";
import { describeReconcileContract } from "./reconcile.contract.ts";
import { describeRecordContract } from "./records.contract.ts";
import { describeReportContract } from "./report.contract.ts";
import { describeScheduleContract } from "./schedule.contract.ts";
import { describeSignalsContract } from "./signals.contract.ts";
import { describeStatisticsContract } from "./statistics.contract.ts";
import { describeTrailContract } from "./trails.contract.ts";
import { describeWorkContract } from "./work.contract.ts";
import { describeWriteHealthContract } from "./write-health.contract.ts";

/** Everything that every adapter promises. */
export function describeBrokerContract(setup: ContractSetup): void {
  describeEnqueueContract(setup);
  describeWorkContract(setup);
  describeOrderedContract(setup);
  describeLeaseContract(setup);
  describeReportContract(setup);
  describeMaintainContract(setup);
  describeGroupsContract(setup);
  describeAggregationSetContract(setup);
  describeInspectContract(setup);
  describeChangeContract(setup);
  describePresenceContract(setup);
  describeControlContract(setup);
  describeScheduleContract(setup);
  describeReconcileContract(setup);
  describeSignalsContract(setup);
  describeEventsContract(setup);
  describeRecordContract(setup);
  describeTrailContract(setup);
  describeStatisticsContract(setup);
  describeWriteHealthContract(setup);
}
