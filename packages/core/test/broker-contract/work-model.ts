import fc from "fast-check";
import { expect } from "vitest";
import type { Broker } from "../../src/broker/broker.ts";
import type { ClaimedTask, Outcome } from "../../src/broker/work-facet.ts";
import { claimed, idsOf, leaseMs, placedNow } from "../support/builders.ts";
import type { ContractStore } from "../support/contract-store.ts";

const outcomes = ["done", "completed", "retry", "archived", "handed_back"] as const;

type Step =
  | { readonly do: "enqueue"; readonly count: number }
  | { readonly do: "claim"; readonly limit: number; readonly by: number }
  /** `pick` chooses among all leases ever handed out, so that stale ones are tried as well. */
  | { readonly do: "settle"; readonly pick: number; readonly outcome: (typeof outcomes)[number]; readonly by: number }
  | { readonly do: "takeOver"; readonly limit: number }
  | { readonly do: "forward" }
  | { readonly do: "wait"; readonly ms: number };

const small = fc.integer({ min: 1, max: 4 });
const who = fc.integer({ min: 0, max: 1 });

export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant("enqueue" as const), count: small }),
    fc.record({ do: fc.constant("claim" as const), limit: small, by: who }),
    fc.record({ do: fc.constant("settle" as const), pick: fc.nat(50), outcome: fc.constantFrom(...outcomes), by: who }),
    fc.record({ do: fc.constant("takeOver" as const), limit: small }),
    fc.record({ do: fc.constant("forward" as const) }),
    fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(1, 999, leaseMs + 2_000) }),
  ),
  { minLength: 5, maxLength: 40 },
);

/** What a queue should hold, with nothing clever about it. */
class Model {
  readonly pending: string[] = [];
  /** Task id to the token that holds it and the earliest moment at which its lease may be over. */
  readonly active = new Map<string, { token: string; endsAt: number }>();
  readonly retry = new Map<string, number>();
  completed = 0;
  archived = 0;
  processed = 0;
  failed = 0;

  settle(id: string, outcome: Outcome): void {
    this.active.delete(id);
    if (outcome.kind === "handed_back") this.pending.unshift(id);
    else this.processed += 1;
    if (outcome.kind === "completed") this.completed += 1;
    if (outcome.kind === "archived") this.archived += 1;
    if (outcome.kind === "retry") this.retry.set(id, outcome.at);
    if (outcome.kind === "retry" || outcome.kind === "archived") this.failed += 1;
  }
}

/** Plays a history on two brokers of one store and compares every answer with the model's. */
export async function checkHistory({ broker, other, clock }: ContractStore, history: readonly Step[]): Promise<void> {
  const model = new Model();
  const held: ClaimedTask[] = [];
  for (const step of history) {
    switch (step.do) {
      case "enqueue": {
        const items = Array.from({ length: step.count }, () => placedNow({ retentionMs: 3_600_000 }));
        await broker.enqueue(items);
        model.pending.push(...items.map(({ message }) => message.id));
        break;
      }
      case "claim": {
        const tasks = await claimed(step.by === 0 ? broker : other, {
          limit: step.limit,
          serverId: `server-${step.by}`,
        });
        expect(tasks.map(({ message }) => message.id)).toEqual(model.pending.splice(0, step.limit));
        for (const task of tasks) remember(model, held, task);
        break;
      }
      case "settle": {
        const task = held[step.pick % Math.max(1, held.length)];
        if (task === undefined) break;
        const { taskId, token } = task.lease;
        const mine = model.active.get(taskId)?.token === token;
        const outcome = outcomeOf(step.outcome, clock.now() + 500);
        const { results } = await (step.by === 0 ? broker : other).settle([{ task, outcome }]);
        expect(results).toEqual([mine ? "settled" : "lost"]);
        if (mine) model.settle(taskId, outcome);
        break;
      }
      case "takeOver": {
        const request = { queue: "default", limit: step.limit, serverId: "recoverer", leaseMs };
        const { tasks } = await other.takeOver(request);
        const over = [...model.active].filter(([, { endsAt }]) => endsAt <= clock.now()).map(([id]) => id);
        expect(tasks).toHaveLength(Math.min(step.limit, over.length));
        for (const { task } of tasks) {
          expect(over).toContain(task.lease.taskId);
          remember(model, held, task);
        }
        break;
      }
      case "forward": {
        const due = [...model.retry].filter(([, at]) => at <= clock.now()).sort(([, one], [, two]) => one - two);
        expect((await other.forwardDue({ queue: "default", limit: 100 })).moved).toBe(due.length);
        for (const [id] of due) model.retry.delete(id);
        // Which of two tasks that are due at the same moment goes first is nobody's promise.
        const moved = new Set(due.map(([id]) => id));
        const listed = (await broker.list({ queue: "default", state: "pending", limit: 1_000 })).tasks;
        model.pending.push(...idsOf(listed).filter((id) => moved.has(id)));
        break;
      }
      case "wait":
        clock.advance(step.ms);
    }
    await compareNumbers(broker, model);
  }
}

function remember(model: Model, held: ClaimedTask[], task: ClaimedTask): void {
  model.active.set(task.lease.taskId, { token: task.lease.token, endsAt: task.leaseEndsAt });
  held.push(task);
}

function outcomeOf(kind: (typeof outcomes)[number], at: number): Outcome {
  switch (kind) {
    case "retry":
      return { kind, at, counted: true, error: "failed" };
    case "archived":
      return { kind, error: "failed" };
    case "completed":
      return { kind, result: undefined };
    default:
      return { kind };
  }
}

async function compareNumbers(broker: Broker, model: Model): Promise<void> {
  const numbers = await broker.queue("default");
  if (numbers === undefined) return;
  expect(numbers).toMatchObject({
    counts: {
      pending: model.pending.length,
      active: model.active.size,
      retry: model.retry.size,
      completed: model.completed,
      archived: model.archived,
    },
    processedTotal: model.processed,
    failedTotal: model.failed,
  });
}
