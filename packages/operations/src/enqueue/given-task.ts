import type { EnqueueGiven, ProblemError } from "@hikyaku/contract";
import { type Duration, type EnqueueOptions, type HikyakuError, isHikyakuError, type TaskDefinition } from "hikyaku";
import { RequestProblem } from "../problems/request-problem.ts";

/** A task as a caller gives it, ready for the client. */
export interface GivenTask {
  readonly definition: TaskDefinition;
  readonly payload: unknown;
  readonly options: EnqueueOptions;
}

/** The names of options in a body, by the library's. */
const bodyNames: Readonly<Record<string, string>> = {
  queue: "queue",
  taskId: "id",
  in: "delay",
  at: "due_at",
  maxRetry: "max_retry",
  timeout: "timeout",
  deadline: "deadline_at",
  retention: "retention",
  uniqueFor: "unique_for",
  group: "group",
  shardKey: "shard_key",
  headers: "headers",
} satisfies Record<keyof EnqueueOptions, string>;

/**
 * @throws RequestProblem `invalid_option` for fields that do not go together. `place` is where the body has the task.
 */
export function givenTask(definition: TaskDefinition, given: EnqueueGiven, place: string): GivenTask {
  const { payload, payload_base64: base64 } = given;
  if (base64 !== undefined && payload !== undefined) {
    throw refused(place, "payload_base64", 'expected "payload" or "payload_base64", got both');
  }
  if (given.delay !== undefined && given.due_at !== undefined) {
    throw refused(place, "due_at", 'expected "delay" or "due_at", got both');
  }
  return {
    definition,
    payload: base64 === undefined ? payload : Buffer.from(base64, "base64"),
    options: optionsOf(given),
  };
}

function optionsOf(given: EnqueueGiven): EnqueueOptions {
  return {
    ...(given.queue !== undefined && { queue: given.queue }),
    ...(given.id !== undefined && { taskId: given.id }),
    ...(given.delay !== undefined && { in: durationOf(given.delay) }),
    ...(given.due_at !== undefined && { at: new Date(given.due_at) }),
    ...(given.max_retry !== undefined && { maxRetry: given.max_retry }),
    ...(given.timeout !== undefined && { timeout: durationOf(given.timeout) }),
    ...(given.deadline_at !== undefined && { deadline: new Date(given.deadline_at) }),
    ...(given.retention !== undefined && { retention: durationOf(given.retention) }),
    ...(given.unique_for !== undefined && { uniqueFor: durationOf(given.unique_for) }),
    ...(given.group !== undefined && { group: given.group }),
    ...(given.shard_key !== undefined && { shardKey: given.shard_key }),
    ...(given.headers !== undefined && { headers: given.headers }),
  };
}

/** The contract has checked its form. */
function durationOf(text: string): Duration {
  return text as Duration;
}

function refused(place: string, name: string, message: string): RequestProblem {
  return new RequestProblem("invalid_option", `${message}; nothing was enqueued.`, {
    errors: [{ location: `${place}.${name}`, message }],
  });
}

/** The library's refusal of what a caller gave, with the places in its body. Any other error as it is. */
export function refusalOfGiven(error: unknown, place: string): unknown {
  if (isHikyakuError(error, "invalid_payload")) {
    return new RequestProblem("invalid_payload", error.message, { errors: payloadErrors(error, place) });
  }
  if (isHikyakuError(error, "invalid_option")) {
    const [, option = ""] = /^option "(\w+)/.exec(error.message) ?? [];
    const name = Object.hasOwn(bodyNames, option) ? bodyNames[option] : undefined;
    if (name === undefined) return error;
    return new RequestProblem("invalid_option", error.message, {
      errors: [{ location: `${place}.${name}`, message: error.message.replace(/^option "[^"]*": /, "") }],
    });
  }
  return error;
}

function payloadErrors({ issues }: HikyakuError, place: string): ProblemError[] {
  return issues.slice(0, 20).map(({ path, message }) => ({
    location: [place, "payload", ...path.map(String)].join(".").slice(0, 500),
    message: message.slice(0, 500),
  }));
}
