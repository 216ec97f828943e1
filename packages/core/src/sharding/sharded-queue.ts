import { type ClaimPolicy, openPolicy } from "../broker/claim-policy.ts";
import { checkedQueue } from "../checked-name.ts";
import { HikyakuError } from "../errors.ts";
import { refuseUnknownOptions, shown } from "../option-names.ts";
import { shardOf } from "./shard-of.ts";

/** How the tasks of one shard follow each other: see `ShardedQueueOptions.ordered`. */
export type ShardOrder = "strict" | "loose";

export interface ShardedQueueOptions {
  /** Over how many queues the tasks are spread, 1 to 256. Growing it later takes care: see `docs/scaling.md`. */
  readonly shards: number;
  /**
   * Runs one task of a shard at a time over all servers, in the order in which they became pending. Each task then
   * needs a shard key. After a failure, `"strict"` runs nothing of the shard until that task has succeeded or was
   * archived. `"loose"` lets the task wait for its retry, and then puts it behind the others. Default: no order, and
   * any number at a time.
   */
  readonly ordered?: ShardOrder;
}

/**
 * One queue for those who enqueue, several in the store. `shardedQueue` makes it; it must be the same in all programs.
 */
export class ShardedQueue {
  readonly name: string;
  /** The queues in the store, by shard: `<name>:0` and so on. */
  readonly queues: readonly string[];
  /** Undefined when the tasks have no order. */
  readonly ordered: ShardOrder | undefined;

  constructor(name: string, { shards, ordered }: ShardedQueueOptions) {
    this.name = name;
    this.queues = Object.freeze(Array.from({ length: shards }, (_, shard) => `${name}:${shard}`));
    this.ordered = ordered;
    Object.freeze(this);
  }

  /** How many queues there are. */
  get shards(): number {
    return this.queues.length;
  }

  /** The store's queue for tasks with this shard key. Also for a task that was given this id and no key. */
  queueOf(key: string): string {
    return this.queues[shardOf(key, this.shards)] ?? this.name;
  }
}

/** By which policy claims take from the shards. */
export function policyOfShards({ ordered }: ShardedQueue): ClaimPolicy {
  return ordered === undefined ? openPolicy : { kind: "ordered", discipline: ordered };
}

/** Each shard costs every server that works on it a connection and some commands, even when it is idle. */
const mostShards = 256;
const optionNames: ReadonlySet<string> = new Set<keyof ShardedQueueOptions>(["shards", "ordered"]);

/**
 * A queue that is spread over several, so that a Redis Cluster can carry it on several nodes, or so that tasks with the
 * same key keep their order. For the option `queue` of tasks and `shardedQueues` of servers.
 * @throws HikyakuError `invalid_option`.
 */
export function shardedQueue(name: string, options: ShardedQueueOptions): ShardedQueue {
  refuseUnknownOptions("shardedQueue", options, optionNames);
  const { shards, ordered } = options;
  if (!Number.isInteger(shards) || shards < 1 || shards > mostShards) {
    throw new HikyakuError(
      "invalid_option",
      `option "shards": expected a whole number from 1 to ${mostShards}, got ${shown(shards)}`,
    );
  }
  if (ordered !== undefined && ordered !== "strict" && ordered !== "loose") {
    throw new HikyakuError(
      "invalid_option",
      `option "ordered": expected "strict" or "loose", got ${shown(ordered)}; leave it out for no order`,
    );
  }
  checkedQueue("name", `${checkedQueue("name", name)}:${shards - 1}`);
  return new ShardedQueue(name, options);
}
