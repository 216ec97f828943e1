import { describe, expect, inject, it } from "vitest";
import { runChaos } from "./run-chaos.ts";
import { makeSchedule, type StoreKind } from "./schedule.ts";

/** Of the promises that are times, this run on a busy machine asks for the order of magnitude only. */
const flowWithinMs = 20_000;

/** The first seeds from 1 up whose schedules together have all of these faults. */
function seedsWith(store: StoreKind, faults: readonly string[], atMost: number): number[] {
  const missing = new Set(faults);
  const seeds: number[] = [];
  for (let seed = 1; missing.size > 0 && seeds.length < atMost && seed < 1_000; seed++) {
    const { workerFaults, storeFaults } = makeSchedule(store, seed);
    const kinds = [...workerFaults, ...storeFaults].map(({ kind }) => kind as string);
    const isNew = kinds.filter((kind) => missing.has(kind)).length >= Math.min(2, missing.size);
    if (!isNew) continue;
    seeds.push(seed);
    for (const kind of kinds) missing.delete(kind);
  }
  return seeds;
}

const cases: readonly { store: StoreKind; seeds: readonly number[] }[] = [
  {
    store: "redis",
    seeds: seedsWith(
      "redis",
      ["killed", "kill", "stop", "killer", "answer_cut", "commands_refused", "out_of_memory", "clock"],
      4,
    ),
  },
  {
    store: "sqlite",
    seeds: seedsWith(
      "sqlite",
      ["file_busy", "log_removed", "log_and_index_removed", "kill", "stop", "killer", "clock"],
      4,
    ),
  },
];

describe.each(cases)("$store under faults and load", ({ store, seeds }) => {
  it("loses no task, runs none twice under a live lease, and stays whole", async ({ skip }) => {
    skip(store === "redis" && inject("redisServerPath") === null, "redis-server is not installed");
    const said: string[] = [];
    const { failed, late, summaries } = await runChaos({
      stores: [store],
      seeds,
      minutes: 4,
      lanes: 2,
      flowWithinMs,
      print: (line) => void said.push(line),
    });
    expect([...failed, ...late], said.join("\n")).toEqual([]);
    expect(summaries[store]?.schedules).toBe(seeds.length);
    expect(summaries[store]?.tasks.accepted).toBeGreaterThan(10 * seeds.length);
  }, 240_000);
});

describe("a seed", () => {
  it("makes the same schedule each time, and another one than the next", () => {
    expect(makeSchedule("redis", 7)).toEqual(makeSchedule("redis", 7));
    expect(makeSchedule("redis", 7)).not.toEqual({ ...makeSchedule("redis", 8), seed: 7 });
  });
});
