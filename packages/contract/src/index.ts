export {
  DEFAULT_DELAY_SECONDS,
  DEFAULT_MAX_RETRY,
  DEFAULT_MESSAGE,
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
  READINESS_PATH,
  type Readiness,
  type ReadinessCheck,
  readiness,
  readinessCheck,
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
