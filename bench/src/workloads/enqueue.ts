import { timedSection } from "../section.ts";
import type { System } from "../system.ts";
import { drained, oneByOneWarmUp, type Workload } from "../workload.ts";

/** Four callers, as a busy producer has: each waits for its answer before it asks again. */
const callers = [0, 1, 2, 3];

export const bulkEnqueue: Workload = async (system, store, sizes) => {
  const { warmUp } = sizes;
  const share = sizes.enqueue / callers.length;
  await system.enqueueMany(0, warmUp, "plain");
  const seconds = await timedSection(sizes.enqueue, () =>
    Promise.all(
      callers.map((caller) => system.enqueueMany(warmUp + caller * share, warmUp + (caller + 1) * share, "plain")),
    ),
  );
  return [
    { name: "bulk enqueue", value: sizes.enqueue / seconds, unit: "per second" },
    ...(await drained(system, store, warmUp + sizes.enqueue)),
  ];
};

export function enqueueOneByOne(name: string, inFlight: number, share: number): Workload {
  return async (system, store, sizes) => {
    const count = Math.ceil(sizes.oneByOne * share);
    const warmUp = Math.min(oneByOneWarmUp(sizes), count);
    await lanes(system, 0, warmUp, inFlight);
    const seconds = await timedSection(count, () => lanes(system, warmUp, warmUp + count, inFlight));
    return [{ name, value: count / seconds, unit: "per second" }, ...(await drained(system, store, warmUp + count))];
  };
}

async function lanes(system: System, from: number, to: number, inFlight: number): Promise<void> {
  let next = from;
  const lane = async (): Promise<void> => {
    while (next < to) await system.enqueueOne(next++);
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
}
