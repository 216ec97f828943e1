import { describe, expect, it } from "vitest";
import type { Broker } from "../../src/broker/broker.ts";
import { comparePositions, type KeptEvent, watchedForMs } from "../../src/broker/event-facet.ts";
import type { QueueEvent } from "../../src/broker/queue-event.ts";
import { bytes, claimed, placedAt, placedNow, settled } from "../support/builders.ts";
import { type ContractSetup, useStore } from "../support/contract-store.ts";

const heartbeatMs = 5_000;
const publishMs = 100;
const patience = { timeout: 10_000, interval: 5 };

export function describeEventsContract(setup: ContractSetup): void {
  describe("events", () => {
    const store = useStore(setup);

    /** Has a heartbeat pass, in which the broker asks whether somebody watches, and waits for the answer. */
    const asked = async (broker: Broker = store.broker): Promise<boolean> => {
      for (let round = 0; round < 2; round++) {
        // The first may end a question that was asked before.
        store.clock.advance(heartbeatMs);
        broker.mayBeWatched();
        await broker.readEvents({ limit: 1 });
        await new Promise((resolve) => setImmediate(resolve));
      }
      return broker.mayBeWatched();
    };

    /** Leaves the mark. Answers where the feed ends. */
    const watched = async (): Promise<string> => {
      await store.other.watch(watchedForMs);
      expect(await asked()).toBe(true);
      return (await store.other.readEvents({ limit: 1 })).position;
    };

    /** Everything after a position, once there is as much as expected. */
    const read = async (after: string, count: number): Promise<readonly KeptEvent[]> => {
      const all: KeptEvent[] = [];
      await expect
        .poll(async () => {
          store.clock.advance(publishMs);
          const page = await store.other.readEvents({ after: all.at(-1)?.position ?? after, limit: 1_000 });
          expect(page.missed).toBe(0);
          all.push(...page.events);
          return all.length;
        }, patience)
        .toBeGreaterThanOrEqual(count);
      return all;
    };

    const started = (taskId: string): QueueEvent => ({
      kind: "started",
      at: store.clock.now(),
      queue: "default",
      type: "email:send",
      taskId,
      serverId: "s",
      host: "h",
      pid: 1,
      retried: 0,
    });

    it("are neither told nor kept while nobody watches", async () => {
      await store.broker.enqueue([placedNow()]);
      expect(await asked()).toBe(false);
      store.broker.tell(started("a"));
      store.clock.advance(publishMs);
      expect(await store.other.readEvents({ limit: 10 })).toEqual({ events: [], position: "0-0", missed: 0 });
      expect((await store.other.readEvents({ after: "0-0", limit: 10 })).events).toEqual([]);
    });

    it("come within a heartbeat after somebody began to watch, each once and in order, without any payload", async () => {
      await store.broker.enqueue([placedNow()]);
      const after = await watched();
      const dueAt = store.clock.now() + 60_000;
      const payload = bytes('{"secret":"of the payload"}');
      await store.broker.enqueue([
        placedNow({ id: "one", type: "email:send", payload }),
        placedAt(dueAt, { id: "two" }),
      ]);
      const tasks = await claimed(store.broker, { limit: 5 });
      const one = tasks.find(({ message }) => message.id === "one");
      if (one === undefined) throw new Error("expected the task");
      store.broker.tell(started("one"));
      await settled(store.broker, one, { kind: "archived", error: "x".repeat(900) });
      const events = await read(after, 4);
      expect(events.map(({ event }) => event)).toMatchObject([
        { kind: "enqueued", queue: "default", type: "email:send", taskId: "one", state: "pending" },
        { kind: "enqueued", taskId: "two", state: "scheduled", dueAt },
        { kind: "started", taskId: "one" },
        { kind: "settled", taskId: "one", outcome: "archived", error: "x".repeat(200) },
      ]);
      const positions = events.map(({ position }) => position);
      expect(positions.toSorted(comparePositions)).toEqual(positions);
      expect(new Set(positions).size).toBe(positions.length);
      expect(JSON.stringify(events)).not.toContain("secret");
    });

    it("tell of what the store accepted, and of nothing that it refused", async () => {
      const after = await watched();
      await store.broker.enqueue([placedNow({ id: "same" })]);
      await store.broker.enqueue([placedNow({ id: "same" })]);
      const [task] = await claimed(store.broker);
      if (task === undefined) throw new Error("expected a task");
      await settled(store.broker, task, { kind: "done" });
      await settled(store.broker, task, { kind: "done" });
      store.broker.tell(started("last"));
      expect((await read(after, 3)).map(({ event }) => event.kind)).toEqual(["enqueued", "settled", "started"]);
    });

    it("tell of servers that come, go and are told to", async () => {
      const after = await watched();
      const server = {
        serverId: "server-a",
        host: "h",
        pid: 7,
        concurrency: 1,
        queues: { default: 1, low: 1 },
        strictPriority: false,
        status: "active",
        startedAt: store.clock.now(),
        activeWorkers: 0,
        details: undefined,
      } as const;
      await store.broker.announce(server, [], 10_000);
      await store.broker.announce(server, [], 10_000);
      const by = { host: "h", pid: 8, who: "ada" };
      const order = { orderId: "o", serverId: "server-a", kind: "quiet", at: store.clock.now(), by } as const;
      await store.broker.order(order, 10_000);
      await store.broker.withdraw(server);
      expect((await read(after, 3)).map(({ event }) => event)).toMatchObject([
        { kind: "server_came", serverId: "server-a", queues: ["default", "low"] },
        { kind: "server_told", serverId: "server-a", order: "quiet", by },
        { kind: "server_went", serverId: "server-a" },
      ]);
    });

    it("of several brokers lie in one feed, and a reader can stop and go on anywhere", async () => {
      const after = await watched();
      await store.other.enqueue([placedNow({ id: "other" })]);
      await read(after, 1);
      await store.broker.enqueue([placedNow({ id: "own" })]);
      const all = await read(after, 2);
      expect(all.map(({ event }) => "taskId" in event && event.taskId)).toEqual(["other", "own"]);
      const first = await store.broker.readEvents({ after, limit: 1 });
      expect(first).toEqual({ events: all.slice(0, 1), position: all[0]?.position, missed: 0 });
      const rest = await store.broker.readEvents({ after: first.position, limit: 10 });
      expect(rest).toEqual({ events: all.slice(1), position: all[1]?.position, missed: 0 });
      expect((await store.broker.readEvents({ after: rest.position, limit: 10 })).events).toEqual([]);
    });

    it("begin at their oldest for a position that the feed does not know, and say so", async () => {
      const after = await watched();
      await store.broker.enqueue([placedNow({ id: "one" })]);
      await read(after, 1);
      for (const unknown of ["1-5", "999999999999999-1"]) {
        const page = await store.other.readEvents({ after: unknown, limit: 10 });
        expect([page.missed, page.events.length], unknown).toEqual(["unknown", 1]);
      }
      for (const wrong of ["", "1", "1-", "a-1", "1-1-1", "1-1\n"]) {
        await expect(async () => store.other.readEvents({ after: wrong, limit: 1 }), wrong).rejects.toMatchObject({
          code: "invalid_option",
        });
      }
    });

    it("are not published any more once the watcher's mark has ended", async () => {
      const shortMs = 300;
      expect(await store.other.watch(shortMs)).toBe("began");
      expect(await store.other.watch(shortMs)).toBe("went_on");
      store.clock.advance(shortMs);
      // The mark ends by the store's clock, and Redis has its own.
      await expect.poll(() => asked(), patience).toBe(false);
      const after = (await store.other.readEvents({ limit: 1 })).position;
      store.broker.tell(started("unheard"));
      store.clock.advance(publishMs);
      expect(await store.other.readEvents({ after, limit: 10 })).toEqual({ events: [], position: after, missed: 0 });
      expect(await store.other.watch(shortMs)).toBe("began");
    });

    it("that are told faster than they can be published are counted", async () => {
      const after = await watched();
      for (let index = 0; index < 3_000; index++) store.broker.tell(started(`t${index}`));
      const events = await read(after, 2_001);
      expect(events.slice(0, 2_000).every(({ event }) => event.kind === "started")).toBe(true);
      expect(events[2_000]?.event).toEqual({ kind: "missed", count: 1_000 });
    });

    it("stay as few as the feed may hold, and a reader who fell behind is told how many it lacks", async () => {
      let after = await watched();
      let begin: string | undefined;
      for (let round = 0; round < 43; round++) {
        await store.other.watch(watchedForMs);
        for (let index = 0; index < 500; index++) store.broker.tell(started(`t${round}-${index}`));
        const events = await read(after, 500);
        begin ??= events[0]?.position;
        after = events.at(-1)?.position ?? after;
      }
      if (begin === undefined) throw new Error("expected events");
      const page = await store.other.readEvents({ after: begin, limit: 1 });
      const kept = 43 * 500 - 1 - Number(page.missed);
      expect(kept).toBeGreaterThanOrEqual(20_000);
      expect(kept).toBeLessThanOrEqual(20_200);
      expect(page.events).toHaveLength(1);
    });
  });
}
