import type { MaintainFacet } from "../../broker/maintain-facet.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { Role } from "../../runtime/periodic.ts";

const sliceSize = 200;
/** Programs with other libraries put tasks into the queue that are due sooner, and do not tell. */
const longestPauseMs = 2_000;

export interface ForwarderOptions {
  readonly broker: Pick<MaintainFacet, "forwardDue">;
  readonly clock: Clock;
  /** For lines about single tasks. */
  readonly taskLog: Logger;
  readonly queue: string;
  /** Whether the store knows yet where retry tasks of the queue go. */
  readonly mayForward: () => boolean;
  readonly onMoved: (queue: string) => void;
  /** Called when a lease of the queue has ended. */
  readonly onLeaseOver: (queue: string) => void;
}

/**
 * Brings the due tasks of one queue back to it, on time: it runs when the next task is due. It looks often, so it also
 * tells when a lease has ended.
 */
export class Forwarder implements Role {
  readonly name: string;
  readonly #options: ForwarderOptions;

  constructor(options: ForwarderOptions) {
    this.name = `forwarding due tasks of queue "${options.queue}"`;
    this.#options = options;
  }

  async runOnce(signal?: AbortSignal): Promise<number> {
    const { broker, clock, taskLog, queue, mayForward, onMoved, onLeaseOver } = this.#options;
    if (!mayForward()) return longestPauseMs;
    const call = signal === undefined ? undefined : { signal };
    for (;;) {
      const answer = await broker.forwardDue({ queue, limit: sliceSize }, call);
      const { moved, nextDueAt, isLeaseOver } = answer;
      for (const { taskId, reason, detail } of answer.setAside) {
        taskLog.error("a due task can't be put in line", { queue, taskId, reason, detail });
      }
      if (moved > 0) onMoved(queue);
      if (isLeaseOver) onLeaseOver(queue);
      if (moved >= sliceSize && signal?.aborted !== true) continue;
      if (nextDueAt === undefined) return longestPauseMs;
      // At least a millisecond: the loop must not spin when the store's clock is a little behind ours.
      return Math.min(longestPauseMs, Math.max(1, nextDueAt - clock.now()));
    }
  }
}
