import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import type { Broker } from "../../src/broker/broker.ts";
import { HikyakuError } from "../../src/errors.ts";
import { Inspector } from "../../src/inspector/inspector.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { aClaim, leaseMs, placedNow, stateOf, stored } from "../support/builders.ts";
import { flakyBroker } from "./flaky-broker.ts";
import { aServer, Happenings, stores } from "./stores.ts";

/**
 * Puts tasks of type "suspect" into the queue "suspects" that were held by two workers that died. Nobody gets them before
 * the queue is resumed.
 */
async function placeSuspects(broker: Broker, count: number, more: { readonly timeoutMs?: number } = {}) {
  const queue = "suspects";
  const items = Array.from({ length: count }, () => placedNow({ queue, type: "suspect", ...more }));
  await broker.enqueue(items);
  for (let death = 0; death < 2; death++) {
    await broker.claim(aClaim({ serverId: "dead", queues: [{ queue, limit: count }] }));
    const from = { kind: "server", serverId: "dead" } as const;
    const { tasks } = await broker.takeBack({ queue, limit: count, serverId: "recoverer", leaseMs, from });
    expect(tasks).toHaveLength(count);
    await broker.settle(tasks.map(({ task }) => ({ task, outcome: { kind: "handed_back" } })));
  }
  await broker.pause(queue);
  return items;
}

async function placeFresh(broker: Broker, count: number, queue = "default"): Promise<void> {
  await broker.enqueue(Array.from({ length: count }, () => placedNow({ queue, type: "fresh" })));
}

/** What runs now, which the test ends, and what ran beside each task when it began. */
class Stage {
  readonly began = new Happenings<{ readonly type: string; readonly beside: number }>();
  readonly #running: (() => void)[] = [];

