import type { Random } from "./backoff.ts";

/** How many tasks may be taken from one queue in one claim. */
export interface QueueQuota {
  readonly queue: string;
  readonly limit: number;
}

/**
 * In which order a claim asks the queues, and for how many tasks each.
 *
 * Strict: highest priority first, each for as many as there is room. Otherwise the order is drawn anew for each claim:
 * a queue's chance of being first is proportional to its priority, every queue is asked, and the room is shared by
 * priority. The last one asked is offered all that the others left; a queue that filled its share is asked again by the
 * next claim, so an empty or paused queue never holds room that another could use.
 */
export class QueueOrder {
  readonly #queues: readonly { readonly queue: string; readonly priority: number }[];
  readonly #strict: boolean;
  readonly #random: Random;

  constructor(priorities: Readonly<Record<string, number>>, strict: boolean, random: Random) {
    this.#queues = Object.entries(priorities)
      .map(([queue, priority]) => ({ queue, priority }))
      .sort((one, other) => other.priority - one.priority);
    this.#strict = strict;
    this.#random = random;
  }

  /** Shares `free` slots among the queues that `mayHaveWork`. */
  quotas(free: number, mayHaveWork: (queue: string) => boolean): readonly QueueQuota[] {
    const asked = this.#queues.filter(({ queue }) => mayHaveWork(queue));
    if (this.#strict || asked.length < 2) return asked.map(({ queue }) => ({ queue, limit: free }));
    const total = asked.reduce((sum, { priority }) => sum + priority, 0);
    return asked
      .map((entry) => ({ ...entry, key: -Math.log(1 - this.#random()) / entry.priority }))
      .sort((one, other) => one.key - other.key)
      .map(({ queue, priority }, index) => ({
        queue,
        limit: index === asked.length - 1 ? free : Math.max(1, Math.round((free * priority) / total)),
      }));
  }
}
