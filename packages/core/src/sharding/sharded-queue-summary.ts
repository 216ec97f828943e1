import type { InspectFacet } from "../broker/inspect-facet.ts";
import type { PolicyFacet } from "../broker/policy-facet.ts";
import type { TaskState } from "../broker/task-message.ts";
import { HikyakuError } from "../errors.ts";
import type { Inspector } from "../inspector/inspector.ts";
import type { QueueSummary } from "../inspector/queue-info.ts";
import { shown } from "../option-names.ts";
import { policyOfShards, ShardedQueue } from "./sharded-queue.ts";
import { strayQueues } from "./stray-queues.ts";

/** A sharded queue at about one moment: its shards are read one after the other. */
export interface ShardedQueueSummary
  extends Omit<QueueSummary, "paused" | "pause" | "policy" | "latencyMs" | "overdueMs"> {
  /**
   * `some`: the shards differ, which `pauseShards` never leaves. Counts the shards below; `none` when there are none.
   */
  readonly paused: "none" | "some" | "all";
  /** The longest of the shards. */
  readonly latencyMs: number;
  /** The longest of the shards. */
  readonly overdueMs: number;
  /** The shards that ever had a task, in order. If their numbers differ much, so do the keys. */
  readonly shards: readonly QueueSummary[];
  /**
   * Queues with this queue's name, or with the name of a shard that it does not have. No worker of it sees their tasks.
   */
  readonly stray: readonly string[];
}

/** The numbers of all shards together. A queue that never had a task is all zeros. */
export async function shardedQueueSummary(
  inspector: Pick<Inspector, "queues">,
  queue: ShardedQueue,
): Promise<ShardedQueueSummary> {
  const names = shardsOf(queue);
  const stored = await inspector.queues();
  const byName = new Map(stored.map((summary) => [summary.queue, summary]));
  const shards = names.map((name) => byName.get(name)).filter((shard) => shard !== undefined);
  const sum = (number: (shard: QueueSummary) => number): number =>
    shards.reduce((total, shard) => total + number(shard), 0);
  const count = (state: TaskState): number => sum(({ counts }) => counts[state]);
  const pausedShards = sum(({ paused }) => Number(paused));
  return {
    queue: queue.name,
    paused: pausedShards === 0 ? "none" : pausedShards === shards.length ? "all" : "some",
    size: sum(({ size }) => size),
    counts: {
      pending: count("pending"),
      active: count("active"),
      scheduled: count("scheduled"),
      retry: count("retry"),
      archived: count("archived"),
      completed: count("completed"),
      aggregating: count("aggregating"),
    },
    processedToday: sum(({ processedToday }) => processedToday),
    processedTotal: sum(({ processedTotal }) => processedTotal),
    failedToday: sum(({ failedToday }) => failedToday),
    failedTotal: sum(({ failedTotal }) => failedTotal),
    latencyMs: Math.max(0, ...shards.map(({ latencyMs }) => latencyMs)),
    due: sum(({ due }) => due),
    overdueMs: Math.max(0, ...shards.map(({ overdueMs }) => overdueMs)),
    shards,
    stray: strayQueues(
      queue,
      stored.map((summary) => summary.queue),
    ),
  };
}

/**
 * Stops new claims from every shard, even from those without a task so far. Returns how many were not paused before.
 */
export async function pauseShards(broker: Pick<InspectFacet, "pause">, queue: ShardedQueue): Promise<number> {
  return changed(await Promise.all(shardsOf(queue).map((shard) => broker.pause(shard))));
}

/** Allows claims from every shard again. Returns how many were paused. */
export async function resumeShards(broker: Pick<InspectFacet, "resume">, queue: ShardedQueue): Promise<number> {
  return changed(await Promise.all(shardsOf(queue).map((shard) => broker.resume(shard))));
}

/**
 * Makes the order that `queue` has now the order of every shard, whatever the store said so far. Servers that were
 * declared with another order take nothing from the shards from then on. So call it when no such server runs any more.
 * Returns for how many shards the order was new.
 */
export async function changeShardOrder(broker: PolicyFacet, queue: ShardedQueue): Promise<number> {
  const shards = shardsOf(queue);
  const policy = policyOfShards(queue);
  const declare = (shard: string) => broker.declarePolicy({ queue: shard, policy, replace: true });
  const answers = await Promise.all(shards.map(declare));
  return answers.filter(({ kind }) => kind === "declared").length;
}

/** @throws HikyakuError `invalid_option`. */
function shardsOf(queue: unknown): readonly string[] {
  if (queue instanceof ShardedQueue) return queue.queues;
  throw new HikyakuError("invalid_option", `queue: expected what shardedQueue made, got ${shown(queue)}`);
}

function changed(answers: readonly ("changed" | "unchanged")[]): number {
  return answers.filter((answer) => answer === "changed").length;
}
