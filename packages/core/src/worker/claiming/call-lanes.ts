import type { CallPacing } from "../../broker/call-pacing.ts";

/** Two calls, so that the store works on one batch while the handlers of the other run. */
const mostCalls = 2;
/** A second call with fewer tasks than this costs more than it gains: they wait for the first call. */
const leastWorthwhile = { apart: 4, together: 32 } as const;
/** A second call with this many tasks is always worth its cost. */
const mostWorthwhile = 32;

/** Most tasks that one call settles or claims. It bounds how long a call keeps the store busy. */
export const largestBatch = 256;

/** How many calls to the store are under way at once, and whether another one is worth its cost. */
export class CallLanes {
  /** Most tasks that one call claims. */
  readonly largestClaim: number;
  /** Handle answers one per turn, so two calls don't synchronise and leave the store idle. */
  readonly areApart: boolean;
  readonly #worthwhile: number;
  #underWay = 0;
  /** Whether the last claim was filled. Then there are probably more tasks. */
  #isMoreLeft = false;

  constructor(concurrency: number, pacing: CallPacing["pacing"]) {
    const share = Math.ceil(concurrency / mostCalls);
    const least = leastWorthwhile[pacing];
    this.largestClaim = Math.min(largestBatch, share >= least ? share : concurrency);
    this.areApart = pacing === "apart" || this.largestClaim < concurrency;
    this.#worthwhile = Math.min(mostWorthwhile, Math.max(least, share));
  }

  get isIdle(): boolean {
    return this.#underWay === 0;
  }

  /** Whether to send another call that settles `ended` tasks and claims for `free` slots. */
  mayGo(ended: number, free: number): boolean {
    if (this.#underWay === 0) return true;
    if (this.#underWay === mostCalls) return false;
    return ended >= this.#worthwhile || (this.#isMoreLeft && free >= this.#worthwhile);
  }

  began(): void {
    this.#underWay++;
  }

  ended(): void {
    this.#underWay--;
  }

  /** A claim was answered. `wasFilled`: it got as many tasks as it asked for. */
  claimed(wasFilled: boolean): void {
    this.#isMoreLeft = wasFilled;
  }
}
