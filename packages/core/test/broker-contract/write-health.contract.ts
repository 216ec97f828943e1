import { describe, expect, it } from "vitest";
import { claimed, claimedOne, placedNow, settled } from "../support/builders.ts";
import { type ContractSetup, useStore } from "../support/contract-store.ts";

export function describeWriteHealthContract(setup: ContractSetup): void {
  describe("write health", () => {
    const store = useStore(setup);

    it("counts calls that wrote tasks, and no others", async () => {
      const { broker } = store;
      expect(broker.writeHealth()).toEqual({ written: 0, failing: [] });
      await broker.enqueue([placedNow({ id: "a" })]);
      expect(broker.writeHealth().written).toBe(1);
      await broker.enqueue([placedNow({ id: "a" })]);
      await broker.claim({ queues: [], limit: 1, handles: { kind: "all" }, serverId: "s", leaseMs: 1_000 });
      expect(broker.writeHealth().written).toBe(1);
      const task = await claimedOne(broker);
      expect(broker.writeHealth().written).toBe(2);
      await settled(broker, task, { kind: "done" });
      expect(broker.writeHealth()).toEqual({ written: 3, failing: [] });
    });

    it("probes writing without a trace, on queues with tasks and without", async () => {
      const { broker, other } = store;
      await broker.enqueue([placedNow({ id: "first" }), placedNow({ id: "second" })]);
      const before = await broker.queue("default");
      await broker.probeWrites([]);
      await Promise.all([broker.probeWrites(["default", "nobody-knows"]), other.probeWrites(["default"])]);
      expect(await broker.queue("default")).toEqual(before);
      expect(await broker.queues()).toEqual(["default"]);
      expect((await claimed(broker)).map(({ message }) => message.id)).toEqual(["first", "second"]);
      expect(broker.writeHealth().written).toBe(2);
    });

    it("tells a caller that gives up no failure of the store's", async () => {
      const { broker } = store;
      const signal = AbortSignal.abort(new Error("enough"));
      await Promise.allSettled([broker.enqueue([placedNow()], { signal })]);
      await broker.close();
      await Promise.allSettled([broker.enqueue([placedNow()])]);
      expect(broker.writeHealth()).toEqual({ written: 0, failing: [] });
    });
  });
}
