import type { CallPacing } from "../../broker/call-pacing.ts";

/** Two calls, so that the store works on one batch while the handlers of the other run. */
const mostCalls = 2;
/** A second call with less than this costs more than it gains: what it would carry waits for the first one. */
const leastWorthwhile = { apart: 4, together: 32 } as const;
/** A second call need not carry more than this to be worth its cost. */
const mostWorthwhile = 32;

/** Most tasks that one call settles or claims: bounds how long it may keep the store busy. */
export const largestBatch = 256;

/** How many calls to the store are under way side by side, and what another one is worth. */
export class CallLanes {
  /** Most tasks that one call claims. */
  readonly largestClaim: number;
  /** Whether answers that come at once are to be dealt with one after the other, so that what they bring about goes apart. */
  readonly areApart: boolean;
  readonly #worthwhile: number;
  #underWay = 0;
  /** Whether the last claim was filled, so that there is probably more. */
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

  /** Whether a call may go that settles `ended` tasks and claims for `free` slots. */
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

  /** A claim was answered, with as many tasks as it asked for or with fewer. */
  claimed(wasFilled: boolean): void {
    this.#isMoreLeft = wasFilled;
  }
}
