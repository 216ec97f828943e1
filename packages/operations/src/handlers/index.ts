import { operationsEndpoints } from "@hikyaku/contract";
import { routesOf } from "../route.ts";
import { auditHandlers } from "./audit.ts";
import { bulkOperationHandlers } from "./bulk-operations.ts";
import { documentHandlers } from "./document.ts";
import { enqueueHandlers } from "./enqueue.ts";
import { eventHandlers } from "./events.ts";
import { explanationHandlers } from "./explanations.ts";
import { findingHandlers } from "./findings.ts";
import { groupHandlers } from "./groups.ts";
import { keyHandlers } from "./keys.ts";
import { queueHandlers } from "./queues.ts";
import { scheduleHandlers } from "./schedules.ts";
import { serverHandlers } from "./servers.ts";
import { sessionHandlers } from "./sessions.ts";
import { statisticsHandlers } from "./statistics.ts";
import { storeHandlers } from "./store.ts";
import { taskLogHandlers } from "./task-log.ts";
import { taskHandlers } from "./tasks.ts";
import { typeHandlers } from "./types.ts";
import { workerHandlers } from "./workers.ts";

/** Every endpoint of the contract with its handler; a missing one fails to compile. */
export const operationsRoutes = routesOf(operationsEndpoints, {
  ...queueHandlers,
  ...groupHandlers,
  ...scheduleHandlers,
  ...serverHandlers,
  ...workerHandlers,

  ...typeHandlers,
  ...enqueueHandlers,
  ...explanationHandlers,
  ...taskHandlers,
  ...taskLogHandlers,
  ...bulkOperationHandlers,
  ...storeHandlers,
  ...findingHandlers,
  ...eventHandlers,
  ...statisticsHandlers,
  ...documentHandlers,
  ...auditHandlers,
  ...keyHandlers,
  ...sessionHandlers,
});
