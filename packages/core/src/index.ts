import "./node-version.ts";

// Tasks

export type { EnqueuedTask } from "./enqueue/enqueued-task.ts";
export {
  type ShardedQueue,
  type ShardedQueueOptions,
  type ShardOrder,
  shardedQueue,
} from "./sharding/sharded-queue.ts";
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

export type { TaskLogLine, TaskLogOptions, TaskLogPage, TaskProgress } from "./task/task-report.ts";

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
export type { CancelAnswer } from "./task/cancel-task.ts";

// Working

export { handlesType } from "./broker/handled-types.ts";
export type { HandledTypes, Outcome } from "./broker/work-facet.ts";
export type { ShardSelection } from "./worker/claiming/queue-plan.ts";
export type {
  AggregateContext,
  AggregateFunction,
  AggregateOptions,
  GroupedTask,
} from "./worker/groups/aggregate-functions.ts";
export type { FailedAttempt } from "./worker/handling/failed-attempt.ts";
export type { HandleOptions } from "./worker/handling/handler.ts";
export type { Handler, HandlerContext, NoValues, Progress } from "./worker/handling/handler-context.ts";
export type { Middleware, Next } from "./worker/handling/middleware.ts";
export { Revoke, SkipRetry } from "./worker/handling/verdict-errors.ts";
export type { ObeyedOrder } from "./worker/remote-control.ts";
export type { HealthCallback } from "./worker/roles/healthchecker.ts";
export { Server } from "./worker/server.ts";
export type { ServerOptions } from "./worker/server-options.ts";
export type { ServerReport, ServerState } from "./worker/server-report.ts";

// Periodic tasks

export type { CatchUp, EnqueueEvent, ScheduleRecord } from "./broker/schedule-facet.ts";
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

// Looking and acting

export {
  type AuditEntry,
  type AuditNote,
  type AuditPage,
  type AuditResult,
  AuditTrail,
  type AuditTrailOptions,
  type AuditWay,
} from "./audit/audit-trail.ts";
export { type AuditedInspectorOptions, auditedInspector } from "./audit/audited-inspector.ts";
export type { ChangeOutcome } from "./broker/change-facet.ts";
export { type OrderKind, type OrderSource, orderKinds } from "./broker/control-facet.ts";
export type { MemoryEstimate, QueuePause } from "./broker/inspect-facet.ts";
export type { ServerDetails, ServerRecord, ServerStatus, SilentServer } from "./broker/presence-facet.ts";
export type { TaskState } from "./broker/task-message.ts";
export type { AttemptRecord, AttemptServer } from "./broker/work-facet.ts";
export type { BulkOptions, BulkProgress, BulkReport } from "./inspector/bulk-change.ts";
export type { InspectorCallOptions } from "./inspector/call-budget.ts";
export type { TaskExplanation, WaitReason } from "./inspector/explain-task.ts";
export type { QueueReason, TaskReason } from "./inspector/explainer.ts";
export {
  type EditPayloadOptions,
  type InspectedBroker,
  Inspector,
  type InspectorOptions,
} from "./inspector/inspector.ts";
export type { DayInfo, GroupDetail, GroupInfo, QueueInfo, QueueSummary } from "./inspector/queue-info.ts";
export type { PauseQueueOptions } from "./inspector/queue-pause.ts";
export type { RemoveQueueOptions } from "./inspector/queue-removal.ts";
export type {
  EvictReport,
  EvictServerOptions,
  OrderOptions,
  OrderReport,
  StopServerOptions,
} from "./inspector/server-control.ts";
export type { ServerInfo, WorkerInfo } from "./inspector/server-info.ts";
export type { Statistics, StatisticsPart, StatisticsPoint, StatisticsQuery } from "./inspector/statistics.ts";
export type { ExplainedTask, ExplainedTasks } from "./inspector/task-explainer.ts";
export type { AttemptInfo, Content, TaskInfo, UnreadableTaskInfo } from "./inspector/task-info.ts";
export type { TaskListing } from "./inspector/task-listing.ts";
export type { TaskConditions, TaskQuery } from "./inspector/task-query.ts";
export type { TaskSearch, TaskSearchPage } from "./inspector/task-search.ts";
export type { TaskSelection } from "./inspector/task-selection.ts";
export type {
  Forecast,
  HandlerSeen,
  Obstacle,
  OrderHolder,
  QueuePauseInfo,
  QueueWhy,
  ServerPlace,
  TaskWhy,
  Waiting,
} from "./inspector/why.ts";
export { queueSentence, taskSentence } from "./inspector/why-text.ts";
export { takersOf } from "./live-takers.ts";
export {
  codeOf,
  isGone,
  placeOf,
  type ServerWarning,
  type ServerWarningKind,
  serverWarnings,
} from "./server-warnings.ts";
export {
  changeShardOrder,
  pauseShards,
  resumeShards,
  type ShardedQueueSummary,
  shardedQueueSummary,
} from "./sharding/sharded-queue-summary.ts";

// Numbers

export type { StatisticsResolution } from "./broker/statistics-resolution.ts";
export { type ProcessStatistics, processStatistics } from "./statistics/process-statistics.ts";
export {
  type DurationHistogram,
  histogramEndsMs,
  percentileMs,
  type StatisticsNumbers,
} from "./statistics/statistics-numbers.ts";

// Watching

export {
  type EnqueuedEvent,
  type EventKind,
  eventKinds,
  type ProgressedEvent,
  type QueueEvent,
  type ServerEvent,
  type ServerToldEvent,
  type SettledEvent,
  type StartedEvent,
} from "./broker/queue-event.ts";
export type { EventFilter } from "./events/event-filter.ts";
export type { WatchedBroker, WatchOptions } from "./events/event-hub.ts";
export { watchEvents } from "./events/watch-events.ts";
export type { GapEvent, ResetEvent, WatchedEvent } from "./events/watched-event.ts";
export type { ServerHookEvents, ServerHookKind } from "./worker/server-hooks.ts";

// Checking a store

export { type Finding, type FindingKind, type FindingLevel, findingKinds } from "./broker/finding.ts";
export type { ArchiveLimits } from "./broker/maintain-facet.ts";
export { type CheckedBroker, checkStore, type StoreCheckOptions } from "./doctor/check-store.ts";

// Stores, errors, time and log lines

export type { Broker, Reachability } from "./broker/broker.ts";
export type { CallOptions } from "./broker/call-options.ts";
export { type Duration, durationMs } from "./duration.ts";
export { type ErrorCode, type ErrorIssue, errorText, HikyakuError, isHikyakuError, isStoreAway } from "./errors.ts";
export { refuseUnknownOptions } from "./option-names.ts";
export { type Clock, sleep, systemClock, type Timer } from "./runtime/clock.ts";
export { guardedLogger } from "./runtime/guarded-call.ts";
export {
  fieldsBeside,
  jsonLogger,
  type LogFields,
  type Logger,
  type LogLevel,
  silentLogger,
} from "./runtime/logger.ts";
export { type StoreNews, tellOfStore } from "./runtime/store-news.ts";
export { visibleLines, visibleText } from "./visible-text.ts";
