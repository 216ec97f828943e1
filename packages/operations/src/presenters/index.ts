export { presentApiKey } from "./api-key.ts";
export { presentAuditEntry } from "./audit-entry.ts";
export { presentTaskReason } from "./explanation.ts";
export { presentFinding, presentTreatedFinding } from "./finding.ts";
export { presentQueue } from "./queue.ts";
export { presentEviction, presentOrder, presentServer } from "./server.ts";
export { presentExplainedTask } from "./task.ts";
export { presentTaskLog } from "./task-log.ts";
