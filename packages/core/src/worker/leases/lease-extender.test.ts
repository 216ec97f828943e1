import { describe, expect, it } from "vitest";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import type { Lease } from "../../broker/work-facet.ts";
import { LeaseExtender, type LostLease } from "./lease-extender.ts";
import { LeaseTable, LeaseTableReader } from "./lease-table.ts";

const leaseMs = 30_000;

function setup() {
  const clock = new FakeClock();
  const asked: (readonly Lease[])[] = [];
  const answers = new Map<string, "lost" | Error>();
  const extend = async (leases: readonly Lease[]) => {
    asked.push(leases);
    return leases.map(({ queue }) => {
      const answer = answers.get(queue) ?? "held";
      if (answer instanceof Error) throw answer;
      return answer;
    });
  };
  const anExtender = () => new LeaseExtender({ broker: { extend }, clock, leaseMs });
  const extender = anExtender();
  /** A table as a server has it, with a lease of each queue. */
  const watched = (...queues: string[]) => {
    const table = new LeaseTable();
    const times = {
      leaseEnd: clock.monotonic() + leaseMs,
      leaseEndsAt: clock.now() + leaseMs,
      holdUntil: clock.monotonic() + 10 * leaseMs,
    };
    const entries = queues.map((queue) => table.add({ queue, taskId: `of ${queue}`, token: "server/c1" }, times));
    const lost: LostLease["because"][] = [];
    const watchWith = (by: LeaseExtender) => {
      const reader = new LeaseTableReader();
      table.follow((segment) => reader.addSegment(segment));
      by.add(reader, ({ because }) => lost.push(because));
      return reader;
    };
    const leftMs = () => entries.map((entry) => table.leaseEnd(entry) - clock.monotonic());
    return { reader: watchWith(extender), watchWith, leftMs, lost };
  };
  return { clock, asked, answers, extender, anExtender, watched };
}

describe("a lease extender", () => {
  it("extends the leases of all tables, in one call for each queue", async () => {
    const { clock, asked, extender, watched } = setup();
    const [one, other] = [watched("a", "b"), watched("b")];
    clock.advance(2_000);
    await extender.runOnce();
    expect(asked).toEqual([]);
    clock.advance(1_000);
    await extender.runOnce();
    expect(asked.map((leases) => leases.map(({ queue }) => queue))).toEqual([["a"], ["b", "b"]]);
    expect([...one.leftMs(), ...other.leftMs()]).toEqual([leaseMs, leaseMs, leaseMs]);
  });

  it("extends the others where the store fails for one queue, and fails itself", async () => {
    const { clock, answers, extender, watched } = setup();
    const [one, other] = [watched("broken", "well"), watched("well")];
    answers.set("broken", new Error("CLUSTERDOWN"));
    clock.advance(3_000);
    await expect(extender.runOnce()).rejects.toThrow("CLUSTERDOWN");
    expect([...one.leftMs(), ...other.leftMs()]).toEqual([leaseMs - 3_000, leaseMs, leaseMs]);
    clock.advance(leaseMs - 3_000);
    await expect(extender.runOnce()).rejects.toThrow("CLUSTERDOWN");
    expect([one.lost, other.lost]).toEqual([["time"], []]);
  });

  it("tells of a lost lease to whose table it is in, once", async () => {
    const { clock, asked, answers, extender, watched } = setup();
    const [one, other] = [watched("a"), watched("b")];
    answers.set("a", "lost");
    clock.advance(3_000);
    await extender.runOnce();
    clock.advance(leaseMs);
    await extender.runOnce();
    expect([one.lost, other.lost]).toEqual([["store"], []]);
    expect(asked.flat().filter(({ queue }) => queue === "a")).toHaveLength(1);
  });

  it("goes on from where another one has come to, also while the store does not answer", async () => {
    const { clock, answers, extender, anExtender, watched } = setup();
    const { watchWith, lost } = watched("a");
    clock.advance(20_000);
    await extender.runOnce();
    const next = anExtender();
    watchWith(next);
    answers.set("a", new Error("away"));
    clock.advance(20_000);
    await expect(next.runOnce()).rejects.toThrow("away");
    expect(lost).toEqual([]);
    clock.advance(10_000);
    await expect(next.runOnce()).rejects.toThrow("away");
    expect(lost).toEqual(["time"]);
  });

  it("says that leases are late when half of one is over, but for those that are lost or not wanted any more", async () => {
    const { clock, answers, extender, watched } = setup();
    watched("a");
    clock.advance(leaseMs / 2);
    expect(extender.isLate).toBe(false);
    clock.advance(1);
    expect(extender.isLate).toBe(true);
    await extender.runOnce();
    expect(extender.isLate).toBe(false);
    answers.set("a", "lost");
    clock.advance(leaseMs);
    await extender.runOnce();
    expect(extender.isLate).toBe(false);
    watched("b");
    clock.advance(10 * leaseMs);
    expect(extender.isLate).toBe(false);
  });

  it("leaves alone what is in a table that was taken away from it", async () => {
    const { clock, asked, extender, watched } = setup();
    const { reader } = watched("a");
    watched("b");
    extender.remove(reader);
    clock.advance(3_000);
    await extender.runOnce();
    expect(asked.flat().map(({ queue }) => queue)).toEqual(["b"]);
  });
});
