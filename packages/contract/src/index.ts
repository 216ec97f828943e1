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
  READINESS_CHECKS,
  READINESS_PATH,
  type Readiness,
  type ReadinessCheck,
  type ReadinessCheckName,
  readiness,
  readinessCheck,
  worstLevel,
} from "./health.ts";
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
export {
  FINDINGS_PATH,
  type ListFindingsResponse,
  listFindingsResponse,
  type StoreFinding,
  storeFinding,
} from "./store-finding.ts";
export {
  DEFAULT_WAIT_SECONDS,
  type EvictServerResponse,
  evictServerRequest,
  evictServerResponse,
  type ListServersResponse,
  listServersResponse,
  quietServerRequest,
  SERVER_ORDERS,
  SERVERS_PATH,
  type ServerOrderName,
  type ServerOrderResponse,
  serverOrderParams,
  serverOrderResponse,
  stopServerRequest,
  type WorkerServer,
  workerServer,
} from "./worker-server.ts";
