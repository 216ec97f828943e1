import { describe, expect, it } from "vitest";
import { LeaseTable, LeaseTableReader } from "./lease-table.ts";

const times = { leaseEnd: 1_000.5, leaseEndsAt: 1_795_301_416_924, holdUntil: 9_000.25 };

function aLease(number: number, taskId = `task-${number}`) {
  return { queue: "default", taskId, token: `server/${number}` };
}

function setup() {
  const table = new LeaseTable();
  const reader = new LeaseTableReader();
  table.follow((segment) => reader.addSegment(segment));
  return { table, reader, leases: () => [...reader.entries()].map((entry) => reader.lease(entry)) };
}

describe("a table of leases", () => {
  it("shows a reader every lease that lies there, with its times", () => {
    const { table, reader, leases } = setup();
    const lease = { queue: "größe", taskId: "名前 😀", token: "server/c1" };
    const entry = table.add(lease, times);
    expect(leases()).toEqual([lease]);
    expect(reader.times(entry)).toEqual(times);
    table.holdUntil(entry, 9_500);
    expect(reader.times(entry).holdUntil).toBe(9_500);
    table.remove(entry);
    expect(leases()).toEqual([]);
  });

  it("grows as needed, and has room for names of any length", () => {
    const { table, leases } = setup();
    const expected = Array.from({ length: 1_000 }, (_, index) => aLease(index));
    expected.push(aLease(1_000, "x".repeat(300)), aLease(1_001, "é".repeat(100_000)));
    for (const lease of expected) table.add(lease, times);
    const byToken = (one: { token: string } | undefined, other: { token: string } | undefined): number =>
      (one?.token ?? "") < (other?.token ?? "") ? -1 : 1;
    expect(leases().sort(byToken)).toEqual(expected.sort(byToken));
  });

  it("shows a reader that comes late what was there before", () => {
    const table = new LeaseTable();
    table.add(aLease(1), times);
    const late = new LeaseTableReader();
    table.follow((segment) => late.addSegment(segment));
    expect([...late.entries()].map((entry) => late.lease(entry))).toEqual([aLease(1)]);
  });

  it("tells its writer and later readers to when a lease was extended, and never of another one that lay in the same place", () => {
    const { table, reader } = setup();
    const first = table.add(aLease(1), times);
    expect(table.leaseEnd(first)).toBe(times.leaseEnd);
    reader.extended(first, { leaseEnd: 5_000, leaseEndsAt: 1_795_301_500_000 });
    expect(table.leaseEnd(first)).toBe(5_000);
    const next = new LeaseTableReader();
    const unfollow = table.follow((segment) => next.addSegment(segment));
    expect(next.times(first)).toEqual({ ...times, leaseEnd: 5_000, leaseEndsAt: 1_795_301_500_000 });
    table.remove(first);
    const second = table.add(aLease(2), times);
    reader.extended(first, { leaseEnd: 6_000, leaseEndsAt: 1_795_301_600_000 });
    expect(table.leaseEnd(second)).toBe(times.leaseEnd);
    expect(next.times(second)).toEqual(times);
    unfollow();
    for (let number = 3; number < 1_000; number++) table.add(aLease(number), times);
    expect([...next.entries()].length).toBeLessThan([...reader.entries()].length);
  });

  it("tells one lease from the next in the same place", () => {
    const { table, reader } = setup();
    const first = table.add(aLease(1), times);
    table.remove(first);
    expect(reader.isThere(first)).toBe(false);
    const second = table.add(aLease(2), times);
    expect(second.slot).toBe(first.slot);
    expect(reader.lease(first)).toBeUndefined();
    expect(reader.setDoubt(first, true)).toBe(false);
    expect(table.isInDoubt(second)).toBe(false);
    expect(reader.lease(second)).toEqual(aLease(2));
  });

  it("keeps what leases of one claim share for as long as one of them is there", () => {
    const { table, leases } = setup();
    const [one, two, other] = ["1", "2", "3"].map((taskId) => ({ queue: "q", taskId, token: "server/c1" }));
    if (one === undefined || two === undefined || other === undefined) throw new Error("expected three");
    const [first, second] = [table.add(one, times), table.add(two, times)];
    table.remove(first);
    const third = table.add({ ...other, token: "server/c2" }, times);
    expect(leases()).toEqual(expect.arrayContaining([two, { ...other, token: "server/c2" }]));
    table.remove(second);
    table.remove(third);
    const again = table.add(one, times);
    expect(leases()).toEqual([one]);
    table.remove(again);
  });

  it("says once that a lease is in doubt, and forgets it with the lease", () => {
    const { table, reader } = setup();
    const entry = table.add(aLease(1), times);
    expect(reader.setDoubt(entry, true)).toBe(true);
    expect(reader.setDoubt(entry, true)).toBe(false);
    expect(table.isInDoubt(entry)).toBe(true);
    expect(reader.lease(entry)).toEqual(aLease(1));
    expect([...reader.entries()]).toMatchObject([{ slot: entry.slot, state: entry.state }]);
    expect(reader.setDoubt(entry, false)).toBe(true);
    expect(table.isInDoubt(entry)).toBe(false);
    reader.setDoubt(entry, true);
    table.remove(entry);
    expect(table.isInDoubt(table.add(aLease(2), times))).toBe(false);
  });
});
