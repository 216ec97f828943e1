import type { operationsEndpoints } from "@hikyaku/contract";

/** A request that fits an endpoint and harms nothing, as a caller sends it to an empty store. */
export interface ExampleRequest {
  readonly params?: Readonly<Record<string, string>>;
  /** Without its `?`. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** The statuses that it may get there from somebody who may ask. */
  readonly answers: readonly number[];
}

const queue = { queue: "mail" };
const type = { type: "email:send" };
const ownQueue = { queue: "enqueued by an example" };
const oneTask = { ...queue, id: "0199e0a4" };
const group = { ...queue, group: "tenant-7" };
const schedule = { id: "nightly" };
const scheduled = { type: "report:send", payload: { kind: "daily" } };
const server = { id: "server-11" };
const order = { wait_seconds: 0, reason: "an example" };
const reason = { reason: "an example" };

/** An example for each endpoint: a missing one fails to compile. */
export const exampleRequests: Readonly<Record<keyof typeof operationsEndpoints, ExampleRequest>> = {
  listTypes: { answers: [200] },
  enqueueOfType: { params: type, body: { payload: {}, delay: "1h" }, answers: [404] },
  enqueueManyOfType: { params: type, body: { items: [{ payload: {} }] }, answers: [404] },
  enqueueInQueue: {
    params: ownQueue,
    headers: { "idempotency-key": "example" },
    body: { type: "email:send", payload: {}, delay: "1h" },
    answers: [200, 201],
  },
  enqueueManyInQueue: { params: ownQueue, body: { items: [{ type: "email:send", id: "example" }] }, answers: [200] },
  searchTasks: { query: "state=retry&state=archived&type=email%3Asend&limit=10", answers: [200] },
  getTask: { params: oneTask, answers: [404] },
  runTask: { params: oneTask, body: reason, answers: [404] },
  archiveTask: { params: oneTask, body: reason, answers: [404] },
  rescheduleTask: { params: oneTask, body: { delay: "3m", ...reason }, answers: [404] },
  cancelTask: { params: oneTask, body: reason, answers: [404] },
  editTaskPayload: { params: oneTask, headers: { "if-match": '"x"' }, body: { payload: 1, ...reason }, answers: [404] },
  deleteTask: { params: oneTask, query: "reason=example", answers: [404] },
  watchEvents: { query: "kind=settled&kind=started&queue=mail", answers: [200] },
  listQueues: { query: "limit=10", answers: [200] },
  getQueue: { params: queue, answers: [404] },
  getQueueHistory: { params: queue, query: "days=7", answers: [404] },
  getQueueShards: { params: queue, query: "count=4", answers: [200] },
  pauseQueue: { params: { queue: "paused by an example" }, body: reason, answers: [200] },
  resumeQueue: { params: queue, body: reason, answers: [200] },
  removeQueue: { params: queue, query: "force=true&reason=example", answers: [404] },
  releaseLock: { params: queue, body: { type: "email:send", payload: { to: "a" }, ...reason }, answers: [200] },
  listGroups: { params: queue, answers: [404] },
  runGroup: { params: group, body: reason, answers: [404] },
  archiveGroup: { params: group, body: reason, answers: [404] },
  deleteGroup: { params: group, query: "reason=example", answers: [404] },
  listSchedules: { query: "limit=10", answers: [200] },
  addSchedule: { body: { id: "nightly", spec: "@daily", task: scheduled, ...reason }, answers: [201, 409] },
  getSchedule: { params: schedule, answers: [200, 404] },
  upsertSchedule: { params: { id: "hourly" }, body: { spec: "@hourly", task: scheduled, ...reason }, answers: [200] },
  changeSchedule: {
    params: { id: "none" },
    headers: { "if-match": '"1"' },
    body: { spec: "@weekly", ...reason },
    answers: [404],
  },
  removeSchedule: { params: { id: "none" }, query: "reason=example", answers: [404] },
  pauseSchedule: { params: { id: "none" }, body: reason, answers: [404] },
  resumeSchedule: { params: { id: "none" }, body: reason, answers: [404] },
  runSchedule: { params: { id: "none" }, body: reason, answers: [404] },
  listScheduleTurns: { params: schedule, answers: [200, 404] },
  listSchedulerEntries: { answers: [200] },
  listServers: { answers: [200] },
  quietServer: { params: server, body: order, answers: [202] },
  stopServer: { params: server, body: order, answers: [202] },
  evictServer: { params: server, body: { ...order, force: true }, answers: [200] },
  listWorkers: { query: "queue=mail", answers: [200] },
  createOperation: {
    body: { action: "run", tasks: [oneTask], dry_run: true, ...reason },
    answers: [200],
  },
  listOperations: { query: "limit=10", answers: [200] },
  getOperation: { params: { id: "0none" }, answers: [404] },
  listOperationOutcomes: { params: { id: "0none" }, query: "limit=10", answers: [404] },
  abortOperation: { params: { id: "0none" }, body: reason, answers: [404] },
  getTaskLog: { params: { ...queue, id: "t1" }, query: "limit=10&cursor=3", answers: [404] },
  explainTask: { params: { ...queue, id: "t1" }, answers: [404] },
  explainQueue: { params: queue, answers: [404] },
  getStore: { answers: [200] },
  checkStore: { body: { queues: ["mail"], ...reason }, answers: [200] },
  listFindings: { answers: [200] },
  getStatistics: { query: "type=email:send&resolution=ten_minutes&parts=true", answers: [200] },
  getOpenApiDocument: { answers: [200] },
  listAudit: { query: "limit=10&operation=pause-queue", answers: [200] },
  getSession: { answers: [200] },
  beginSession: { answers: [201] },
  endSession: { answers: [404] },
  listSessions: { query: "limit=10", answers: [200] },
  revokeSession: { params: { id: "0".repeat(64) }, query: "reason=example", answers: [404] },
  listKeys: { query: "limit=10", answers: [200] },
  createKey: { body: { name: "an example", scopes: ["read"], queues: ["mail"] }, answers: [201] },
  revokeKey: { params: { id: "0123456789ab" }, query: "reason=example", answers: [404] },
  exportAudit: { answers: [200] },
};
