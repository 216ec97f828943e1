import { percentile } from "../figure.ts";
import { commandsDuring } from "../redis-info.ts";
import { section } from "../section.ts";
import { Tally } from "../tally.ts";
import { faultsOf, oneByOneWarmUp, pause, type Workload } from "../workload.ts";

/**
 * From the call that enqueues to the call of the handler, on a worker that has nothing to do. Before that it has worked, and
 * its producer has enqueued, as much as in the rows that measure those: a process in production is no new one.
 */
export const idlePickUp: Workload = async (system, store, sizes) => {
  const { warmUp, pickUps } = sizes;
  const oneByOne = oneByOneWarmUp(sizes);
  const first = warmUp + oneByOne;
  const uncounted = 20;
  const tally = new Tally(first + uncounted + pickUps, store.stallMs);
  let picked: () => void = () => undefined;
  const worker = await system.work(
    10,
    ({ number }) => {
      tally.add(number);
      if (number >= first || tally.count === first) picked();
    },
    "plain",
  );
  const took: number[] = [];
  await section(first + uncounted + pickUps, async () => {
    const warm = Promise.withResolvers<void>();
    picked = warm.resolve;
    await system.enqueueMany(0, warmUp, "plain");
    for (let number = warmUp; number < first; number++) await system.enqueueOne(number);
    await Promise.race([warm.promise, pause(store.stallMs)]);
    for (let sample = 0; sample < uncounted + pickUps; sample++) {
      // Uneven pauses, so that no poll of anybody falls into step with the samples.
      await pause(5 + ((sample * 7_919) % 23));
      const { promise, resolve } = Promise.withResolvers<void>();
      picked = resolve;
      const start = performance.now();
      await Promise.all([system.enqueueOne(first + sample), Promise.race([promise, pause(store.stallMs)])]);
      if (sample >= uncounted) took.push(performance.now() - start);
    }
  });
  await worker.close();
  return [
    { name: "idle pick-up, p50", value: percentile(took, 50), unit: "ms" },
    { name: "idle pick-up, p99", value: percentile(took, 99), unit: "ms" },
    ...(await faultsOf(system, tally)),
  ];
};

/** How long after its moment a delayed task runs, and whether one ever runs before it. */
export const delayed: Workload = async (system, store, sizes) => {
  const tally = new Tally(sizes.delayed, store.stallMs);
  const late: number[] = [];
  let early = 0;
  const worker = await system.work(
    100,
    ({ number, dueAt }) => {
      const by = Date.now() - (dueAt ?? 0);
      if (by < 0) early++;
      late.push(by);
      tally.add(number);
    },
    "plain",
  );
  const enqueued: Promise<void>[] = [];
  for (let number = 0; number < sizes.delayed; number++) {
    enqueued.push(system.enqueueOne(number, 1_500 + (number * sizes.delayedOverMs) / sizes.delayed));
    if (number % 500 === 499) await Promise.all(enqueued.splice(0));
  }
  await Promise.all(enqueued);
  await tally.allRan();
  await worker.close();
  return [
    { name: "lateness, p50", value: percentile(late, 50), unit: "ms" },
    { name: "lateness, p99", value: percentile(late, 99), unit: "ms" },
    { name: "ran early", value: early, unit: "tasks" },
    ...(await faultsOf(system, tally)),
  ];
};

/** Redis commands of a worker that has nothing to do. */
export const idleCost: Workload = async (system, store, sizes) => {
  const worker = await system.work(10, () => undefined, "plain");
  await pause(Math.min(2_000, sizes.idleMs));
  const commands = await commandsDuring(store.redisPort, sizes.idleMs);
  await worker.close();
  return [{ name: "idle cost", value: commands / (sizes.idleMs / 1_000), unit: "commands per second" }];
};
