import { type EnqueueResponse, momentText, permits } from "@hikyaku/contract";
import { type EnqueuedTask, type EnqueueOptions, isHikyakuError } from "hikyaku";
import type { OperationsContext } from "../context.ts";
import { presentMoment } from "../presenters/moment.ts";
import { RequestProblem } from "../problems/request-problem.ts";
import type { FoundDefinition } from "./definitions.ts";
import { type GivenTask, refusalOfGiven } from "./given-task.ts";
import { idOfKey, isSamePayload, KEY_RETENTION_MS } from "./idempotency.ts";
import { secondsOfPrefer, WAITED_RETENTION_MS, waitForEnd } from "./wait-for-end.ts";

/** The headers that enqueueing one task reads. */
export interface EnqueueWishes {
  readonly "idempotency-key"?: string | undefined;
  readonly prefer?: string | undefined;
}

/** A task that was there before. */
interface ExistingTask {
  readonly queue: string;
  readonly id: string;
}

/**
 * Enqueues one task, and answers for it.
 * @throws RequestProblem for what can't be enqueued; HikyakuError as `Client.enqueue`, but not for one that is there.
 */
export async function enqueueOne(
  context: OperationsContext,
  task: GivenTask,
  wishes: EnqueueWishes,
  checked: FoundDefinition["checked"],
) {
  const key = wishes["idempotency-key"];
  const seconds = secondsOfPrefer(wishes.prefer);
  const options = optionsFor(task, key, seconds);
  const { definition, payload } = task;
  let enqueued: EnqueuedTask;
  try {
    enqueued = await context.client.enqueue(definition, payload, options);
  } catch (error) {
    const existing = existingOf(error);
    if (existing === undefined) throw refusalOfGiven(error, "body");
    const ownId = key === undefined ? undefined : options.taskId;
    return answerForExisting(context, task, existing, { ownId, seconds, checked });
  }
  const { id, type, queue, state, dueAt } = enqueued;
  const finished = seconds === undefined ? null : await waitForEnd(context, enqueued, seconds);
  const body: EnqueueResponse = {
    id,
    type,
    queue,
    created: true,
    checked,
    state: finished?.state ?? state,
    due_at: finished === null ? momentText(dueAt) : null,
    same: null,
    finished,
  };
  const status = seconds === undefined ? 201 : finished === null ? 202 : 200;
  return { status, body, headers: { Location: locationOf(enqueued), "Preference-Applied": applied(seconds) } } as const;
}

function optionsFor(
  { definition, options }: GivenTask,
  key: string | undefined,
  seconds: number | undefined,
): EnqueueOptions {
  const { retention, queue, taskId } = options;
  if (seconds !== undefined && typeof retention === "string" && !/[1-9]/.test(retention)) {
    const message = "expected more than 0 where somebody waits for the result";
    throw new RequestProblem("invalid_option", `retention: ${message}; nothing was enqueued.`, {
      errors: [{ location: "body.retention", message, value: retention }],
    });
  }
  const { retentionMs, queue: defaultQueue } = definition.defaults;
  const waited = seconds !== undefined && retentionMs === 0 ? WAITED_RETENTION_MS : 0;
  const kept = Math.max(retentionMs, key === undefined ? waited : KEY_RETENTION_MS);
  const withRetention = { ...options, retention: retention ?? { ms: kept } };
  if (key === undefined) return withRetention;
  if (taskId !== undefined) {
    const message = "expected no id beside an Idempotency-Key, which makes one";
    throw new RequestProblem("invalid_option", `${message}; nothing was enqueued.`, {
      errors: [{ location: "body.id", message }],
    });
  }
  const id = idOfKey(key, definition.type, typeof queue === "string" ? queue : defaultQueue);
  return { ...withRetention, taskId: id };
}

/** The task that is in the way of a new one. */
export function existingOf(error: unknown): ExistingTask | undefined {
  if (!isHikyakuError(error, "task_exists") && !isHikyakuError(error, "task_id_taken")) return undefined;
  const { queue, taskId } = error.facts;
  return queue === undefined || taskId === undefined ? undefined : { queue, id: taskId };
}

/** `ownId`: the id that the key of this request stands for. */
async function answerForExisting(
  context: OperationsContext,
  task: GivenTask,
  existing: ExistingTask,
  { ownId, seconds, checked }: { ownId: string | undefined; seconds: number | undefined; checked: boolean },
) {
  const { type } = task.definition;
  // Otherwise an equal unique task is in the way, which another request has enqueued.
  const replayed = existing.id === ownId;
  // Whoever may only enqueue learns nothing of tasks but those that it sends again.
  const mayLook = replayed || permits(context.identity?.scopes ?? [], "read");
  const [entry] = mayLook ? await context.broker.get(existing.queue, [existing.id]) : [];
  const stored = entry?.unreadable === undefined ? entry : undefined;
  const same =
    stored === undefined ? null : stored.message.type === type && isSamePayload(task, stored.message.payload);
  if (replayed && same === false) {
    throw new RequestProblem(
      "idempotency_conflict",
      "This Idempotency-Key was used for a task with another payload; nothing was enqueued. Use a key of its own for each task.",
      { members: { queue: existing.queue, task_id: existing.id } },
    );
  }
  const waits = seconds !== undefined && stored !== undefined;
  const finished = waits ? await waitForEnd(context, { ...existing, type: stored.message.type }, seconds) : null;
  const body: EnqueueResponse = {
    ...existing,
    type: stored?.message.type ?? type,
    created: false,
    checked,
    state: finished?.state ?? entry?.state ?? null,
    due_at: finished === null ? presentMoment(stored?.dueAt) : null,
    same,
    finished,
  };
  return {
    status: 200,
    body,
    headers: {
      Location: locationOf(existing),
      "Idempotency-Replayed": replayed ? "true" : undefined,
      "Preference-Applied": waits ? applied(seconds) : undefined,
    },
  } as const;
}

function applied(seconds: number | undefined): string | undefined {
  return seconds === undefined ? undefined : `wait=${seconds}`;
}

/** Relative to the address of the request, which lies two steps below the API's, wherever that is mounted. */
function locationOf({ queue, id }: ExistingTask): string {
  return `../../tasks/${encodeURIComponent(queue)}/${encodeURIComponent(id)}`;
}
