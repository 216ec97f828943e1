import { describe, expect, it } from "vitest";
import { rises, slopeOf } from "./slope.ts";

const bound = { percentPerHour: 10, bytesPerHour: 1_000 };
const line = (perMinute: number, noise: (minute: number) => number = () => 0) =>
  Array.from({ length: 60 }, (_, index) => ({
    minute: index / 4,
    bytes: 50_000 + (perMinute * index) / 4 + noise(index),
  }));

describe("the slope of a soak", () => {
  it("is that of a straight line", () => {
    const slope = slopeOf(line(100));
    expect(slope.bytesPerMinute).toBeCloseTo(100);
    expect(slope.level).toBeCloseTo(50_737.5);
    expect(slope.percentPerHour).toBeCloseTo(11.826, 2);
    expect(slope.uncertainty).toBeCloseTo(0);
  });

  it("counts as a rise only above both bounds", () => {
    expect(rises(slopeOf(line(100)), bound)).toBe(true);
    expect(rises(slopeOf(line(80)), bound)).toBe(false);
    expect(rises(slopeOf(line(100)), { percentPerHour: 10, bytesPerHour: 10_000 })).toBe(false);
    expect(rises(slopeOf(line(-100)), bound)).toBe(false);
  });

  it("does not take scatter for a rise", () => {
    const scatter = (index: number) => (index % 2 === 0 ? 4_000 : -4_000) * Math.cos(index);
    const slope = slopeOf(line(100, scatter));
    expect(slope.uncertainty).toBeGreaterThan(20);
    expect(rises(slope, bound)).toBe(false);
  });
});
