import type { Endpoint } from "@hikyaku/contract";
import { RequestProblem } from "../problems/request-problem.ts";
import type { Identity } from "./request-head.ts";

/** Whether the caller may use this queue. One that is limited to no queues may use all. */
export function mayUseQueue(identity: Identity | undefined, queue: string): boolean {
  const { queues } = identity ?? {};
  if (queues === undefined) return true;
  return queues.some((name) => (name.endsWith("*") ? queue.startsWith(name.slice(0, -1)) : queue === name));
}

/** @throws RequestProblem `forbidden`, whether there is such a queue or not. */
export function insistOnQueue(identity: Identity | undefined, queue: string): void {
  if (mayUseQueue(identity, queue)) return;
  throw new RequestProblem("forbidden", `This credential is for other queues: ${identity?.queues?.join(", ")}.`);
}

/**
 * Keeps a caller to its queues. An endpoint that names no queue is closed to callers with some queues only, unless it
 * says that its handler keeps them to these.
 * @throws RequestProblem `forbidden`.
 */
export function insistOnQueues(
  identity: Identity | undefined,
  endpoint: Endpoint,
  { params, query }: { readonly params: unknown; readonly query: unknown },
): void {
  if (identity?.queues === undefined) return;
  // A parameter that the endpoint does not read says nothing of what it is about.
  const named = [
    ...("queue" in (endpoint.params?.shape ?? {}) ? queuesOf(params) : []),
    ...("queue" in (endpoint.query?.shape ?? {}) ? queuesOf(query) : []),
  ];
  for (const queue of named) insistOnQueue(identity, queue);
  if (named.length > 0 || endpoint.keepsToQueues === true) return;
  throw new RequestProblem(
    "forbidden",
    `This credential is for some queues only (${identity.queues.join(", ")}), and this is about all of them; name one ` +
      "of them where the address or the query can.",
  );
}

function queuesOf(part: unknown): readonly string[] {
  if (typeof part !== "object" || part === null || !("queue" in part)) return [];
  return [part.queue].flat().map(String);
}
