import type { ContractSetup } from "../support/contract-store.ts";
import { describeEnqueueContract } from "./enqueue.contract.ts";
import { describeGroupsContract } from "./groups.contract.ts";
import { describeInspectContract } from "./inspect.contract.ts";
import { describeLeaseContract } from "./lease.contract.ts";
import { describeMaintainContract } from "./maintain.contract.ts";
import { describePresenceContract } from "./presence.contract.ts";
import { describeSignalsContract } from "./signals.contract.ts";
import { describeWorkContract } from "./work.contract.ts";

/** Everything that every adapter promises. */
export function describeBrokerContract(setup: ContractSetup): void {
  describeEnqueueContract(setup);
  describeWorkContract(setup);
  describeLeaseContract(setup);
  describeMaintainContract(setup);
  describeGroupsContract(setup);
  describeInspectContract(setup);
  describePresenceContract(setup);
  describeSignalsContract(setup);
}
