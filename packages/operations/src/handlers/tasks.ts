import type { taskEndpoints } from "@hikyaku/contract";
import {
  type Duration,
  durationMs,
  isHikyakuError,
  parsePayload,
  type TaskInfo,
  type UnreadableTaskInfo,
} from "hikyaku";
import { insistOnQueue, mayUseQueue } from "../access/queue-limits.ts";
import type { OperationsContext } from "../context.ts";
import { refusalOfGiven } from "../enqueue/given-task.ts";
import { etagOf, matches } from "../etag.ts";
import { presentTaskSummary, presentTaskView } from "../presenters/task.ts";
import { RequestProblem } from "../problems/request-problem.ts";
import type { HandlersOf } from "../route.ts";
import { insistOnSight, searchOf } from "../task-search.ts";

export const taskHandlers = {
  searchTasks: async (context, { query }) => {
    const { inspector, mask, signal } = context;
    insistOnSight(mask, query);
    const queues = await queuesFor(context, query.queue);
    const search = { ...searchOf(query), ...(queues !== undefined && { queues }) };
    const { tasks, nextCursor, scanned, complete } = await inspector.search(search, { signal });
    const shown = tasks.map((task) => (query.view === "full" ? presentTaskView(task, mask) : presentTaskSummary(task)));
    return { status: 200, body: { tasks: shown, next: nextCursor ?? null, scanned, complete } };
  },
  getTask: async ({ inspector, mask, signal }, { params: { queue, id } }) => {
    const task = await inspector.task(queue, id, { signal });
    return { status: 200, body: presentTaskView(task, mask), headers: { ETag: etagOf(task) } };
  },
  runTask: async ({ inspector }, { params: { queue, id } }) => {
    await inspector.runTask(queue, id);
    return { status: 200, body: { queue, id, done: "run", state: "pending" } };
  },
  archiveTask: async ({ inspector }, { params: { queue, id } }) => {
    await inspector.archiveTask(queue, id);
    return { status: 200, body: { queue, id, done: "archived", state: "archived" } };
  },
  cancelTask: async ({ inspector }, { params: { queue, id } }) => {
    const isSignalled = (await inspector.cancel(queue, id)) === "signalled";
    const done = isSignalled ? "asked_to_stop" : "cancelled";
    return { status: 200, body: { queue, id, done, state: isSignalled ? "active" : "archived" } };
  },
  rescheduleTask: async ({ inspector }, { params: { queue, id }, body }) => {
    const { due_at: dueAt, delay } = body;
    // The contract lets only durations through.
    const at = dueAt === undefined ? Date.now() + durationMs("delay", delay as Duration) : Date.parse(dueAt);
    await inspector.rescheduleTask(queue, id, new Date(at));
    const after = await taskNow(inspector, queue, id);
    return { status: 200, body: { queue, id, done: "rescheduled", state: after?.state ?? null } };
  },
  editTaskPayload: async (context, { params: { queue, id }, headers, body }) => {
    const { inspector } = context;
    const task = await inspector.task(queue, id);
    const ifMatch = headers["if-match"];
    if (ifMatch !== undefined && !matches(ifMatch, etagOf(task))) throw changed(task);
    const payload = await checkedPayload(context, task, body);
    try {
      const isGuarded = ifMatch !== undefined && task.kind === "task";
      await inspector.editPayload(queue, id, payload, isGuarded ? { before: task.payload.bytes } : {});
    } catch (error) {
      const isConflict = isHikyakuError(error, "wrong_state") && error.facts.state === undefined;
      throw ifMatch !== undefined && isConflict ? changed(task) : error;
    }
    const after = await taskNow(inspector, queue, id);
    const etag = after === undefined ? undefined : etagOf(after);
    // Payloads may hold secrets. The tags say whether it is the payload that somebody remembers.
    context.tellChange({ before: { etag: etagOf(task) }, after: { etag } });
    return { status: 200, body: { queue, id, done: "edited", state: after?.state ?? null }, headers: { ETag: etag } };
  },
  deleteTask: async ({ inspector }, { params: { queue, id } }) => {
    await inspector.deleteTask(queue, id);
    return { status: 200, body: { queue, id, done: "deleted", state: null } };
  },
} satisfies HandlersOf<typeof taskEndpoints>;

/** The queues to search: those that are named, or all that the caller may use. Undefined: all there are. */
async function queuesFor({ broker, identity, signal }: OperationsContext, named: readonly string[] | undefined) {
  for (const queue of named ?? []) insistOnQueue(identity, queue);
  if (named !== undefined || identity?.queues === undefined) return named;
  return (await broker.queues({ signal })).filter((queue) => mayUseQueue(identity, queue));
}

/** Somebody may have removed it since. */
async function taskNow(inspector: OperationsContext["inspector"], queue: string, id: string) {
  try {
    return await inspector.task(queue, id);
  } catch (error) {
    if (isHikyakuError(error, "task_not_found") || isHikyakuError(error, "queue_not_found")) return undefined;
    throw error;
  }
}

function changed({ state }: TaskInfo | UnreadableTaskInfo): RequestProblem {
  return new RequestProblem("precondition_failed", "The task has changed since it was read; read it again.", {
    members: { state: state ?? null },
  });
}

/** @throws RequestProblem `invalid_payload`, `invalid_option`. */
async function checkedPayload(
  { types }: OperationsContext,
  task: TaskInfo | UnreadableTaskInfo,
  { payload, payload_base64: base64 }: { readonly payload?: unknown; readonly payload_base64?: string | undefined },
): Promise<unknown> {
  if (payload !== undefined && base64 !== undefined) {
    const message = 'expected "payload" or "payload_base64", got both';
    throw new RequestProblem("invalid_option", `${message}; nothing was written.`, {
      errors: [{ location: "body.payload_base64", message }],
    });
  }
  const bytes = base64 === undefined ? undefined : new Uint8Array(Buffer.from(base64, "base64"));
  const definition = task.kind === "task" ? types.get(task.type) : undefined;
  if (definition !== undefined) {
    try {
      const json = payload === undefined ? undefined : Buffer.from(JSON.stringify(payload));
      await parsePayload(definition, bytes ?? json);
    } catch (error) {
      throw refusalOfGiven(error, "body");
    }
  }
  // To the inspector, `undefined` and no bytes are one.
  return bytes ?? payload;
}
