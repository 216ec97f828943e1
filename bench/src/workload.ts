import type { Figure } from "./figure.ts";
import type { Sizes } from "./sizes.ts";
import type { Flavour, Ran, Store, System } from "./system.ts";
import { Tally } from "./tally.ts";

/** `another` makes a system of the same kind on another store, for workloads that compare two. */
export type Workload = (
  system: System,
  store: Store,
  sizes: Sizes,
  another: (store: Store) => Promise<System>,
) => Promise<Figure[]>;

/** What became of the tasks of a run whose worker has closed: none lost, none twice, none left in the store. */
export async function faultsOf(system: System, tally: Tally): Promise<Figure[]> {
  return [...tally.figures(), { name: "left behind", value: await system.left(), unit: "tasks" }];
}

/** Processes all `total` tasks that were enqueued, outside of any measurement, to see that they are there, and once. */
export async function drained(system: System, store: Store, total: number): Promise<Figure[]> {
  const tally = new Tally(total, store.stallMs);
  const worker = await system.work(100, ({ number }) => tally.add(number), "plain");
  await tally.allRan();
  await worker.close();
  return faultsOf(system, tally);
}

export interface Processing {
  readonly concurrency: number;
  readonly flavour?: Flavour;
  /** Tasks numbered from 0 that run before the clock starts, then those that count. */
  readonly warmUp: number;
  readonly count: number;
  readonly onRan?: Ran;
}

/** Processes what is waiting, and gives the seconds from the end of the warm-up to the last task. */
export async function timedProcessing(system: System, store: Store, how: Processing, tally?: Tally) {
  const { concurrency, warmUp, count, flavour = "plain", onRan } = how;
  const seen = tally ?? new Tally(warmUp + count, store.stallMs);
  let start = warmUp === 0 ? performance.now() : 0;
  const worker = await system.work(
    concurrency,
    (task) => {
      seen.add(task.number);
      onRan?.(task);
      if (start === 0 && seen.count >= warmUp) start = performance.now();
    },
    flavour,
  );
  await seen.allRan();
  const seconds = (performance.now() - start) / 1_000;
  await worker.close();
  return { seconds, faults: await faultsOf(system, seen) };
}

/** How many calls warm a producer up that enqueues one by one. */
export function oneByOneWarmUp({ oneByOne }: Sizes): number {
  return Math.min(2_000, oneByOne);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
