import { describe, expect, it } from "vitest";
import { prettyLine } from "./pretty-line.ts";

describe("prettyLine", () => {
  it("puts time, level and message first and the fields behind", () => {
    const line = JSON.stringify({
      level: 40,
      time: new Date(2026, 0, 2, 3, 4, 5).getTime(),
      store: "redis",
      a: 1,
      msg: "gone",
    });
    expect(prettyLine(line)).toBe("03:04:05 WARN  gone store=redis a=1\n");
  });

  it("lets nothing that was logged begin a line of its own", () => {
    const line = JSON.stringify({ level: 30, time: 0, url: "/a\nb", msg: "one\ntwo" });
    expect(prettyLine(line).split("\n")).toHaveLength(2);
    expect(prettyLine(line)).toContain('one\\ntwo url="/a\\nb"');
  });

  it("shows an error that has no stack among the fields", () => {
    expect(prettyLine(JSON.stringify({ level: 50, time: 0, msg: "failed", err: "why" }))).toContain("failed err=why\n");
  });

  it("shows the stack of an error below it", () => {
    const line = JSON.stringify({
      level: 50,
      time: 0,
      msg: "failed",
      err: { message: "x", stack: "Error: x\n    at y" },
    });
    expect(prettyLine(line).split("\n").slice(1)).toEqual(["  Error: x", "      at y", ""]);
  });

  it("leaves alone what is no JSON", () => {
    expect(prettyLine("hello\n")).toBe("hello\n");
  });
});
