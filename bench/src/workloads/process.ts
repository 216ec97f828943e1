import { monitorEventLoopDelay } from "node:perf_hooks";
import { section, timedSection } from "../section.ts";
import { Tally } from "../tally.ts";
import { faultsOf, timedProcessing, type Workload } from "../workload.ts";

export function processAll(name: string, concurrency: number, share = 1): Workload {
  return async (system, store, sizes) => {
    const [warmUp, count] = [Math.ceil(sizes.warmUp * share), Math.ceil(sizes.process * share)];
    await system.enqueueMany(0, warmUp + count, "plain");
    const { seconds, faults } = await section(warmUp + count, () =>
      timedProcessing(system, store, { concurrency, warmUp, count }),
    );
    return [{ name, value: count / seconds, unit: "per second" }, ...faults];
  };
}

/** Enqueues and processes at the same time, with a schema at both ends and the extras on. */
export const wholeRound: Workload = async (system, store, sizes) => {
  const tally = new Tally(sizes.warmUp + sizes.process, store.stallMs);
  const worker = await system.work(100, ({ number }) => tally.add(number), "typed");
  const warm = Promise.withResolvers<void>();
  const ready = setInterval(() => tally.count >= sizes.warmUp && warm.resolve(), 1);
  void tally.allRan().then(() => warm.resolve());
  await system.enqueueMany(0, sizes.warmUp, "typed");
  await warm.promise;
  clearInterval(ready);
  const seconds = await timedSection(sizes.process, async () => {
    await system.enqueueMany(sizes.warmUp, sizes.warmUp + sizes.process, "typed");
    await tally.allRan();
  });
  await worker.close();
  return [
    { name: "whole round", value: sizes.process / seconds, unit: "per second" },
    ...(await faultsOf(system, tally)),
  ];
};

/** How long the event loop of a process is held up while it enqueues and processes. */
export const eventLoop: Workload = async (system, store, sizes) => {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const tally = new Tally(sizes.process, store.stallMs);
  const { seconds, faults } = await section(sizes.process, async () => {
    await system.enqueueMany(0, sizes.process, "plain");
    return timedProcessing(system, store, { concurrency: 100, warmUp: 0, count: sizes.process }, tally);
  });
  delay.disable();
  return [
    { name: "process while the event loop is watched", value: sizes.process / seconds, unit: "per second" },
    { name: "event loop delay, p99", value: delay.percentile(99) / 1e6, unit: "ms" },
    ...faults,
  ];
};