  readonly handler = async ({ type }: { readonly type: string }): Promise<void> => {
    const end = Promise.withResolvers<void>();
    this.began.add({ type, beside: this.#running.push(end.resolve) - 1 });
    await end.promise;
  };

  endOne(): void {
    this.#running.shift()?.();
  }
}

function staged(broker: Broker, stage: Stage, options: Parameters<typeof aServer>[1] = {}) {
  const server = aServer(broker, options).handleRaw({ prefix: "" }, stage.handler);
  server.start();
  return server;
}

const patience = { timeout: 10_000, interval: 20 };
const bothQueues = { queues: { default: 1, suspects: 1 } };

describe.each(stores)("tasks that were there when workers died, on $name,", ({ open }) => {
  /** A server that runs one task of type "fresh", and holds a suspect that waits. */
  async function withOneWaiting(
    more: { readonly timeoutMs?: number } = {},
    options: Parameters<typeof aServer>[1] = {},
  ) {
    const broker = (await open()).connect();
    await placeFresh(broker, 1);
    const [item] = await placeSuspects(broker, 1, more);
    if (item === undefined) throw new Error("expected a suspect");
    const suspect = item.message;
    const stage = new Stage();
    const server = staged(broker, stage, { ...bothQueues, ...options });
    await stage.began.reach(1);
    await broker.resume("suspects");
    await vi.waitFor(() => expect(server.status().running).toBe(2), patience);
    return { broker, suspect, stage, server };
  }

  it("are told to wait, and not to run, while a server holds one that may not begin", async () => {
    const { broker, suspect, stage } = await withOneWaiting();
    const inspector = new Inspector({ broker, clock: { ...systemClock, now: () => Date.now() + 11_000 } });
    const explained = async () => (await inspector.explainTasks("suspects", [suspect.id])).tasks[0];
    await vi.waitFor(
      async () =>
        expect(await explained()).toMatchObject({
          task: { state: "active", lostAttempts: 2 },
          explanation: { kind: "waits", reason: "runs_apart" },
        }),
      patience,
    );
    stage.endOne();
    await stage.began.reach(2);
    await vi.waitFor(async () => expect(await explained()).toMatchObject({ explanation: { kind: "runs" } }), patience);
    stage.endOne();
  });

  it("run alone, one after another, and then the others beside each other as ever", async () => {
    const broker = (await open()).connect();
    await placeSuspects(broker, 3);
    await placeFresh(broker, 4, "suspects");
    await broker.resume("suspects");
    const stage = new Stage();
    const server = staged(broker, stage, bothQueues);
    for (let count = 1; count <= 3; count++) {
      expect((await stage.began.reach(count)).at(-1)).toEqual({ type: "suspect", beside: 0 });
      stage.endOne();
    }
    const all = await stage.began.reach(7);
    expect(all.slice(3)).toEqual([0, 1, 2, 3].map((beside) => ({ type: "fresh", beside })));
    for (let count = 0; count < 4; count++) stage.endOne();
    await vi.waitFor(async () => expect((await broker.queue("suspects"))?.processedTotal).toBe(7), patience);
    expect(server.status().counts).toMatchObject({ failed: 0, lost: 0 });
  }, 20_000);

  it("wait for what runs, and nothing new begins before them", async () => {
    const { broker, stage } = await withOneWaiting();
    await placeFresh(broker, 1);
    await sleep(300);
    expect(stage.began.all).toHaveLength(1);
    stage.endOne();
    expect((await stage.began.reach(2)).at(-1)).toEqual({ type: "suspect", beside: 0 });
    await sleep(300);
    expect(stage.began.all).toHaveLength(2);
    stage.endOne();
    expect((await stage.began.reach(3)).at(-1)).toEqual({ type: "fresh", beside: 0 });
  }, 20_000);

  it("wait for other servers of the same process too, which begin nothing new meanwhile", async () => {
    const broker = (await open()).connect();
    await placeFresh(broker, 1);
    await placeSuspects(broker, 1);
    const stage = new Stage();
    staged(broker, stage);
    await stage.began.reach(1);
    await broker.resume("suspects");
    const server = staged(broker, stage, { queues: { suspects: 1 } });
    await vi.waitFor(() => expect(server.status().running).toBe(1), patience);
    await placeFresh(broker, 1);
    await sleep(300);
    expect(stage.began.all).toHaveLength(1);
    stage.endOne();
    expect((await stage.began.reach(2)).at(-1)).toEqual({ type: "suspect", beside: 0 });
    stage.endOne();
    expect((await stage.began.reach(3)).at(-1)).toEqual({ type: "fresh", beside: 0 });
  }, 20_000);

  it("keep their lease while they wait, for longer than they may run", async () => {
    const { broker, suspect, stage, server } = await withOneWaiting(
      { timeoutMs: 500 },
      { lease: "2s", abortGrace: "100ms" },
    );
    const { leaseToken } = await stored(broker, suspect);
    await sleep(5_000);
    expect(await stored(broker, suspect)).toMatchObject({ state: "active", leaseToken });
    stage.endOne();
    await stage.began.reach(2);
    stage.endOne();
    await vi.waitFor(() => expect(server.status().counts).toMatchObject({ settled: 2, failed: 0, lost: 0 }), patience);
  }, 20_000);

  it("go back to their queue at once when the server that they wait in stops", async () => {
    const { broker, suspect, stage, server } = await withOneWaiting({}, { shutdownTimeout: "20s" });
    const stopped = server.stop();
    await vi.waitFor(async () => expect(await stateOf(broker, suspect)).toBe("pending"), patience);
    stage.endOne();
    await stopped;
    expect(stage.began.all).toHaveLength(1);
  }, 20_000);

  it("are archived where somebody cancels them while they wait, and others go on", async () => {
    const { broker, suspect, stage } = await withOneWaiting();
    await broker.send({ kind: "cancel", taskId: suspect.id, queue: suspect.queue });
    await vi.waitFor(async () => expect(await stateOf(broker, suspect)).toBe("archived"), patience);
    await placeFresh(broker, 1);
    expect((await stage.began.reach(2)).at(-1)).toEqual({ type: "fresh", beside: 1 });
  }, 20_000);

  it("do not begin before the store knows that they run alone", async () => {
    const real = (await open()).connect();
    await placeSuspects(real, 1);
    await real.resume("suspects");
    const told: string[] = [];
    const broker = flakyBroker(real, {
      beginAlone: async (lease, call) => {
        told.push(lease.token);
        if (told.length < 3) throw new HikyakuError("deadline_exceeded", "no answer, says the test");
        return real.beginAlone(lease, call);
      },
    });
    const stage = new Stage();
    staged(broker, stage, bothQueues);
    await stage.began.reach(1);
    expect(new Set(told).size).toBe(3);
  }, 20_000);
});
