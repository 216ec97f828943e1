import { describe, expect, it } from "vitest";
import { noCounts } from "../statistics-counts.ts";
import { addPackedCounts, packCounts } from "./pack-counts.ts";

describe("packed counts", () => {
  it("are the same when they are read, whatever their size", () => {
    const counts = noCounts();
    for (const [place, count] of [1, 127, 128, 255, 256, 65_536, 4_294_967_296, 2 ** 52].entries())
      counts[place] = count;
    const read = noCounts();
    addPackedCounts(read, packCounts(counts));
    expect(read).toEqual(counts);
  });

  it("are read as Redis packs them", () => {
    const read = noCounts();
    // Four numbers: place 1, 200 in a byte, place 2, 2^40 in eight.
    addPackedCounts(read, Buffer.from("9401ccc802cf0000010000000000", "hex"));
    expect([read[1], read[2]]).toEqual([200, 2 ** 40]);
  });

  it("are nothing where something else lies, or where they are cut", () => {
    const read = noCounts();
    for (const hex of ["", "c0", "a3616263", "9201", "9401c0"]) addPackedCounts(read, Buffer.from(hex, "hex"));
    addPackedCounts(read, Buffer.from("92cc6305", "hex"));
    addPackedCounts(read, Buffer.from("92ccfa05", "hex"));
    expect(read.reduce((sum, count) => sum + count, 0)).toBe(0);
  });
});
