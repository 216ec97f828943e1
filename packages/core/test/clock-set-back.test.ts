import { describe, expect, it } from "vitest";
import { ripeAt } from "../src/broker/group-facet.ts";
import { placedNow } from "./support/builders.ts";
import { FakeClock } from "./support/fake-clock.ts";
import { ShiftedClock } from "./support/shifted-clock.ts";
import { stores } from "./worker/stores.ts";

const hoursMs = 3 * 3_600_000;

// What a store keeps from the time when a clock was hours ahead, after that clock was set right. Scheduler entries:
// scheduler/scheduler.test.ts.
describe.each(stores)("a moment that lies ahead of now, on $name,", ({ open }) => {
  async function setup() {
    const clock = new ShiftedClock(new FakeClock());
    clock.aheadMs = hoursMs;
    return { clock, broker: (await open()).connect({ clock }) };
  }

  it("keeps no group from being aggregated", async () => {
    const { clock, broker } = await setup();
    const limits = { maxSize: undefined, maxDelayMs: undefined, gracePeriodMs: 60_000 };
    const join = async (): Promise<void> => {
      const { message } = placedNow({ group: "g" });
      await broker.enqueue([{ message, placement: { kind: "group" } }]);
    };
    await join();
    expect(await broker.collect({ queue: "default", group: "g", limits, holdMs: 1_000 })).toBeUndefined();
    clock.aheadMs = 0;
    await join();
    const [numbers] = await broker.groups("default");
    if (numbers === undefined) throw new Error("expected a group");
    expect(ripeAt(numbers, limits, clock.now())).toBe(clock.now());
    const set = await broker.collect({ queue: "default", group: "g", limits, holdMs: 1_000 });
    expect(set?.messages).toHaveLength(2);
  });

  it("does not show a server that is gone as one that is there", async () => {
    const { clock, broker } = await setup();
    const server = {
      serverId: "gone",
      host: "host",
      pid: 1,
      concurrency: 1,
      queues: { default: 1 },
      strictPriority: false,
      status: "active" as const,
      startedAt: clock.now(),
      activeWorkers: 0,
      details: undefined,
    };
    await broker.announce(server, [], 1_000);
    await broker.announceEntries("gone", [], 1_000);
    expect((await broker.servers()).servers).toHaveLength(1);
    clock.aheadMs = 0;
    await expect.poll(async () => (await broker.servers()).servers, { timeout: 5_000 }).toEqual([]);
    expect(await broker.scheduleRecords()).toEqual([]);
  });
});
