import { describe, expect, it } from "vitest";
import { QueueOrder } from "./queue-order.ts";

const all = (): boolean => true;

/** A generator that is the same in every run. */
function seeded(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe("queue order", () => {
  it("gives a single queue all the room", () => {
    expect(new QueueOrder({ default: 3 }, false, seeded()).quotas(8, all)).toEqual([{ queue: "default", limit: 8 }]);
  });

  it("puts a queue first as often as its priority says, and asks every queue each time", () => {
    const order = new QueueOrder({ critical: 6, default: 3, low: 1 }, false, seeded());
    const first: Record<string, number> = { critical: 0, default: 0, low: 0 };
    const rounds = 20_000;
    for (let round = 0; round < rounds; round++) {
      const quotas = order.quotas(1, all);
      if (quotas.length !== 3) throw new Error(`expected all 3 queues, got ${quotas.length}`);
      const queue = quotas[0]?.queue ?? "";
      first[queue] = (first[queue] ?? 0) + 1;
    }
    expect((first["critical"] ?? 0) / rounds).toBeCloseTo(0.6, 1);
    expect((first["default"] ?? 0) / rounds).toBeCloseTo(0.3, 1);
    expect((first["low"] ?? 0) / rounds).toBeCloseTo(0.1, 1);
  });

  it("shares the room by priority and offers the last queue all that the others leave", () => {
    const order = new QueueOrder({ critical: 6, low: 3 }, false, seeded());
    for (let round = 0; round < 50; round++) {
      const [first, last] = order.quotas(90, all);
      expect(first).toEqual(
        first?.queue === "critical" ? { queue: "critical", limit: 60 } : { queue: "low", limit: 30 },
      );
      expect(last?.limit).toBe(90);
    }
  });

  it("shares only among the queues that may have work", () => {
    const order = new QueueOrder({ critical: 6, default: 3, low: 1 }, false, seeded());
    expect(order.quotas(10, (queue) => queue === "low")).toEqual([{ queue: "low", limit: 10 }]);
    expect(order.quotas(10, () => false)).toEqual([]);
  });

  it("gives each queue room for at least one", () => {
    const order = new QueueOrder({ a: 1_000, b: 1, c: 1 }, false, seeded());
    for (let round = 0; round < 50; round++) {
      for (const { limit } of order.quotas(2, all)) expect(limit).toBeGreaterThanOrEqual(1);
    }
  });

  it("asks the highest priority first, for everything, when strict", () => {
    const order = new QueueOrder({ low: 1, critical: 6, default: 3 }, true, seeded());
    expect(order.quotas(4, all)).toEqual([
      { queue: "critical", limit: 4 },
      { queue: "default", limit: 4 },
      { queue: "low", limit: 4 },
    ]);
  });
});
