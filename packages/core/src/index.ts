import "./node-version.ts";

// The port and its words
export type { Broker, Reachability } from "./broker/broker.ts";
export type { BrokerRecipe } from "./broker/broker-recipe.ts";
export type { CallOptions } from "./broker/call-options.ts";
export type { CallPacing } from "./broker/call-pacing.ts";
export type {
  Change,
  ChangeAnswer,
  ChangeFacet,
  ChangeOutcome,
  EditOutcome,
  RemoveQueueAnswer,
  RemoveQueueRequest,
  Selection,
} from "./broker/change-facet.ts";
export {
  type ControlFacet,
  type EvictAnswer,
  type EvictRequest,
  type OrderKind,
  type OrderSource,
  orderKinds,
  type ServerOrder,
} from "./broker/control-facet.ts";
export type { EnqueueFacet, EnqueueItem, EnqueueOutcome, Placement } from "./broker/enqueue-facet.ts";
export { type Finding, type FindingKind, type FindingLevel, findingKinds } from "./broker/finding.ts";
export type { AggregationSet, FinishAnswer, GroupFacet, GroupLimits, GroupNumbers } from "./broker/group-facet.ts";
export type {
  DayNumbers,
  InspectFacet,
  ListQuery,
  MemoryEstimate,
  QueueNumbers,
  StoredTask,
  TaskEntry,
  TaskFilter,
  TaskPage,
  UnreadableTask,
} from "./broker/inspect-facet.ts";
export type {
  ArchiveLimits,
  ForwardAnswer,
  ForwardOptions,
  MaintainFacet,
  SweepAnswer,
} from "./broker/maintain-facet.ts";
export type {
  BusyWorker,
  PresenceFacet,
  ServerDetails,
  ServerRecord,
  ServerStatus,
  SilentServer,
} from "./broker/presence-facet.ts";
export type { ReconcileAnswer, ReconcileFacet, ReconcileRequest } from "./broker/reconcile-facet.ts";
export type {
  AnnouncedEntry,
  CatchUp,
  DurableEntry,
  EnqueueEvent,
  EntryBeginning,
  FireAnswer,
  ScheduleFacet,
  ScheduleRecord,
  Turn,
  TurnMemory,
} from "./broker/schedule-facet.ts";
export type { Signal, SignalFacet } from "./broker/signal-facet.ts";
export type { TaskMessage, TaskState, UnknownField } from "./broker/task-message.ts";
// Working
export type {
  AttemptRecord,
  AttemptServer,
  ClaimedTask,
  ClaimRequest,
  ClaimResult,
  GoneHolder,
  HandledTypes,
  Lease,
  Outcome,
  QueueClaim,
  QueueDiscipline,
  RecoverRequest,
  SetAside,
  SettleAnswer,
  Settlement,
  SettleResult,
  TakeBackRequest,
  TakenOver,
  TakenOverTask,
  TakeOverRequest,
  UnhandledTasks,
  WorkFacet,
} from "./broker/work-facet.ts";
export type { FailingWrites, WriteHealth, WriteHealthFacet, WriteKind } from "./broker/write-health-facet.ts";
// Enqueueing
export {
  Client,
  type ClientBroker,
  type ClientOptions,
  type EnqueueCallOptions,
  type EnqueueResult,
  type WaitOptions,
} from "./client/client.ts";
export type { NamedTask } from "./client/task-result.ts";
// Checking a store
export { type CheckedBroker, checkStore, type StoreCheckOptions } from "./doctor/check-store.ts";
export { type Duration, durationMs } from "./duration.ts";
export type { EnqueuedTask } from "./enqueue/enqueued-task.ts";
// Errors
export { type ErrorCode, type ErrorIssue, errorText, HikyakuError, isHikyakuError, isStoreAway } from "./errors.ts";
// Inspecting
export type { BulkOptions, BulkProgress, BulkReport } from "./inspector/bulk-change.ts";
export { type TaskExplanation, takersOf, type WaitReason } from "./inspector/explain-task.ts";
export {
  type InspectedBroker,
  Inspector,
  type InspectorOptions,
  type RemoveQueueOptions,
  type TaskListing,
  type TaskSelection,
} from "./inspector/inspector.ts";
export type { DayInfo, GroupInfo, QueueInfo, QueueSummary } from "./inspector/queue-info.ts";
export type {
  EvictReport,
  EvictServerOptions,
  OrderOptions,
  OrderReport,
  StopServerOptions,
} from "./inspector/server-control.ts";
export type { ServerInfo, WorkerInfo } from "./inspector/server-info.ts";
export type { ExplainedTask, ExplainedTasks } from "./inspector/task-explainer.ts";
export type { AttemptInfo, Content, TaskInfo, UnreadableTaskInfo } from "./inspector/task-info.ts";
export type { TaskConditions, TaskQuery } from "./inspector/task-query.ts";
// Time
export { type Clock, sleep, systemClock, type Timer } from "./runtime/clock.ts";
export {
  fieldsBeside,
  jsonLogger,
  type LogFields,
  type Logger,
  type LogLevel,
  silentLogger,
} from "./runtime/logger.ts";
export { type StoreNews, tellOfStore } from "./runtime/store-news.ts";
// Periodic tasks
export type { TurnInfo } from "./scheduler/entry-runner.ts";
export {
  type EntryProvider,
  type ProvidedEntry,
  type RegisterOptions,
  Scheduler,
  type SchedulerOptions,
  type SchedulerState,
} from "./scheduler/scheduler.ts";
export {
  type ScheduleChanges,
  type ScheduleEntry,
  type ScheduleOptions,
  Schedules,
  type SchedulesOptions,
} from "./scheduler/schedules.ts";
export {
  codeOf,
  isGone,
  placeOf,
  type ServerWarning,
  type ServerWarningKind,
  serverWarnings,
} from "./server-warnings.ts";
export {
  type ShardedQueue,
  type ShardedQueueOptions,
  type ShardOrder,
  shardedQueue,
} from "./sharding/sharded-queue.ts";
// Spreading a queue over several
export {
  pauseShards,
  resumeShards,
  type ShardedQueueSummary,
  shardedQueueSummary,
} from "./sharding/sharded-queue-summary.ts";
export type { CancelAnswer } from "./task/cancel-task.ts";
// Tasks
export { parsePayload, parseResult, rawBytes } from "./task/payload.ts";
export type { RetryContext, RetryDelay, RetryDelayFunction } from "./task/retry-delay.ts";
export {
  type AnyJson,
  defineTask,
  type EnqueueArguments,
  type EnqueueRequest,
  type PayloadInput,
  type PayloadOutput,
  type ResultInput,
  type ResultOf,
  type TaskConfig,
  type TaskDefinition,
} from "./task/task.ts";
export type { EnqueueOptions, TaskDefaults, TaskOptions } from "./task/task-options.ts";
export { visibleLines, visibleText } from "./visible-text.ts";
export type { ShardSelection } from "./worker/claiming/queue-plan.ts";
export type {
  AggregateContext,
  AggregateFunction,
  AggregateOptions,
  GroupedTask,
} from "./worker/groups/aggregate-functions.ts";
export type { FailedAttempt } from "./worker/handling/failed-attempt.ts";
export type { HandleOptions } from "./worker/handling/handler.ts";
export type { Handler, HandlerContext, NoValues } from "./worker/handling/handler-context.ts";
export type { Middleware, Next } from "./worker/handling/middleware.ts";
export { Revoke, SkipRetry } from "./worker/handling/verdict-errors.ts";
export type { ObeyedOrder } from "./worker/remote-control.ts";
export type { HealthCallback } from "./worker/roles/healthchecker.ts";
export { Server } from "./worker/server.ts";
export type { ServerOptions } from "./worker/server-options.ts";
export type { ServerReport, ServerState } from "./worker/server-report.ts";
