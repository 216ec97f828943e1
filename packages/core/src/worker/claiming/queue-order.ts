import type { ClaimPolicy } from "../../broker/claim-policy.ts";
import type { QueueClaim } from "../../broker/work-facet.ts";
import type { Random } from "../../runtime/backoff.ts";
import type { QueuePlan } from "./queue-plan.ts";

interface OrderedQueue {
  readonly queue: string;
  readonly priority: number;
  readonly weight: number;
  readonly policy: ClaimPolicy | undefined;
}

/**
 * In which order a claim asks the queues, and for how many tasks each.
 *
 * Strict: by priority, highest first, each for as many tasks as there is room. Otherwise each claim draws a new order:
 * - A queue's chance of being first is proportional to its priority.
 * - Every queue is asked, and the room is shared by priority. The last queue is offered all that the others left.
 * - The next claim asks a queue again that filled its share. So an empty or paused queue never holds room that another
 *   could use.
 *
 * Shards share the priority of their sharded queue, so it gets no more than its part. They take turns at being first.
 */
export class QueueOrder {
  readonly #queues: readonly OrderedQueue[];
  readonly #strict: boolean;
  readonly #hasShards: boolean;
  readonly #random: Random;

  constructor(
    priorities: Readonly<Record<string, number>>,
    strict: boolean,
    random: Random,
    { sharing, policies }: Pick<QueuePlan, "sharing" | "policies"> = { sharing: new Map(), policies: new Map() },
  ) {
    this.#queues = Object.entries(priorities)
      .map(([queue, priority]) => ({
        queue,
        priority,
        weight: priority / (sharing.get(queue) ?? 1),
        policy: policies.get(queue),
      }))
      .sort((one, other) => other.priority - one.priority);
    this.#strict = strict;
    this.#hasShards = sharing.size > 0;
    this.#random = random;
  }

  /** Shares `free` slots among the queues that `mayHaveWork`. */
  quotas(free: number, mayHaveWork: (queue: string) => boolean): readonly QueueClaim[] {
    const asked = this.#queues.filter(({ queue }) => mayHaveWork(queue));
    if (this.#strict || asked.length < 2) return this.#inTurn(asked).map((entry) => quotaOf(entry, free));
    const total = asked.reduce((sum, { weight }) => sum + weight, 0);
    return asked
      .map((entry) => ({ ...entry, key: -Math.log(1 - this.#random()) / entry.weight }))
      .sort((one, other) => one.key - other.key)
      .map((entry, index) =>
        quotaOf(entry, index === asked.length - 1 ? free : Math.max(1, Math.round((free * entry.weight) / total))),
      );
  }

  /**
   * By priority. Where there are shards, equal ones come in a new order each time: else the first would starve the
   * last.
   */
  #inTurn(asked: readonly OrderedQueue[]): readonly OrderedQueue[] {
    if (!this.#hasShards || asked.length < 2) return asked;
    return asked
      .map((entry) => ({ ...entry, key: this.#random() }))
      .sort((one, other) => other.priority - one.priority || one.key - other.key);
  }
}

/** An open queue is claimed from as the store says; only one in order must be so. */
function quotaOf({ queue, policy }: OrderedQueue, limit: number): QueueClaim {
  return policy?.kind === "ordered" ? { queue, limit: 1, expects: policy } : { queue, limit };
}
