import { type EnqueueGiven, momentText, type scheduleEndpoints } from "@hikyaku/contract";
import { type EnqueueRequest, isHikyakuError, type ScheduleEntry, type ScheduleOptions, Schedules } from "hikyaku";
import type { OperationsContext } from "../context.ts";
import { pageByName } from "../cursor.ts";
import { anyType } from "../enqueue/definitions.ts";
import { givenTask, refusalOfGiven } from "../enqueue/given-task.ts";
import { maskedOptions } from "../presenters/mask.ts";
import { presentMoment } from "../presenters/moment.ts";
import { type AnnouncedTurns, announcedTurns, presentSchedule } from "../presenters/schedule.ts";
import { RequestProblem } from "../problems/request-problem.ts";
import type { HandlersOf } from "../route.ts";

type Given = EnqueueGiven & { readonly type: string };

export const scheduleHandlers = {
  listSchedules: async (context, { query }) => {
    const [entries, turns] = await Promise.all([schedulesOf(context).list(), turnsOf(context)]);
    const { items, next } = pageByName(entries, ({ id }) => id, query);
    return {
      status: 200,
      body: { schedules: items.map((entry) => presentSchedule(entry, turns, context.mask)), next },
    };
  },
  addSchedule: async (context, { body }) => {
    const { id, spec } = body;
    const request = requestOf(context, body.task);
    const entry = await checked(() => schedulesOf(context).add(id, spec, request, optionsOf(body)));
    const { body: shown, headers } = await answerWith(context, entry);
    return { status: 201, body: shown, headers: { ...headers, Location: `schedules/${encodeURIComponent(id)}` } };
  },
  getSchedule: async (context, { params }) => {
    const entry = await schedulesOf(context).get(params.id);
    return { status: 200, ...(await answerWith(context, entry)) };
  },
  upsertSchedule: async (context, { params, body }) => {
    const request = requestOf(context, body.task);
    const entry = await checked(() => schedulesOf(context).upsert(params.id, body.spec, request, optionsOf(body)));
    return { status: 200, ...(await answerWith(context, entry)) };
  },
  changeSchedule: async (context, { params, headers, body }) => {
    const { spec, task } = body;
    const revision = revisionOf(headers["if-match"]);
    const changes = {
      ...optionsOf(body),
      ...(spec !== undefined && { spec }),
      ...(task !== undefined && { request: requestOf(context, task) }),
      ...(revision !== undefined && { revision }),
    };
    const entry = await checked(() => schedulesOf(context).change(params.id, changes)).catch((error: unknown) => {
      if (revision === undefined || !isHikyakuError(error, "wrong_state")) throw error;
      throw new RequestProblem("precondition_failed", error.message);
    });
    return { status: 200, ...(await answerWith(context, entry)) };
  },
  removeSchedule: async (context, { params: { id } }) => {
    await schedulesOf(context).remove(id);
    return { status: 200, body: { id } };
  },
  pauseSchedule: async (context, { params }) => {
    const entry = await schedulesOf(context).pause(params.id);
    return { status: 200, ...(await answerWith(context, entry)) };
  },
  resumeSchedule: async (context, { params }) => {
    const entry = await schedulesOf(context).resume(params.id);
    return { status: 200, ...(await answerWith(context, entry)) };
  },
  runSchedule: async (context, { params }) => {
    const { id, type, queue, state, dueAt } = await schedulesOf(context).runNow(params.id);
    return { status: 201, body: { task_id: id, type, queue, state, due_at: momentText(dueAt) } };
  },
  listScheduleTurns: async (context, { params: { id }, query: { limit, cursor } }) => {
    const schedules = schedulesOf(context);
    await schedules.get(id);
    const page = { limit, ...(cursor !== undefined && { cursor }) };
    const { events, nextCursor } = await schedules.history(id, page);
    const turns = events.map(({ taskId, at }) => ({ task_id: taskId, at: momentText(at) }));
    return { status: 200, body: { turns, next: nextCursor ?? null } };
  },
  listSchedulerEntries: async ({ broker, mask, signal }, { query }) => {
    const records = (await broker.scheduleRecords({ signal })).map((record) => ({
      id: record.entryId,
      scheduler_id: record.schedulerId,
      spec: record.spec,
      type: record.taskType,
      options: maskedOptions(record.options, mask),
      next_at: presentMoment(record.nextAt),
      previous_at: presentMoment(record.previousAt),
    }));
    const nameOf = (entry: (typeof records)[number]): string => `${entry.scheduler_id} ${entry.id}`;
    const sorted = records.sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
    const { items, next } = pageByName(sorted, nameOf, query);
    return { status: 200, body: { entries: [...items], next } };
  },
} satisfies HandlersOf<typeof scheduleEndpoints>;

function schedulesOf({ broker }: OperationsContext): Schedules {
  return new Schedules({ broker });
}

async function turnsOf({ broker, signal }: OperationsContext): Promise<AnnouncedTurns> {
  return announcedTurns(await broker.scheduleRecords({ signal }));
}

async function answerWith(context: OperationsContext, entry: ScheduleEntry) {
  return {
    body: presentSchedule(entry, await turnsOf(context), context.mask),
    headers: { ETag: `"${entry.revision}"` },
  };
}

function requestOf(context: OperationsContext, given: Given): EnqueueRequest {
  const { definition } = anyType(context, given.type, "body.task");
  const { payload, options } = givenTask(definition, given, "body.task");
  return { task: definition, payload, options };
}

function optionsOf(body: {
  readonly time_zone?: string | undefined;
  readonly catch_up?: ScheduleOptions["catchUp"] | undefined;
}): ScheduleOptions {
  return {
    ...(body.time_zone !== undefined && { timeZone: body.time_zone }),
    ...(body.catch_up !== undefined && { catchUp: body.catch_up }),
  };
}

/** With the places in the body of what does not fit. */
function checked<Result>(change: () => Promise<Result>): Promise<Result> {
  return change().catch((error: unknown) => {
    throw refusalOfGiven(error, "body.task");
  });
}

/** `*`: whatever revision it has. */
function revisionOf(ifMatch: string | undefined): number | undefined {
  return ifMatch === undefined || ifMatch === "*" ? undefined : Number(ifMatch.slice(1, -1));
}
