// The port between the library and a store: for authors of an adapter, a proxy or a test double. Users of the library
// need nothing from here.
import "../node-version.ts";

export { defaultMessage } from "../task/default-message.ts";
export type { Broker, Reachability } from "./broker.ts";
export type { BrokerRecipe } from "./broker-recipe.ts";
export type { CallOptions } from "./call-options.ts";
export type { CallPacing } from "./call-pacing.ts";
export type {
  Change,
  ChangeAnswer,
  ChangeFacet,
  ChangeOutcome,
  EditOutcome,
  RemoveQueueAnswer,
  RemoveQueueRequest,
  Selection,
} from "./change-facet.ts";
export type { ClaimPolicy, QueueDiscipline } from "./claim-policy.ts";
export {
  type ControlFacet,
  type EvictAnswer,
  type EvictRequest,
  type OrderKind,
  type OrderSource,
  orderKinds,
  type ServerOrder,
} from "./control-facet.ts";
export type { EnqueueFacet, EnqueueItem, EnqueueOutcome, Placement } from "./enqueue-facet.ts";
export type { EventFacet, EventPage, EventQuery, KeptEvent } from "./event-facet.ts";
export { type Finding, type FindingKind, type FindingLevel, findingKinds } from "./finding.ts";
export type { AggregationSet, FinishAnswer, GroupFacet, GroupLimits, GroupNumbers } from "./group-facet.ts";
export type {
  DayNumbers,
  InspectFacet,
  ListQuery,
  MemoryEstimate,
  PauseSource,
  QueueNumbers,
  QueuePause,
  StoredTask,
  TaskEntry,
  TaskFilter,
  TaskPage,
  UnreadableTask,
} from "./inspect-facet.ts";
export type { KeptLog, LogLine } from "./kept-log.ts";
export type { KeptProgress } from "./kept-progress.ts";
export type { ArchiveLimits, ForwardAnswer, ForwardRequest, MaintainFacet, SweepAnswer } from "./maintain-facet.ts";
export type { PolicyAnswer, PolicyFacet, PolicyRequest } from "./policy-facet.ts";
export type {
  BusyWorker,
  PresenceFacet,
  ServerDetails,
  ServerRecord,
  ServerStatus,
  SilentServer,
} from "./presence-facet.ts";
export { eventKinds, type QueueEvent } from "./queue-event.ts";
export type { ReconcileAnswer, ReconcileFacet, ReconcileRequest, StoreFacts, StorePart } from "./reconcile-facet.ts";
export type {
  ExpectedRecord,
  RecordFacet,
  RecordOutcome,
  RecordPage,
  RecordPut,
  RecordQuery,
  RecordRemoval,
  RemovalOutcome,
  StoredRecord,
} from "./record-facet.ts";
export type { HeldReport, ReportFacet } from "./report-facet.ts";
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
} from "./schedule-facet.ts";
export type { Signal, SignalFacet } from "./signal-facet.ts";
export type { StatisticsCounts } from "./statistics-counts.ts";
export type {
  StatisticsCell,
  StatisticsFacet,
  StatisticsReport,
  StatisticsRequest,
  StatisticsRow,
} from "./statistics-facet.ts";
export type { TaskHistory, TaskMessage, TaskRequest, TaskState, UnknownField } from "./task-message.ts";
export type { ReportedLines, TaskReport } from "./task-report.ts";
export type { TrailAppend, TrailEntry, TrailFacet, TrailPage, TrailQuery } from "./trail-facet.ts";
export type {
  AttemptRecord,
  AttemptServer,
  ClaimedTask,
  ClaimRequest,
  ClaimResult,
  ClosedQueue,
  GoneHolder,
  HandledTypes,
  Lease,
  Outcome,
  QueueClaim,
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
} from "./work-facet.ts";
export type { FailingWrites, WriteHealth, WriteHealthFacet, WriteKind } from "./write-health-facet.ts";
