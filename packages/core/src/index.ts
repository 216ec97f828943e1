// The port and its words
export type { Broker, Reachability } from "./broker/broker.ts";
export type { CallOptions } from "./broker/call-options.ts";
export type { EnqueueFacet, EnqueueItem, EnqueueOutcome, Placement } from "./broker/enqueue-facet.ts";
export type { InspectFacet, ListQuery, QueueNumbers, StoredTask, TaskPage } from "./broker/inspect-facet.ts";
export type { ArchiveLimits, ForwardAnswer, MaintainFacet, SweepAnswer } from "./broker/maintain-facet.ts";
export type {
  BusyWorker,
  PresenceFacet,
  ServerDetails,
  ServerRecord,
  ServerStatus,
} from "./broker/presence-facet.ts";
export type { Signal, SignalFacet } from "./broker/signal-facet.ts";
export type { TaskMessage, TaskState, UnknownField } from "./broker/task-message.ts";
// Working
export type {
  AttemptRecord,
  ClaimedTask,
  ClaimRequest,
  ClaimResult,
  HandledTypes,
  Lease,
  Outcome,
  SetAside,
  SettleAnswer,
  Settlement,
  SettleResult,
  TakenOverTask,
  TakeOverRequest,
  UnhandledTasks,
  WorkFacet,
} from "./broker/work-facet.ts";
// Enqueueing
export { Client, type ClientOptions, type EnqueueCallOptions, type EnqueueResult } from "./client.ts";
// Time
export { type Clock, sleep, systemClock, type Timer } from "./clock.ts";
export { type Duration, durationMs } from "./duration.ts";
export type { EnqueuedTask } from "./enqueued-task.ts";
// Errors
export { type ErrorCode, type ErrorIssue, errorText, HikyakuError, isHikyakuError } from "./errors.ts";
// Tasks
export { parsePayload, parseResult, rawBytes } from "./payload.ts";
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
} from "./task.ts";
export type { EnqueueOptions, TaskDefaults, TaskOptions } from "./task-options.ts";
export type { Handler, HandlerContext } from "./worker/handler.ts";
export { jsonLogger, type LogFields, type Logger, type LogLevel, silentLogger } from "./worker/logger.ts";
export type { RetryContext } from "./worker/outcome.ts";
export { Server, type ServerReport, type ServerState } from "./worker/server.ts";
export type { FailedAttempt, ServerOptions } from "./worker/server-options.ts";
export { Revoke, SkipRetry } from "./worker/verdict-errors.ts";
