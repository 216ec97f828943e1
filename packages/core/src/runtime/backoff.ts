/** Numbers from 0 up to but not including 1, such as `Math.random`. */
export type Random = () => number;

/** Pauses that double up to a limit. Each one is shortened by up to half at random, so that many servers spread out. */
export class Backoff {
  readonly #firstMs: number;
  readonly #limitMs: number;
  readonly #random: Random;
  #nextMs: number;

  constructor(firstMs: number, limitMs: number, random: Random) {
    this.#firstMs = firstMs;
    this.#limitMs = limitMs;
    this.#random = random;
    this.#nextMs = firstMs;
  }

  /** The next pause in milliseconds. */
  next(): number {
    const fullMs = this.#nextMs;
    this.#nextMs = Math.min(this.#limitMs, fullMs * 2);
    return fullMs * (0.5 + this.#random() / 2);
  }

  /** Starts over with the first pause. */
  reset(): void {
    this.#nextMs = this.#firstMs;
  }
}
