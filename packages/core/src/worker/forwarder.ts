import type { MaintainFacet } from "../broker/maintain-facet.ts";
import type { Clock } from "../clock.ts";
import type { Role } from "./periodic.ts";

const sliceSize = 200;
/** Programs on other libraries do not tell that they put a task there which is due sooner. */
const longestPauseMs = 2_000;

/** Brings the due tasks of one queue back to it, on time: it runs when the next one is due. */
export class Forwarder implements Role {
  readonly name: string;
  readonly #broker: Pick<MaintainFacet, "forwardDue">;
  readonly #clock: Clock;
  readonly #queue: string;
  readonly #onMoved: (queue: string) => void;

  constructor(
    broker: Pick<MaintainFacet, "forwardDue">,
    clock: Clock,
    queue: string,
    onMoved: (queue: string) => void,
  ) {
    this.name = `forwarding due tasks of queue "${queue}"`;
    this.#broker = broker;
    this.#clock = clock;
    this.#queue = queue;
    this.#onMoved = onMoved;
  }

  async runOnce(signal?: AbortSignal): Promise<number> {
    const call = signal === undefined ? undefined : { signal };
    for (;;) {
      const { moved, nextDueAt } = await this.#broker.forwardDue(this.#queue, sliceSize, call);
      if (moved > 0) this.#onMoved(this.#queue);
      if (moved >= sliceSize && signal?.aborted !== true) continue;
      if (nextDueAt === undefined) return longestPauseMs;
      // At least a millisecond: should the store's clock be a little behind ours, this must not spin.
      return Math.min(longestPauseMs, Math.max(1, nextDueAt - this.#clock.now()));
    }
  }
}
