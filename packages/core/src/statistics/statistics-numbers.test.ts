import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addCounts, addCountsText, addValue, countsText, noCounts } from "../broker/statistics-counts.ts";
import { histogramEndsMs, percentileMs, statisticsNumbersOf } from "./statistics-numbers.ts";

describe("histograms of durations", () => {
  function histogramOf(...values: number[]) {
    const counts = noCounts();
    for (const value of values) addValue(counts, "lateness", value);
    return statisticsNumbersOf(counts).lateness;
  }

  it("put each duration into the range that ends at it or after it, and the longest into a last one", () => {
    for (const [index, end] of histogramEndsMs.entries()) {
      expect(histogramOf(end).buckets[index]).toBe(1);
      expect(histogramOf(end + 1).buckets[index + 1]).toBe(1);
    }
    expect(histogramOf(0, -5).buckets[0]).toBe(2);
  });

  it("estimate a percentile within the range in which it lies", () => {
    expect(percentileMs(histogramOf(), 0.5)).toBeUndefined();
    const sorted = (values: number[]) => values.sort((one, two) => one - two);
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 86_400_000 }), { minLength: 1 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, share) => {
          const estimate = percentileMs(histogramOf(...values), share) ?? -1;
          const exact = sorted(values)[Math.max(0, Math.ceil(share * values.length) - 1)] ?? 0;
          const range = histogramEndsMs.findIndex((end) => exact <= end);
          expect(estimate).toBeGreaterThanOrEqual(histogramEndsMs[range - 1] ?? 0);
          expect(estimate).toBeLessThanOrEqual(histogramEndsMs[range] ?? 0);
        },
      ),
    );
    expect(percentileMs(histogramOf(100_000_000), 0.5)).toBe(86_400_000);
  });

  it("are the same after they were kept as text, and add up", () => {
    const counts = noCounts();
    for (const value of [1, 70, 3_000, 100_000_000]) addValue(counts, "failedRun", value);
    const read = noCounts();
    addCountsText(read, countsText(counts));
    expect(read).toEqual(counts);
    addCountsText(read, `${countsText(counts)},9999:1,x,3:y`);
    addCounts(counts, counts);
    expect(read).toEqual(counts);
  });
});
