import { describe, expect, it } from "vitest";
import { table } from "./output.ts";

describe("a table", () => {
  it("keeps its columns where characters are wide, joined or marks of others", () => {
    const names = ["default", "飛脚キュー", "e\u0301te\u0301", "👨‍👩‍👧", "ﾒｰﾙ", "한국어"];
    const lines = table([["queue", "pending"], ...names.map((name) => [name, 7])]).split("\n");
    const columns = (text: string): string => text.replace(/[飛脚キュー한국어]/gu, "ww");
    expect(lines.slice(0, 3).map(columns)).toEqual([
      "queue       pending",
      "default           7",
      "wwwwwwwwww        7",
    ]);
    expect(lines.slice(3, 7).map(columns)).toEqual([
      "e\u0301te\u0301               7",
      "👨‍👩‍👧                7",
      "ﾒｰﾙ               7",
      "wwwwww            7",
    ]);
  });
});
