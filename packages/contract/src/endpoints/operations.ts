import { auditEndpoints } from "./audit.ts";
import { bulkOperationEndpoints } from "./bulk-operations.ts";
import { documentEndpoints } from "./document.ts";
import { enqueueEndpoints } from "./enqueue.ts";
import { eventEndpoints } from "./events.ts";
import { explanationEndpoints } from "./explanations.ts";
import { findingEndpoints } from "./findings.ts";
import { groupEndpoints } from "./groups.ts";
import { keyEndpoints } from "./keys.ts";
import { queueEndpoints } from "./queues.ts";
import { scheduleEndpoints } from "./schedules.ts";
import { serverEndpoints } from "./servers.ts";
import { sessionEndpoints } from "./sessions.ts";
import { statisticsEndpoints } from "./statistics.ts";
import { storeEndpoints } from "./store.ts";
import { taskLogEndpoints } from "./task-log.ts";
import { taskEndpoints } from "./tasks.ts";
import { typeEndpoints } from "./types.ts";
import { workerEndpoints } from "./workers.ts";

/** What the endpoints are about, for whoever reads a description of all: each endpoint's `tag` is one of these. */
export const operationsTags = [
  { name: "queues", description: "Their numbers, and what stops or removes them." },
  { name: "groups", description: "Tasks that are collected to be handled as one." },

  { name: "types", description: "Which types of tasks there are, and who runs them." },
  { name: "tasks", description: "Adding tasks, looking at them, changing them." },
  { name: "operations", description: "Changes of many tasks, which go on by themselves." },
  { name: "schedules", description: "Periodic tasks that are kept in the store." },
  { name: "servers", description: "Who works on the queues, and remote control of them." },
  { name: "events", description: "What happens, as it happens." },
  { name: "statistics", description: "What happened, in numbers." },
  { name: "findings", description: "What is not as it should be." },
  { name: "store", description: "What holds the tasks." },
  { name: "description", description: "What this API is, for programs." },
  { name: "keys", description: "Credentials for programs, and what each may do." },
  { name: "sessions", description: "Signing in with a browser." },
  { name: "audit", description: "Who changed what, when and from where." },
] as const;

/** Every endpoint of the operations API, by the name of its handler. */
export const operationsEndpoints = {
  ...queueEndpoints,
  ...groupEndpoints,
  ...scheduleEndpoints,
  ...serverEndpoints,
  ...workerEndpoints,
  ...typeEndpoints,
  ...enqueueEndpoints,
  ...explanationEndpoints,
  ...taskEndpoints,
  ...taskLogEndpoints,
  ...bulkOperationEndpoints,
  ...storeEndpoints,
  ...findingEndpoints,
  ...eventEndpoints,
  ...statisticsEndpoints,
  ...documentEndpoints,
  ...auditEndpoints,
  ...keyEndpoints,
  ...sessionEndpoints,
};
