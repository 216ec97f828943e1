import type { QueueNumbers, TaskEntry } from "../broker/inspect-facet.ts";
import { dateOf } from "../date-of.ts";
import { handles, queueTakers, serversOf, unhandledTypes } from "../live-takers.ts";
import type { QueueWhy, Waiting } from "./why.ts";
import {
  obstacleFor,
  orderHolder,
  pauseInfo,
  type QueueFacts,
  serverPlace,
  silentHandlers,
  slotsOf,
  unknownPolicy,
} from "./why-task.ts";

/** The same, and the first tasks in line. */
export interface LineFacts extends QueueFacts {
  readonly numbers: QueueNumbers;
  readonly first: readonly TaskEntry[];
}

/** Says why nothing moves in a queue, or that it does, from the facts alone. */
export function whyQueue(facts: LineFacts): QueueWhy {
  const { numbers, standing, now } = facts;
  const { counts, due } = numbers;
  const waiting: Waiting = {
    pending: counts.pending,
    due,
    scheduled: counts.scheduled,
    retry: counts.retry,
    aggregating: counts.aggregating,
    active: counts.active,
  };
  if (counts.pending + due > 0) return { waiting, ...heldUp(facts) };
  if (counts.active > 0) return { waiting, code: "running" };
  const next = [standing.nextScheduled, standing.nextRetry].flatMap((task) => task?.dueAt ?? []);
  if (next.length > 0) {
    const nextDueAt = dateOf(Math.max(now, Math.min(...next)));
    return { waiting, code: "not_due", nextDueAt, obstacle: obstacleFor(numbers, facts.servers) };
  }
  return { waiting, code: counts.aggregating > 0 ? "collected" : "empty" };
}

type Held = QueueWhy extends infer Why ? (Why extends unknown ? Omit<Why, "waiting"> : never) : never;

/** What stands in the way first of what is due. */
function heldUp(facts: LineFacts): Extract<Held, { code: string }> {
  const { numbers, servers, silent, first, startedPerMinute } = facts;
  const { queue, latencyMs, overdueMs } = numbers;
  const waitingMs = Math.max(latencyMs, overdueMs);
  const here = serversOf(queue, servers);
  const takers = queueTakers(queue, servers);
  if (numbers.paused) return { code: "queue_paused", pause: pauseInfo(facts) };
  if (here.length === 0) return { code: "no_worker", waitingMs, silent: silentHandlers({ queue }, silent) };
  if (takers.length === 0) return { code: "workers_quiet", servers: here.map(serverPlace) };
  const types = unhandledTypes(first, takers);
  const isHandled = first.some(
    (entry) => entry.unreadable !== undefined || takers.some((one) => handles(one, entry.message.type)),
  );
  if (types.size > 0 && !isHandled) {
    return {
      code: "types_not_handled",
      types: [...types].map(([type, tasks]) => ({ type, tasks })),
      looked: first.length,
      servers: here.map(serverPlace),
    };
  }
  const policy = unknownPolicy(facts);
  if (policy !== undefined) return { code: "policy_unknown", policy };
  const holder = orderHolder(facts);
  if (holder !== undefined) return { code: "order_held", holder };
  if (takers.every(({ activeWorkers, concurrency }) => activeWorkers >= concurrency)) {
    return { code: "workers_busy", takers: takers.length, slots: slotsOf(takers), waitingMs, startedPerMinute };
  }
  return { code: "moving", takers: takers.length, waitingMs, startedPerMinute };
}
