import type { ArchiveLimits, MaintainFacet } from "../../broker/maintain-facet.ts";
import { type Clock, sleep } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { Role } from "../../runtime/periodic.ts";

const sliceSize = 100;
const pauseMs = 20;

export interface JanitorOptions {
  readonly broker: Pick<MaintainFacet, "sweep">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly queue: string;
  readonly limits: ArchiveLimits;
}

/**
 * Removes the tasks of one queue that nothing keeps any more, in small slices with pauses, so that work goes first. It
 * reports archived tasks that it removes because they are too many or too old: what is known of their failures is lost
 * with them.
 */
export class Janitor implements Role {
  readonly name: string;
  readonly #options: JanitorOptions;

  constructor(options: JanitorOptions) {
    this.name = `sweeping queue "${options.queue}"`;
    this.#options = options;
  }

  async runOnce(signal?: AbortSignal): Promise<undefined> {
    const { broker, clock, logger, queue, limits } = this.#options;
    const call = signal === undefined ? undefined : { signal };
    let removed = 0;
    try {
      for (;;) {
        const { archived, more } = await broker.sweep(queue, sliceSize, limits, call);
        removed += archived;
        if (!more) return;
        await sleep(clock, pauseMs, signal);
        if (signal?.aborted === true) return;
      }
    } finally {
      if (removed > 0) logger.info("removed archived tasks, which were too many or too old", { queue, removed });
    }
  }
}
