import { type EnqueueGiven, type EnqueueOutcomeView, FittingItem, STATUS_OF_PROBLEM } from "@hikyaku/contract";
import type { EnqueueRequest, EnqueueResult } from "hikyaku";
import type * as z from "zod";
import type { OperationsContext } from "../context.ts";
import { checkedPart } from "../problems/input-problem.ts";
import { problemOf } from "../problems/problem-answer.ts";
import type { FoundDefinition } from "./definitions.ts";
import { existingOf } from "./enqueue-one.ts";
import { type GivenTask, refusalOfGiven } from "./given-task.ts";

/** What the store may take for all of them. */
const withinMs = 8_000;

/** Kinds of error after which surely nothing was stored, and which may be over soon. */
const passing: ReadonlySet<string> = new Set(["broker_unavailable", "store_rejected", "closed"]);
/** Kinds of error after which nobody knows, or the task is stored but not safe. */
const uncertain: ReadonlySet<string> = new Set(["answer_lost", "deadline_exceeded", "cancelled", "not_acknowledged"]);

export interface ManyTasks {
  readonly items: readonly unknown[];
  /** What each item has to fit. */
  readonly schema: z.ZodType<EnqueueGiven>;
  /** What to enqueue for an item that fits. @throws RequestProblem. */
  readonly taskOf: (given: EnqueueGiven, place: string) => GivenTask & Pick<FoundDefinition, "checked">;
}

/** Enqueues many tasks, and answers for each by itself. */
export async function enqueueMany(context: OperationsContext, { items, schema, taskOf }: ManyTasks) {
  const outcomes: EnqueueOutcomeView[] = new Array(items.length);
  const requests: EnqueueRequest[] = [];
  const places: number[] = [];
  let checked = true;
  for (const [index, item] of items.entries()) {
    const place = `body.items.${index}`;
    try {
      const given = item instanceof FittingItem ? item.given : checkedPart(schema, "body", item);
      const task = taskOf(given, place);
      checked &&= task.checked;
      requests.push(task.definition.with(task.payload, task.options));
      places.push(index);
    } catch (error) {
      outcomes[index] = refusedOutcome(error, place, false);
    }
  }
  const results = requests.length === 0 ? [] : await context.client.enqueueMany(requests, { within: { ms: withinMs } });
  for (const [position, result] of results.entries()) {
    const index = places[position] ?? 0;
    const hasId = requests[position]?.options?.taskId !== undefined;
    outcomes[index] = outcomeOf(result, `body.items.${index}`, hasId);
  }
  let [created, existing] = [0, 0];
  for (const { created: isNew, code } of outcomes) {
    if (isNew) created += 1;
    else if (code === null) existing += 1;
  }
  return { outcomes, created, existing, failed: outcomes.length - created - existing, checked };
}

function outcomeOf(result: EnqueueResult, place: string, hasId: boolean): EnqueueOutcomeView {
  if (result.ok) {
    const { id, queue } = result.task;
    return { status: 201, id, queue, created: true, code: null, detail: null, retryable: false };
  }
  const existing = existingOf(result.error);
  if (existing === undefined) return refusedOutcome(result.error, place, hasId);
  return { status: 200, ...existing, created: false, code: null, detail: null, retryable: false };
}

function refusedOutcome(error: unknown, place: string, hasId: boolean): EnqueueOutcomeView {
  const { code, detail, errors } = problemOf(refusalOfGiven(error, place));
  return {
    status: STATUS_OF_PROBLEM[code],
    id: null,
    queue: null,
    created: false,
    code,
    detail,
    retryable: passing.has(code) || (hasId && uncertain.has(code)),
    ...(errors !== undefined && { errors: errors.map((one) => ({ ...one, location: placed(one.location, place) })) }),
  };
}

/** An item that does not fit was checked as if it were the whole body. */
function placed(location: string, place: string): string {
  return location.startsWith(place) ? location : location.replace(/^body/, place);
}
