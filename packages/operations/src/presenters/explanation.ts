import type { ExplainQueueResponse, ExplainTaskResponse } from "@hikyaku/contract";
import type { QueueReason, TaskReason } from "hikyaku";
import { type Presented, presentFacts } from "./facts.ts";

/** Why a task is where it is. */
export function presentTaskReason({ task, why, sentence }: TaskReason): ExplainTaskResponse {
  const facts: Presented<typeof why> = presentFacts(why);
  return { queue: task.queue, id: task.id, state: task.state ?? null, why: facts, sentence };
}

/** Why nothing moves in a queue, or that it does. */
export function presentQueueReason({ queue: { queue }, why, sentence }: QueueReason): ExplainQueueResponse {
  const facts: Presented<typeof why> = presentFacts(why);
  return { queue, why: facts, sentence };
}
