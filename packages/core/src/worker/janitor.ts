import type { ArchiveLimits, MaintainFacet } from "../broker/maintain-facet.ts";
import { type Clock, sleep } from "../clock.ts";
import type { Role } from "./periodic.ts";

const sliceSize = 100;
const pauseMs = 20;

/** Removes from one queue what nothing keeps any more: in small slices with pauses, so that work goes before. */
export class Janitor implements Role {
  readonly name: string;
  readonly #broker: Pick<MaintainFacet, "sweep">;
  readonly #clock: Clock;
  readonly #queue: string;
  readonly #limits: ArchiveLimits;

  constructor(broker: Pick<MaintainFacet, "sweep">, clock: Clock, queue: string, limits: ArchiveLimits) {
    this.name = `sweeping queue "${queue}"`;
    this.#broker = broker;
    this.#clock = clock;
    this.#queue = queue;
    this.#limits = limits;
  }

  async runOnce(signal?: AbortSignal): Promise<undefined> {
    const call = signal === undefined ? undefined : { signal };
    while ((await this.#broker.sweep(this.#queue, sliceSize, this.#limits, call)).more) {
      await sleep(this.#clock, pauseMs, signal);
      if (signal?.aborted === true) return;
    }
  }
}
