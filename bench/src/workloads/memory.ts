import type { Figure } from "../figure.ts";
import { onRedis, usedMemory } from "../redis-info.ts";
import { drained, type Workload } from "../workload.ts";

/** Redis' memory for one waiting task, at its defaults and with longer values in its compact hashes. */
export const memory: Workload = async (system, store, sizes) => {
  const figures: Figure[] = [];
  for (const [listpack, name] of [
    ["64", "memory, server defaults"],
    ["2048", "memory, hash-max-listpack-value 2048"],
  ] as const) {
    // By its name before Redis 7, which later servers know too.
    await onRedis(store.redisPort, (send) => send("CONFIG", "SET", "hash-max-ziplist-value", listpack));
    const before = await usedMemory(store.redisPort);
    await system.enqueueMany(0, sizes.memory, "plain");
    const bytes = ((await usedMemory(store.redisPort)) - before) / sizes.memory;
    figures.push({ name, value: bytes, unit: "bytes per task" }, ...(await drained(system, store, sizes.memory)));
  }
  return figures;
};
