import { describe, expect, it } from "vitest";
import { shardedQueue } from "../../sharding/sharded-queue.ts";
import { QueueOrder } from "./queue-order.ts";
import { planQueues } from "./queue-plan.ts";

const emails = shardedQueue("emails", { shards: 3 });
const orders = shardedQueue("orders", { shards: 2, ordered: "strict" });

/** A generator that is the same in every run. */
function seeded(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function orderOf(queues: Record<string, number>, strict = false): QueueOrder {
  const plan = planQueues(
    queues,
    [emails, orders].filter(({ name }) => Object.hasOwn(queues, name)),
  );
  return new QueueOrder(plan.queues, strict, seeded(), plan);
}

describe("the plan of a server's queues", () => {
  it("replaces a sharded queue by its shards", () => {
    const plan = planQueues({ emails: 3, default: 1 }, [emails]);
    expect(plan.queues).toEqual({ "emails:0": 3, "emails:1": 3, "emails:2": 3, default: 1 });
    expect(plan.behind("emails")).toEqual(emails.queues);
    expect(plan.behind("default")).toEqual(["default"]);
  });

  it("keeps a queue of any name", () => {
    const queues = JSON.parse('{"__proto__":2,"default":1}') as Record<string, number>;
    expect(Object.entries(planQueues(queues, []).queues)).toEqual(Object.entries(queues));
  });

  it.each([
    ["a queue without a priority", { default: 1 }, [emails], /to be in the option "queues"/],
    ["a queue twice", { emails: 1 }, [emails, emails], /each queue once/],
    ["a shard as a queue of its own", { emails: 1, "emails:0": 1 }, [emails], /named once/],
    ["a shard that is not there", { emails: 1 }, [{ queue: emails, shards: [3] }], /from 0 to 2/],
    ["no shards", { emails: 1 }, [{ queue: emails, shards: [] }], /different shards/],
    ["a shard twice", { emails: 1 }, [{ queue: emails, shards: [1, 1] }], /different shards/],
    ["a name", { emails: 1 }, ["emails"], /object/],
    ["no array", { emails: 1 }, emails, /array/],
  ])("is refused with %s", (_, queues, sharded, words) => {
    expect(() => planQueues(queues as Record<string, number>, sharded as never)).toThrow(words);
  });

  it("gives a sharded queue the part of the room that its priority says, not one for each shard", () => {
    const order = orderOf({ emails: 1, default: 1 });
    let first = 0;
    for (let round = 0; round < 10_000; round++) {
      const [quota] = order.quotas(1, () => true);
      if (quota?.queue === "default") first++;
    }
    expect(first / 10_000).toBeCloseTo(0.5, 1);
  });

  it("lets shards take turns at being first when strict, after all that is of higher priority", () => {
    const order = orderOf({ emails: 2, default: 1 }, true);
    const firsts = new Set<string | undefined>();
    for (let round = 0; round < 100; round++) {
      const queues = order.quotas(4, () => true).map(({ queue }) => queue);
      firsts.add(queues[0]);
      expect(queues.at(-1)).toBe("default");
    }
    expect(firsts).toEqual(new Set(emails.queues));
  });

  it("asks an ordered shard for one task", () => {
    const quotas = orderOf({ orders: 1 }).quotas(50, () => true);
    expect(quotas).toHaveLength(2);
    for (const quota of quotas)
      expect(quota).toMatchObject({ limit: 1, expects: { kind: "ordered", discipline: "strict" } });
  });
});
