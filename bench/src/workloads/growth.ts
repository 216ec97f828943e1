import { type Figure, median } from "../figure.ts";
import { inWords } from "../sizes.ts";
import type { Store, System } from "../system.ts";
import { pause, type Workload } from "../workload.ts";

const repeats = 7;
const dayMs = 86_400_000;

/** Enqueues and processes beside a store full of tasks that wait, or of tasks that are not due for a day. */
export function growth(kind: "waiting" | "scheduled"): Workload {
  return async (system, store, sizes) => {
    const run = new GrowthRun(system, store);
    await run.rates(sizes.growth);
    const empty = await medianRates(run, sizes.growth);
    await run.fill(sizes.backlog, kind === "waiting" ? undefined : dayMs);
    await run.rates(sizes.growth);
    const full = await medianRates(run, sizes.growth);
    const beside = `${inWords(sizes.backlog)} ${kind}`;
    return [
      { name: `enqueue, empty store (before ${kind})`, value: empty.enqueue, unit: "per second" },
      { name: `enqueue, ${beside}`, value: full.enqueue, unit: "per second" },
      { name: `process, empty store (before ${kind})`, value: empty.process, unit: "per second" },
      { name: `process, ${beside}`, value: full.process, unit: "per second" },
      { name: `growth: enqueue beside ${kind}`, value: full.enqueue / empty.enqueue, unit: "of the empty store" },
      { name: `growth: process beside ${kind}`, value: full.process / empty.process, unit: "of the empty store" },
      ...(await run.faults()),
    ];
  };
}

interface Rates {
  readonly enqueue: number;
  readonly process: number;
}

async function medianRates(run: GrowthRun, count: number): Promise<Rates> {
  const all: Rates[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) all.push(await run.rates(count));
  return { enqueue: median(all.map((rates) => rates.enqueue)), process: median(all.map((rates) => rates.process)) };
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
