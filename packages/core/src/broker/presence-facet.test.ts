import { describe, expect, it } from "vitest";
import { saidAt } from "./presence-facet.ts";

describe("the moment of a last word", () => {
  it("is what the server wrote down", () => expect(saidAt(1_000, 61_000)).toBe(1_000));

  it("is ten seconds before its end for builds that wrote none, and where anything else lies there", () => {
    for (const said of [undefined, "x", Number.NaN, 20_001]) expect(saidAt(said, 20_000)).toBe(10_000);
  });
});
