import type { ClaimPolicy } from "../../broker/claim-policy.ts";
import { HikyakuError } from "../../errors.ts";
import { refuseUnknownOptions, shown } from "../../option-names.ts";
import { policyOfShards, ShardedQueue } from "../../sharding/sharded-queue.ts";

/** Some shards of a sharded queue, by number from 0, for a server that leaves the others to other servers. */
export interface ShardSelection {
  readonly queue: ShardedQueue;
  readonly shards: readonly number[];
}

/** What a server's queues are in the store. */
export interface QueuePlan {
  /** Every queue of the store that the server works on, with its priority. A shard has its sharded queue's priority. */
  readonly queues: Readonly<Record<string, number>>;
  /** How many shards share a shard's priority, itself included. Only shards are in here. */
  readonly sharing: ReadonlyMap<string, number>;
  /** By which policy claims are to take from the shards. Other queues are not in here: the store alone knows theirs. */
  readonly policies: ReadonlyMap<string, ClaimPolicy>;
  /** The sharded queues. */
  readonly sharded: readonly ShardedQueue[];
  /** The queues of the store behind a name of the option `queues`. */
  behind(name: string): readonly string[];
}

const selectionNames: ReadonlySet<string> = new Set<keyof ShardSelection>(["queue", "shards"]);

/**
 * Replaces the names of sharded queues by their shards.
 * @throws HikyakuError `invalid_option`.
 */
export function planQueues(
  queues: Readonly<Record<string, number>>,
  shardedQueues: readonly (ShardedQueue | ShardSelection)[],
): QueuePlan {
  if (!Array.isArray(shardedQueues)) throw invalid("an array of what shardedQueue made", shown(shardedQueues));
  const shardsOf = new Map<string, readonly string[]>();
  const policies = new Map<string, ClaimPolicy>();
  const sharing = new Map<string, number>();
  const sharded: ShardedQueue[] = [];
  for (const entry of shardedQueues) {
    const { queue, shards } = selectionOf(entry);
    if (!Object.hasOwn(queues, queue.name)) {
      throw invalid(`"${queue.name}" to be in the option "queues" with its priority`, Object.keys(queues).join(", "));
    }
    if (shardsOf.has(queue.name)) throw invalid("each queue once", `"${queue.name}" twice`);
    shardsOf.set(queue.name, shards);
    sharded.push(queue);
    for (const shard of shards) {
      sharing.set(shard, shards.length);
      policies.set(shard, policyOfShards(queue));
    }
  }
  const planned = new Map<string, number>();
  for (const [name, priority] of Object.entries(queues)) {
    for (const queue of shardsOf.get(name) ?? [name]) {
      if (planned.has(queue)) throw invalid(`"${queue}" to be named once`, "it as a queue and as a shard");
      planned.set(queue, priority);
    }
  }
  return {
    queues: Object.freeze(Object.fromEntries(planned)),
    sharing,
    policies,
    sharded,
    behind: (name) => shardsOf.get(name) ?? [name],
  };
}

function selectionOf(entry: unknown): { readonly queue: ShardedQueue; readonly shards: readonly string[] } {
  if (entry instanceof ShardedQueue) return { queue: entry, shards: entry.queues };
  refuseUnknownOptions("shardedQueues", entry, selectionNames);
  const { queue, shards } = entry as Partial<ShardSelection>;
  if (!(queue instanceof ShardedQueue)) throw invalid("what shardedQueue made", shown(queue));
  if (!Array.isArray(shards) || shards.length === 0 || new Set(shards).size < shards.length) {
    throw invalid(`different shards of "${queue.name}", by number`, shown(shards));
  }
  const names = shards.map((shard: unknown) => (typeof shard === "number" ? queue.queues[shard] : undefined));
  const known = names.filter((name) => name !== undefined);
  if (known.length === names.length) return { queue, shards: known };
  throw invalid(`shards of "${queue.name}" from 0 to ${queue.shards - 1}`, shown(shards));
}

function invalid(expected: string, got: string): HikyakuError {
  return new HikyakuError("invalid_option", `option "shardedQueues": expected ${expected}, got ${got}`);
}
