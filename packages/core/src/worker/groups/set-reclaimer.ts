import type { GroupFacet } from "../../broker/group-facet.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { Role } from "../../runtime/periodic.ts";

const sliceSize = 20;

/** Puts tasks of one queue back into their groups when the server that took them to aggregate died or stalled. */
export class SetReclaimer implements Role {
  readonly name: string;
  readonly #broker: Pick<GroupFacet, "reclaim">;
  readonly #queue: string;
  readonly #logger: Logger;
  readonly #onReclaimed: () => void;

  constructor(broker: Pick<GroupFacet, "reclaim">, queue: string, logger: Logger, onReclaimed: () => void) {
    this.name = `reclaiming groups of queue "${queue}"`;
    this.#broker = broker;
    this.#queue = queue;
    this.#logger = logger;
    this.#onReclaimed = onReclaimed;
  }

  async runOnce(signal?: AbortSignal): Promise<undefined> {
    const call = signal === undefined ? undefined : { signal };
    for (;;) {
      const { sets, tasks } = await this.#broker.reclaim(this.#queue, sliceSize, call);
      if (sets > 0) {
        this.#logger.warn("took tasks of groups back from a server that died or stalled", {
          queue: this.#queue,
          groups: sets,
          tasks,
        });
        this.#onReclaimed();
      }
      if (sets < sliceSize || signal?.aborted === true) return;
    }
  }
}
