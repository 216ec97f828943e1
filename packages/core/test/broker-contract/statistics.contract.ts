import { describe, expect, it } from "vitest";
import { addValue, countPlaces, noCounts, type StatisticsCounts } from "../../src/broker/statistics-counts.ts";
import type { StatisticsCell, StatisticsRow } from "../../src/broker/statistics-facet.ts";
import { periodBegin } from "../../src/broker/statistics-resolution.ts";
import { placedNow } from "../support/builders.ts";
import { type ContractSetup, useStore } from "../support/contract-store.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

export function describeStatisticsContract(setup: ContractSetup): void {
  describe("statistics", () => {
    const store = useStore(setup);
    const thisMinute = (): number => periodBegin("minute", store.clock.now());

    function counts(started: number, runMs?: number): StatisticsCounts {
      const made = noCounts();
      made[countPlaces.started] = started;
      if (runMs !== undefined) addValue(made, "succeededRun", runMs);
      return made;
    }

    const cell = (overrides: Partial<StatisticsCell> = {}): StatisticsCell => ({
      queue: "default",
      type: "mail",
      minute: thisMinute(),
      counts: counts(1),
      ...overrides,
    });

    const lastHour = () =>
      ({
        queues: ["default"],
        resolution: "minute",
        from: store.clock.now() - hourMs,
        to: store.clock.now() + 1,
      }) as const;

    const started = (rows: readonly StatisticsRow[]) =>
      rows
        .map(({ queue, type, at, counts: found }) => [queue, type, at, found[countPlaces.started]])
        .sort((one, two) => (String(one) < String(two) ? -1 : 1));

    it("are the sums of what was reported, by queue, type and minute", async () => {
      const before = thisMinute() - minuteMs;
      await store.broker.addStatistics({
        writer: "a",
        sequence: 1,
        cells: [
          cell({ counts: counts(3, 7) }),
          cell({ minute: before }),
          cell({ type: "sms" }),
          cell({ queue: "low" }),
        ],
      });
      await store.other.addStatistics({ writer: "b", sequence: 1, cells: [cell({ counts: counts(2, 8) })] });
      const each = await store.other.readStatistics({ ...lastHour(), types: "each" });
      expect(started(each)).toEqual([
        ["default", "mail", before, 1],
        ["default", "mail", thisMinute(), 5],
        ["default", "sms", thisMinute(), 1],
      ]);
      const both = counts(5, 7);
      addValue(both, "succeededRun", 8);
      expect(each.find(({ type, at }) => type === "mail" && at === thisMinute())?.counts).toEqual(both);
      expect(started(await store.broker.readStatistics({ ...lastHour(), types: "all" }))).toEqual([
        ["default", undefined, before, 1],
        ["default", undefined, thisMinute(), 6],
      ]);
      expect(started(await store.broker.readStatistics({ ...lastHour(), types: { only: "sms" } }))).toEqual([
        ["default", "sms", thisMinute(), 1],
      ]);
      expect(await store.broker.readStatistics({ ...lastHour(), queues: ["none"], types: "each" })).toEqual([]);
    });

    it("can be read of all queues at once", async () => {
      await store.broker.enqueue([placedNow(), placedNow({ queue: "low" })]);
      const cells = [cell(), cell({ queue: "low", type: "sms" })];
      await store.broker.addStatistics({ writer: "a", sequence: 1, cells });
      const { queues: _, ...everywhere } = lastHour();
      const both = [
        ["default", "mail", thisMinute(), 1],
        ["low", "sms", thisMinute(), 1],
      ];
      expect(started(await store.broker.readStatistics({ ...everywhere, types: "each" }))).toEqual(both);
      const named = { ...everywhere, queues: ["low", "default", "none"], types: "each" } as const;
      expect(started(await store.broker.readStatistics(named))).toEqual(both);
    });

    it("count a report once, however often it is repeated, and each writer's own", async () => {
      const first = { writer: "a", sequence: 1, cells: [cell(), cell({ queue: "low" })] };
      await store.broker.addStatistics(first);
      await store.other.addStatistics(first);
      await store.broker.addStatistics({ ...first, sequence: 2 });
      await store.broker.addStatistics({ ...first, writer: "b" });
      await store.broker.addStatistics(first);
      for (const queue of ["default", "low"]) {
        const rows = await store.broker.readStatistics({ ...lastHour(), queues: [queue], types: "all" });
        expect(started(rows)).toEqual([[queue, undefined, thisMinute(), 3]]);
      }
    });

    it("are also kept by ten minutes and by day", async () => {
      const minute = periodBegin("ten_minutes", store.clock.now()) - 20 * minuteMs;
      const cells = [
        cell({ minute }),
        cell({ minute: minute + 9 * minuteMs }),
        cell({ minute: minute + 10 * minuteMs }),
      ];
      await store.broker.addStatistics({ writer: "a", sequence: 1, cells });
      const rows = await store.broker.readStatistics({ ...lastHour(), resolution: "ten_minutes", types: "all" });
      expect(started(rows)).toEqual([
        ["default", undefined, minute, 2],
        ["default", undefined, minute + 10 * minuteMs, 1],
      ]);
      const day = periodBegin("day", minute);
      const days = await store.broker.readStatistics({ ...lastHour(), from: day, resolution: "day", types: "all" });
      expect(days.reduce((sum, { counts: found }) => sum + (found[countPlaces.started] ?? 0), 0)).toBe(3);
    });

    it("are gone from the minutes after eight hours, and stay in the days", async () => {
      await store.broker.addStatistics({ writer: "a", sequence: 1, cells: [cell()] });
      const from = store.clock.now() - hourMs;
      store.clock.advance(8 * hourMs + 2 * minuteMs);
      const range = { queues: ["default"], from, to: store.clock.now() + 1, types: "all" } as const;
      expect(await store.broker.readStatistics({ ...range, resolution: "minute" })).toEqual([]);
      expect(await store.broker.readStatistics({ ...range, resolution: "day" })).toHaveLength(1);
      // The day's numbers take a report of a minute that is not kept any more.
      const late = cell({ minute: periodBegin("minute", from + hourMs) });
      await store.broker.addStatistics({ writer: "a", sequence: 2, cells: [late] });
      expect(await store.broker.readStatistics({ ...range, resolution: "minute" })).toEqual([]);
      const [day] = await store.broker.readStatistics({ ...range, resolution: "day" });
      expect(day?.counts[countPlaces.started]).toBe(2);
    });

    it("tell 256 types of a minute apart, and take all further ones for one", async () => {
      const type = (index: number) => `type-${String(index).padStart(3, "0")}`;
      const some = (from: number, to: number) =>
        Array.from({ length: to - from }, (_, index) => cell({ type: type(from + index) }));
      await store.broker.addStatistics({ writer: "a", sequence: 1, cells: some(0, 250) });
      await store.broker.addStatistics({
        writer: "a",
        sequence: 2,
        cells: [...some(240, 300), cell({ type: "x".repeat(201) })],
      });
      const rows = await store.broker.readStatistics({ ...lastHour(), types: "each" });
      const byType = new Map(rows.map((row) => [row.type, row.counts[countPlaces.started]]));
      // 250, then six more, whichever come first, and the rest.
      expect(byType.get(type(249))).toBe(2);
      expect(byType.size).toBe(257);
      expect(byType.get("other")).toBe(45);
      const [all] = await store.broker.readStatistics({ ...lastHour(), types: "all" });
      expect(all?.counts[countPlaces.started]).toBe(311);
    });

    it("refuse a range of more than a thousand periods", async () => {
      const range = { ...lastHour(), to: store.clock.now() + 1_001 * minuteMs, types: "all" } as const;
      await expect(async () => store.broker.readStatistics(range)).rejects.toMatchObject({ code: "invalid_option" });
    });

    it("go with their queue", async () => {
      await store.broker.enqueue([placedNow()]);
      await store.broker.addStatistics({ writer: "a", sequence: 1, cells: [cell()] });
      for (let cursor: string | undefined; ; ) {
        const answer = await store.broker.removeQueue("default", {
          force: true,
          limit: 100,
          ...(cursor !== undefined && { cursor }),
        });
        if (answer.kind !== "more") break;
        cursor = answer.cursor;
      }
      expect(await store.broker.readStatistics({ ...lastHour(), types: "each" })).toEqual([]);
    });
  });
}
