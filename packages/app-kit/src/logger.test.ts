import { describe, expect, it } from "vitest";
import { libraryLogger } from "./library-logger.ts";
import { loggerTo } from "./logger.ts";

const taken = ["level", "time", "pid", "hostname", "name", "msg", "v"];
const hostile = "\u001b]0;x\u0007\u0085\u009b31m\u007f\u202e\u2066\u200f\u061c\u2028\u2029\ud800\r\n";

function aLog(format: "json" | "pretty" = "json") {
  const lines: string[] = [];
  return { lines, logger: loggerTo({ write: (line) => lines.push(line) }, { level: "debug", format }) };
}

/** The keys as they stand in the text: a parser would keep the last of two and not tell. */
function keysOf(line: string | undefined): string[] {
  return [...(line ?? "").matchAll(/[{,]"(\w+)":/g)].map(([, key]) => key ?? "");
}

describe("a line of the applications' log", () => {
  it("has each name once, and the writer's own under its name, whatever a field is called", () => {
    const { lines, logger } = aLog();
    libraryLogger(logger).warn("gone", Object.fromEntries([...taken, "err", "reqId"].map((name) => [name, "theirs"])));
    const keys = keysOf(lines[0]);
    expect(keys).toEqual([...new Set(keys)]);
    const line = JSON.parse(lines[0] ?? "");
    expect(line).toMatchObject({ level: 40, pid: process.pid, msg: "gone", err: "theirs", reqId: "theirs" });
    for (const name of taken) expect(line).toMatchObject({ [`field_${name}`]: "theirs" });
  });

  it("keeps what a child logger adds, also from its own fields and those of its children", () => {
    const { lines, logger } = aLog();
    const request = logger.child({ reqId: "request-1", pid: "of the child" });
    request.info({ reqId: "another" }, "one");
    request.child({ reqId: "of the grandchild" }, { level: "info" }).info({ reqId: "another", pid: "theirs" }, "two");
    for (const line of lines) expect(keysOf(line)).toEqual([...new Set(keysOf(line))]);
    const ours = { pid: process.pid, reqId: "request-1", field_pid: "of the child" };
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ ...ours, field_reqId: "another" });
    expect(JSON.parse(lines[1] ?? "")).toMatchObject({
      ...ours,
      field_reqId: "of the grandchild",
      field_field_reqId: "another",
      field_field_pid: "theirs",
    });
  });

  it.each(["json", "pretty"] as const)("steers no terminal and breaks no line, as %s", (format) => {
    const { lines, logger } = aLog(format);
    logger.warn({ text: hostile, deep: { [hostile]: [hostile] }, [hostile]: hostile }, hostile);
    logger.child({ id: hostile }).error({ err: new Error(hostile) }, "failed");
    for (const line of lines) {
      expect(line.endsWith("\n")).toBe(true);
      for (const text of line.split("\n")) expect(text).toMatch(/^[\x20-\x7e]*$/);
    }
    if (format === "json") {
      for (const line of lines) expect(line.split("\n")).toHaveLength(2);
      expect(JSON.parse(lines[0] ?? "")).toMatchObject({ text: hostile, msg: hostile });
    }
  });
});
