import type { InspectFacet } from "../../broker/inspect-facet.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { Role } from "../../runtime/periodic.ts";
import type { ShardedQueue } from "../../sharding/sharded-queue.ts";
import { strayQueues } from "../../sharding/stray-queues.ts";

const callTimeoutMs = 3_000;

/** How often it is to run. */
export const shardWatchMs = 60_000;

/**
 * Looks for tasks that no shard of this server's sharded queues can hold. No worker would ever see them. They come from
 * programs that disagree about the number of shards.
 */
export class ShardWatch implements Role {
  readonly name = "looking for queues beside the shards";
  readonly #broker: Pick<InspectFacet, "queues">;
  readonly #sharded: readonly ShardedQueue[];
  readonly #logger: Logger;
  readonly #told = new Set<string>();

  constructor(broker: Pick<InspectFacet, "queues">, sharded: readonly ShardedQueue[], logger: Logger) {
    this.#broker = broker;
    this.#sharded = sharded;
    this.#logger = logger;
  }

  async runOnce(signal?: AbortSignal): Promise<undefined> {
    const names = await this.#broker.queues({ timeoutMs: callTimeoutMs, ...(signal !== undefined && { signal }) });
    for (const sharded of this.#sharded) {
      for (const queue of strayQueues(sharded, names)) {
        if (this.#told.has(queue)) continue;
        this.#told.add(queue);
        this.#logger.warn("a queue has the name of a sharded queue, or of a shard that it does not have", {
          queue,
          shardedQueue: sharded.name,
          shards: sharded.shards,
        });
      }
    }
  }
}
