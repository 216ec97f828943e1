import type { Figure } from "./figure.ts";

/**
 * Whether each task of a run was processed, and once. Tasks carry numbers from 0 up, so that a lost one and a doubled
 * one do not cancel each other out.
 */
export class Tally {
  readonly #seen: Uint8Array;
  readonly #done = Promise.withResolvers<void>();
  readonly #stallMs: number;
  #different = 0;
  #twice = 0;
  #foreign = 0;
  #ended = false;
  count = 0;

  constructor(total: number, stallMs: number) {
    this.#stallMs = stallMs;
    this.#seen = new Uint8Array(total);
  }

  /** Resolves when each task has run, or when from now on nothing runs for so long that the rest must be lost. */
  async allRan(): Promise<void> {
    await Promise.race([this.#done.promise, this.#stalled()]);
  }

  /** Notes that a task has run. */
  add(number: number): void {
    this.count++;
    const seen = this.#seen[number];
    if (seen === undefined) this.#foreign++;
    else if (seen === 1) this.#twice++;
    else {
      this.#seen[number] = 1;
      this.#different++;
      if (this.#different === this.#seen.length) {
        this.#ended = true;
        this.#done.resolve();
      }
    }
  }

  /** What went wrong, as figures that are 0 when nothing did. Ask after the worker has closed. */
  figures(): Figure[] {
    return [
      { name: "lost", value: this.#seen.length - this.#different, unit: "tasks" },
      { name: "ran twice", value: this.#twice, unit: "tasks" },
      { name: "not ours", value: this.#foreign, unit: "tasks" },
    ];
  }

  async #stalled(): Promise<void> {
    let before = -1;
    while (this.count !== before && !this.#ended) {
      before = this.count;
      await new Promise((resolve) => setTimeout(resolve, this.#stallMs).unref());
    }
  }
}
