import { type Figure, median } from "../figure.ts";
import { inWords } from "../sizes.ts";
import type { Store, System } from "../system.ts";
import { pause, type Workload } from "../workload.ts";

const pairs = 7;
const dayMs = 86_400_000;

/**
 * Enqueues and processes beside a store full of tasks that wait, or that are not due for a day, and in turn as much on
 * an empty store. In turn, because filling takes minutes, and a machine may become faster or slower by a third
 * meanwhile. The result is the median of the ratios of measurements that followed each other.
 */
export function growth(kind: "waiting" | "scheduled"): Workload {
  return async (system, store, sizes, another) => {
    const { second } = store;
    if (second === undefined) throw new Error("expected a second store, to compare with");
    const other = await another(second);
    const full = new GrowthRun(system, store);
    const empty = new GrowthRun(other, second);
    await full.fill(sizes.backlog, kind === "waiting" ? undefined : dayMs);
    const measured: { readonly empty: Rates; readonly full: Rates }[] = [];
    for (let pair = -1; pair < pairs; pair++) {
      const isFullFirst = pair % 2 === 0;
      const before = isFullFirst ? await full.rates(sizes.growth) : undefined;
      const beside = await empty.rates(sizes.growth);
      const rates = { empty: beside, full: before ?? (await full.rates(sizes.growth)) };
      // The first pair only warms up.
      if (pair >= 0) measured.push(rates);
    }
    const middle = (value: (pair: { empty: Rates; full: Rates }) => number): number => median(measured.map(value));
    const backlog = `${inWords(sizes.backlog)} ${kind}`;
    const figures: Figure[] = [];
    for (const what of ["enqueue", "process"] as const) {
      const ratio = middle((pair) => pair.full[what] / pair.empty[what]);
      figures.push(
        {
          name: `${what}, empty store (beside ${kind})`,
          value: middle(({ empty: rates }) => rates[what]),
          unit: "per second",
        },
        { name: `${what}, ${backlog}`, value: middle(({ full: rates }) => rates[what]), unit: "per second" },
        { name: `growth: ${what} beside ${kind}`, value: ratio, unit: "of the empty store" },
      );
    }
    figures.push(...(await full.faults()), ...(await empty.faults()));
    await other.close();
    return figures;
  };
}

interface Rates {
  readonly enqueue: number;
  readonly process: number;
}

/** Tasks numbered from 0 up over the whole run; which of them have run. */
class GrowthRun {
  readonly #system: System;
  readonly #store: Store;
  #seen = new Uint8Array(1 << 16);
  #enqueued = 0;
  #ran = 0;
  #twice = 0;

  constructor(system: System, store: Store) {
    this.#system = system;
    this.#store = store;
  }

  async fill(count: number, delayMs: number | undefined): Promise<void> {
    const callers = 4;
    const from = this.#take(count);
    const share = count / callers;
    await Promise.all(
      Array.from({ length: callers }, (_, caller) =>
        this.#system.enqueueMany(from + caller * share, from + (caller + 1) * share, "plain", delayMs),
      ),
    );
  }

  /** Enqueues so many tasks, then processes as many of those that wait. */
  async rates(count: number): Promise<Rates> {
    const from = this.#take(count);
    const start = performance.now();
    await this.#system.enqueueMany(from, from + count, "plain");
    const enqueue = count / ((performance.now() - start) / 1_000);
    return { enqueue, process: await this.#process(count) };
  }

  /** Every task has run once or is still in the store. */
  async faults(): Promise<Figure[]> {
    const missing = this.#enqueued - (this.#ran - this.#twice) - (await this.#system.left());
    return [
      { name: "lost", value: Math.max(0, missing), unit: "tasks" },
      { name: "ran twice", value: this.#twice, unit: "tasks" },
      { name: "left behind", value: Math.max(0, -missing), unit: "tasks" },
    ];
  }

  async #process(count: number): Promise<number> {
    const done = Promise.withResolvers<void>();
    let [ran, start, end] = [0, 0, 0];
    const worker = await this.#system.work(
      100,
      ({ number }) => {
        this.#note(number);
        if (ran === 0) start = performance.now();
        ran++;
        if (ran === count) {
          end = performance.now();
          done.resolve();
        }
      },
      "plain",
    );
    const stalled = new AbortController();
    await Promise.race([done.promise, this.#stalled(() => ran, stalled.signal)]);
    stalled.abort();
    await worker.close();
    return count / ((end - start) / 1_000);
  }

  async #stalled(ran: () => number, signal: AbortSignal): Promise<void> {
    for (let before = -1; ran() !== before && !signal.aborted; ) {
      before = ran();
      await pause(this.#store.stallMs);
    }
  }

  #note(number: number): void {
    this.#ran++;
    if (this.#seen[number] === 1) this.#twice++;
    this.#seen[number] = 1;
  }

  #take(count: number): number {
    const from = this.#enqueued;
    this.#enqueued += count;
    if (this.#enqueued > this.#seen.length) {
      const larger = new Uint8Array(this.#enqueued * 2);
      larger.set(this.#seen);
      this.#seen = larger;
    }
    return from;
  }
}
