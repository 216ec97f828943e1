import { afterEach, describe, expect, it } from "vitest";
import type { Broker } from "../../src/broker/broker.ts";
import type { Signal } from "../../src/broker/signal-facet.ts";
import { enqueuedAndClaimed, placedAt, settled } from "../support/builders.ts";
import { type ContractSetup, useStore } from "../support/contract-store.ts";

export function describeSignalsContract(setup: ContractSetup): void {
  describe("signals", () => {
    const store = useStore(setup);
    const stops: (() => void)[] = [];
    afterEach(() => {
      for (const stop of stops.splice(0)) stop();
    });

    /** Everything that is said to `listener` from when it hears at all; `said` ends with what was sent before the call. */
    const listening = async (listener: Broker): Promise<{ said: () => Promise<Signal[]> }> => {
      const heard: Signal[] = [];
      stops.push(listener.listen((signal) => void (signal.kind !== "listening" && heard.push(signal))));
      let marks = 0;
      const heardMark = async (): Promise<number> => {
        const taskId = `mark-${++marks}`;
        const isMark = (signal: Signal) => signal.kind === "cancel" && signal.taskId === taskId;
        // Listening begins some time after it was asked for, so the mark is said until it is heard.
        await expect
          .poll(
            async () => {
              if (!heard.some(isMark)) await store.broker.send({ kind: "cancel", taskId });
              return heard.some(isMark);
            },
            { interval: 20, timeout: 5_000 },
          )
          .toBe(true);
        return heard.findIndex(isMark);
      };
      await heardMark();
      const isOurs = (signal: Signal) => signal.kind !== "cancel" || !signal.taskId.startsWith("mark-");
      return { said: async () => heard.slice(0, await heardMark()).filter(isOurs) };
    };

    it("reach listeners on every broker, the sender's own included", async () => {
      const [own, other] = [await listening(store.broker), await listening(store.other)];
      await store.broker.send({ kind: "cancel", taskId: "task ü 1" });
      await store.broker.send({ kind: "due_sooner", queue: "my queue", at: 1_700_000_000_001 });
      const expected: Signal[] = [
        { kind: "cancel", taskId: "task ü 1" },
        { kind: "due_sooner", queue: "my queue", at: 1_700_000_000_001 },
      ];
      for (const listener of [own, other]) {
        expect(await listener.said()).toEqual(expect.arrayContaining(expected));
      }
    });

    it("name one queue's task where the cancel does, whatever the names look like", async () => {
      const listener = await listening(store.other);
      const expected: Signal[] = [
        { kind: "cancel", queue: "my queue", taskId: "task 1" },
        { kind: "cancel", queue: "1 ü", taskId: "2 ü\n" },
        { kind: "cancel", queue: "q", taskId: "" },
        { kind: "cancel", taskId: "8 my queuetask 1" },
      ];
      for (const signal of expected) await store.broker.send(signal);
      expect(await listener.said()).toEqual(expected);
    });

    it("reach each listener of a broker until it stops listening", async () => {
      const staying = await listening(store.other);
      const heard: Signal[] = [];
      const stop = store.other.listen((signal) => void (signal.kind !== "listening" && heard.push(signal)));
      await store.broker.send({ kind: "cancel", taskId: "first" });
      await staying.said();
      expect(heard).toContainEqual({ kind: "cancel", taskId: "first" });
      stop();
      stop();
      const before = heard.length;
      await store.broker.send({ kind: "cancel", taskId: "second" });
      expect(await staying.said()).toContainEqual({ kind: "cancel", taskId: "second" });
      expect(heard).toHaveLength(before);
    });

    it("tell of a task that is due earlier than all others of its queue, and of no other", async () => {
      const listener = await listening(store.other);
      const now = store.clock.now();
      await store.broker.enqueue([placedAt(now + 60_001)]);
      await store.broker.enqueue([placedAt(now + 90_000)]);
      await store.broker.enqueue([placedAt(now + 30_002), placedAt(now + 10_003)]);
      await store.broker.enqueue([placedAt(now + 50_000, { queue: "other" })]);
      // Of two queues either may be told first: in a cluster they lie on two servers.
      const said = async (): Promise<unknown> =>
        Object.groupBy(await listener.said(), (signal) => ("queue" in signal && signal.queue) || "none");
      await expect.poll(said, { timeout: 5_000 }).toEqual({
        default: [
          { kind: "due_sooner", queue: "default", at: now + 60_001 },
          { kind: "due_sooner", queue: "default", at: now + 10_003 },
        ],
        other: [{ kind: "due_sooner", queue: "other", at: now + 50_000 }],
      });
    });

    it("tell of a retry that is due earlier than all others of its queue", async () => {
      const listener = await listening(store.other);
      const now = store.clock.now();
      await store.broker.enqueue([placedAt(now + 60_000)]);
      const task = await enqueuedAndClaimed(store.broker);
      await settled(store.broker, task, { kind: "retry", at: now + 7_007, counted: true, error: "x" });
      const signal = { kind: "due_sooner", queue: "default", at: now + 7_007 };
      await expect.poll(() => listener.said(), { timeout: 5_000 }).toContainEqual(signal);
    });
  });
}
