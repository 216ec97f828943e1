export {
  DEFAULT_DELAY_SECONDS,
  DEFAULT_MAX_RETRY,
  DEFAULT_MESSAGE,
  JOB_ID_PATTERN,
  MAX_DELAY_SECONDS,
  MAX_MAX_RETRY,
  MAX_MESSAGE_CHARACTERS,
  REGISTER_DEMO_JOB_PATH,
  type RegisterDemoJobRequest,
  type RegisterDemoJobResponse,
  type ResolvedDemoJob,
  registerDemoJobRequest,
  registerDemoJobResponse,
  resolveDemoJob,
} from "./demo-job.ts";
export {
  DEMO_JOBS_PATH,
  type DemoJobAttempt,
  type DemoJobsView,
  type DemoJobView,
  type DemoJobWorker,
  demoJobParams,
  demoJobsQuery,
  demoJobsView,
  demoJobView,
  JOB_WAIT_REASONS,
  type JobWaitReason,
  MOST_JOBS_ASKED,
} from "./demo-job-view.ts";

export {
  type AnswerOf,
  BODY_BYTES,
  type Endpoint,
  type EndpointData,
  endpoint,
  type InputOf,
  isAudited,
  METHODS,
  type Method,
  OPERATIONS_PATH,
  PAYLOAD_BODY_BYTES,
  STREAM_TYPES,
  type StreamType,
} from "./endpoint.ts";
export { auditEndpoints } from "./endpoints/audit.ts";
export { bulkOperationEndpoints } from "./endpoints/bulk-operations.ts";
export { documentEndpoints } from "./endpoints/document.ts";
export { enqueueEndpoints } from "./endpoints/enqueue.ts";
export { eventEndpoints } from "./endpoints/events.ts";
export { explanationEndpoints } from "./endpoints/explanations.ts";
export { findingEndpoints } from "./endpoints/findings.ts";
export { groupEndpoints } from "./endpoints/groups.ts";
export { keyEndpoints } from "./endpoints/keys.ts";
export { operationsEndpoints, operationsTags } from "./endpoints/operations.ts";
export { queueEndpoints } from "./endpoints/queues.ts";
export { scheduleEndpoints } from "./endpoints/schedules.ts";
export { serverEndpoints } from "./endpoints/servers.ts";
export { sessionEndpoints } from "./endpoints/sessions.ts";
export { statisticsEndpoints } from "./endpoints/statistics.ts";
export { storeEndpoints } from "./endpoints/store.ts";
export { taskLogEndpoints } from "./endpoints/task-log.ts";
export { taskEndpoints } from "./endpoints/tasks.ts";
export { typeEndpoints } from "./endpoints/types.ts";
export { workerEndpoints } from "./endpoints/workers.ts";
export {
  READINESS_CHECKS,
  READINESS_PATH,
  type Readiness,
  type ReadinessCheck,
  type ReadinessCheckName,
  readiness,
  readinessCheck,
  worstLevel,
} from "./health.ts";
export type { OpenApiDocument } from "./openapi/document.ts";
export { operationsDocument } from "./openapi/operations-document.ts";
export {
  PROBLEM_CONTENT_TYPE,
  type Problem,
  type ProblemError,
  problem,
  problemError,
} from "./problem.ts";
export { PROBLEM_CODES, type ProblemCode, STATUS_OF_PROBLEM } from "./problem-code.ts";
export {
  type FindingWorker,
  findingWorker,
  type Level,
  level,
  type ReadinessFinding,
  readinessFinding,
  type WorkerWarning,
  workerWarning,
} from "./readiness-finding.ts";
export { permits, SCOPES, type Scope } from "./scopes.ts";
export { type ApiKeyView, apiKeyView } from "./shapes/api-key.ts";
export { type AuditEntryView, auditEntry } from "./shapes/audit-entry.ts";
export { type BulkAction, type BulkOperationView, bulkOperation } from "./shapes/bulk-operation.ts";
export {
  type EnqueueGiven,
  type EnqueueOutcomeView,
  type EnqueueResponse,
  enqueueInQueueRequest,
  enqueueManyResponse,
  enqueueOfTypeRequest,
  enqueueResponse,
  FittingItem,
  MAX_RESULT_WAIT_SECONDS,
  MOST_BULK_ITEMS,
} from "./shapes/enqueue.ts";
export { EVENT_COMMENT_SECONDS, type EventView, eventView } from "./shapes/event.ts";

export {
  type ExplainQueueResponse,
  type ExplainTaskResponse,
  explainQueueResponse,
  explainTaskResponse,
} from "./shapes/explanation.ts";
export { type GroupView, groupParams, listGroupsResponse } from "./shapes/group.ts";
export { momentText } from "./shapes/moment.ts";
export { pageEnd, pageQuery, scanEnd } from "./shapes/page.ts";
export {
  listQueuesResponse,
  type QueueDetailView,
  type QueueSummaryView,
  queueDetail,
  queueSummary,
  type ShardedQueueView,
} from "./shapes/queue.ts";
export type { ScheduleView } from "./shapes/schedule.ts";
export { type SessionView, sessionView } from "./shapes/session.ts";
export type { StatisticsNumbersView, StatisticsResponse } from "./shapes/statistics.ts";
export {
  type ListFindingsResponse,
  listFindingsResponse,
  type StoreFinding,
  storeFinding,
} from "./shapes/store-finding.ts";
export {
  type TaskDetail,
  type TaskExplanationView,
  type TaskSummaryView,
  taskDetail,
  taskExplanation,
  type UnreadableTaskView,
  unreadableTask,
} from "./shapes/task.ts";
export { type TaskLogResponse, taskLogResponse } from "./shapes/task-log.ts";
export { taskConditions } from "./shapes/task-search.ts";
export { listTypesResponse, type TaskTypeView } from "./shapes/task-type.ts";
export { listWorkersResponse } from "./shapes/worker.ts";
export {
  DEFAULT_WAIT_SECONDS,
  type EvictServerResponse,
  evictServerRequest,
  evictServerResponse,
  type ListServersResponse,
  listServersResponse,
  quietServerRequest,
  type ServerOrderResponse,
  serverOrderParams,
  serverOrderResponse,
  stopServerRequest,
  type WorkerServer,
  workerServer,
} from "./shapes/worker-server.ts";
