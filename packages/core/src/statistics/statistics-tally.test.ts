import { describe, expect, it } from "vitest";
import { countPlaces } from "../broker/statistics-counts.ts";
import { statisticsNumbersOf } from "./statistics-numbers.ts";
import { StatisticsTally } from "./statistics-tally.ts";

const mail = { queue: "default", type: "mail" };
const noon = Date.UTC(2026, 10, 28, 12);

describe("the tally of what happens to tasks", () => {
  it("counts each event in the minute in which it happened", () => {
    const tally = new StatisticsTally();
    tally.enqueued(mail, noon + 59_999);
    tally.started(mail, noon + 60_000, noon + 59_999);
    tally.enqueued({ queue: "default", type: "sms" }, noon + 60_001);
    const taken = tally.take().map(({ type, minute, counts }) => {
      const { enqueued, started } = statisticsNumbersOf(counts);
      return { type, minute, enqueued, started };
    });
    expect(taken).toEqual([
      { type: "mail", minute: noon, enqueued: 1, started: 0 },
      { type: "mail", minute: noon + 60_000, enqueued: 0, started: 1 },
      { type: "sms", minute: noon + 60_000, enqueued: 1, started: 0 },
    ]);
    expect(tally.take()).toEqual([]);
  });

  it("takes what comes a little late for the minute that is counted, and believes a clock that was set back", () => {
    const tally = new StatisticsTally();
    for (const at of [noon, noon - 10, noon - 3_600_000]) tally.enqueued(mail, at);
    expect(tally.take().map(({ minute, counts }) => [minute, counts[countPlaces.enqueued]])).toEqual([
      [noon, 2],
      [noon - 3_600_000, 1],
    ]);
  });

  it("counts how late a task began, and leaves out those of which nobody said when they joined the line", () => {
    const tally = new StatisticsTally();
    tally.started(mail, noon, noon - 40);
    tally.started(mail, noon, noon + 40);
    tally.started(mail, noon, undefined);
    const [cell] = tally.take();
    const { started, lateness } = statisticsNumbersOf(cell?.counts ?? new Float64Array());
    expect(started).toBe(3);
    expect({ ...lateness, buckets: lateness.buckets.filter((count) => count > 0) }).toEqual({
      count: 2,
      sumMs: 40,
      buckets: [1, 1],
    });
  });

  it("tells 256 types of a queue apart, and counts all others as one", () => {
    const tally = new StatisticsTally();
    for (let index = 0; index < 300; index++) tally.enqueued({ queue: "default", type: `type-${index}` }, noon);
    tally.enqueued({ queue: "low", type: "x".repeat(201) }, noon);
    const taken = tally.take();
    expect(taken).toHaveLength(258);
    const others = taken.filter(({ type }) => type === "other");
    expect(others.map(({ queue, counts }) => [queue, counts[countPlaces.enqueued]])).toEqual([
      ["default", 44],
      ["low", 1],
    ]);
    expect(tally.leftOut).toBe(0);
  });

  it("is bounded in queues, and in minutes that nobody takes, and says how much it gave up", () => {
    const tally = new StatisticsTally();
    for (let index = 0; index < 1_002; index++) tally.enqueued({ queue: `queue-${index}`, type: "mail" }, noon);
    expect(tally.leftOut).toBe(2);
    for (let minute = 1; minute <= 20; minute++) {
      for (let index = 0; index < 1_000; index++) {
        tally.enqueued({ queue: `queue-${index}`, type: "mail" }, noon + minute * 60_000);
      }
    }
    const taken = tally.take();
    expect(taken).toHaveLength(20_000);
    expect(taken[0]?.minute).toBe(noon + 60_000);
    expect(tally.leftOut).toBe(1_002);
  });
});
