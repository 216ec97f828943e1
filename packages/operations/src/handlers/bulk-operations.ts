import type { BulkAction, bulkOperationEndpoints } from "@hikyaku/contract";
import { mayUseQueue } from "../access/queue-limits.ts";
import type { Identity } from "../access/request-head.ts";
import { dryRun } from "../bulk/dry-run.ts";
import type { KeptOperation, OutcomePlace } from "../bulk/operation-store.ts";
import { filterOf, type StoredRequest, type TaskConditionsGiven } from "../bulk/stored-operation.ts";
import { walkedStates } from "../bulk/task-walk.ts";
import type { OperationsContext } from "../context.ts";
import { cursorAfter, nameOfCursor, wrongCursor } from "../cursor.ts";
import { presentBulkOperation } from "../presenters/bulk-operation.ts";
import { presentTaskSummary } from "../presenters/task.ts";
import { RequestProblem } from "../problems/request-problem.ts";
import type { HandlersOf } from "../route.ts";
import { conditionsOf, insistOnSight, placesOf } from "../task-search.ts";

export const bulkOperationHandlers = {
  createOperation: async (context, { body }) => {
    const { inspector, bulk, identity, mask, who, signal } = context;
    const { action, reason } = body;
    const request: StoredRequest = {
      ...(body.tasks !== undefined && { tasks: body.tasks.map(({ queue, id }) => [queue, id] as [string, string]) }),
      // Moments become texts, as they came.
      ...(body.filter !== undefined && { filter: JSON.parse(JSON.stringify(body.filter)) }),
    };
    insistOnAll(identity, request);
    if (body.filter !== undefined) {
      insistOnSight(mask, body.filter);
      const states = walkedStates(action, body.filter);
      if (states === undefined) throw wrongStates(action, body.filter);
      // Says of a filter that can't be what is wrong with it, before anything is kept.
      await inspector.search({ ...conditionsOf(body.filter), ...placesOf(body.filter), states, limit: 1 }, { signal });
    }
    if (body.dry_run) {
      const { sample, ...found } = await dryRun(inspector, action, request, signal);
      return { status: 200, body: { dry_run: true, ...found, sample: sample.map((task) => presentTaskSummary(task)) } };
    }
    const kept = await bulk.begin({ action, request, reason, who: identity?.name ?? who });
    context.tellChange({ after: { operation: kept.id } });
    return { status: 202, body: presentBulkOperation(kept, mask), headers: { Location: `operations/${kept.id}` } };
  },
  listOperations: async ({ bulk, identity, mask }, { query }) => {
    const cursor = query.cursor === undefined ? undefined : nameOfCursor(query.cursor);
    const { operations, next } = await bulk.list(query.limit, cursor);
    const own = operations.filter(({ request }) => mayUseAll(identity, request));
    const shown = own.map((kept) => presentBulkOperation(kept, mask));
    return { status: 200, body: { operations: shown, next: next === undefined ? null : cursorAfter(next) } };
  },
  getOperation: async (context, { params }) => ({
    status: 200,
    body: presentBulkOperation(await operationOf(context, params.id), context.mask),
  }),
  listOperationOutcomes: async (context, { params: { id }, query: { limit, cursor } }) => {
    const kept = await operationOf(context, id);
    const from = cursor === undefined ? { slice: 0, index: 0 } : placeOf(cursor);
    const { outcomes, next } = await context.bulk.outcomes(id, limit, from);
    return {
      status: 200,
      body: {
        outcomes,
        next: next === undefined ? null : cursorAfter(`${next.slice}:${next.index}`),
        not_kept: presentBulkOperation(kept, context.mask).outcomes_not_kept,
      },
    };
  },
  abortOperation: async (context, { params: { id } }) => {
    const before = await operationOf(context, id);
    const kept = await context.bulk.abort(id);
    if (kept === undefined) throw missing(id);
    context.tellChange({ before: { state: before.operation.state }, after: { state: kept.operation.state } });
    return { status: 200, body: presentBulkOperation(kept, context.mask) };
  },
} satisfies HandlersOf<typeof bulkOperationEndpoints>;

/** Whoever may not use all of its queues is told nothing of it. */
async function operationOf({ bulk, identity }: OperationsContext, id: string): Promise<KeptOperation> {
  const kept = await bulk.get(id);
  if (kept === undefined || !mayUseAll(identity, kept.request)) throw missing(id);
  return kept;
}

function missing(id: string): RequestProblem {
  return new RequestProblem("not_found", `There is no operation ${id}; one that has ended is kept for seven days.`);
}

/** Whether the caller may use each queue that it is about. */
function mayUseAll(identity: Identity | undefined, request: StoredRequest): boolean {
  if (identity?.queues === undefined) return true;
  const queues = request.tasks?.map(([queue]) => queue) ?? filterOf(request)?.queue;
  return queues?.every((queue) => mayUseQueue(identity, queue)) ?? false;
}

/** @throws RequestProblem `forbidden`. */
function insistOnAll(identity: Identity | undefined, request: StoredRequest): void {
  if (mayUseAll(identity, request)) return;
  const own = identity?.queues?.join(", ");
  throw new RequestProblem(
    "forbidden",
    `This credential is for some queues only (${own}): name these in tasks or filter.`,
  );
}

function wrongStates(action: BulkAction, { state }: TaskConditionsGiven): RequestProblem {
  const all = walkedStates(action, {}) ?? [];
  const message = `expected states from which "${action}" takes tasks, such as ${all.join(", ")}`;
  return new RequestProblem("invalid_option", `filter.state: ${message}; nothing was begun.`, {
    errors: [{ location: "body.filter.state", message, value: state }],
  });
}

/** @throws RequestProblem `invalid_query`. */
function placeOf(cursor: string): OutcomePlace {
  const [, slice, index] = /^(\d{1,9}):(\d{1,9})$/.exec(nameOfCursor(cursor)) ?? [];
  if (slice === undefined || index === undefined) throw wrongCursor(cursor);
  return { slice: Number(slice), index: Number(index) };
}
