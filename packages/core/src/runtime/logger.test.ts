import { describe, expect, it } from "vitest";
import { fieldsBeside, jsonLogger, type LogFields, withFields } from "./logger.ts";

function logged(write: (logger: ReturnType<typeof jsonLogger>) => void): Record<string, unknown> {
  const lines: string[] = [];
  write(jsonLogger("debug", (line) => lines.push(line)));
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0] ?? "") as Record<string, unknown>;
}

describe("jsonLogger", () => {
  it.each(["time", "level", "message"])("lets no field hide the line's own %s", (name) => {
    const line = logged((logger) => logger.warn("gone", { [name]: "theirs", other: 1 }));
    expect(line).toMatchObject({ level: "warn", message: "gone", other: 1, [`field_${name}`]: "theirs" });
    expect(line["time"]).toMatch(/^\d{4}-/);
  });

  it("writes a line whatever its fields hold, and says which of them it can't show", () => {
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    const fields = {
      circle,
      count: 10n,
      get broken() {
        throw new Error("own fault");
      },
      late: { toJSON: () => circle },
      fine: [1],
    };
    const line = logged((logger) => logger.error("gone", fields));
    expect(line).toMatchObject({ level: "error", message: "gone", count: "10", fine: [1] });
    expect(line).toMatchObject({ broken: "a value that can't be shown: own fault" });
    expect(line["circle"]).toMatch(/^a value that can't be shown: /);
    expect(line["late"]).toMatch(/^a value that can't be shown: /);
  });

  it("writes whatever a terminal would obey so that it is shown", () => {
    const lines: string[] = [];
    const hostile = "\u001b[2J\u0085\u009b31m\u007f\u202e\u2066\u200f\u061c\u2028\ud800\n";
    jsonLogger("info", (line) => lines.push(line)).info(hostile, { [hostile]: hostile });
    expect(lines[0]).toMatch(/^[\x20-\x7e]+\n$/);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ message: hostile, [hostile]: hostile });
  });
});

describe("withFields", () => {
  it("lets a line's own fields hide none of those that every line carries", () => {
    const line = logged((logger) => withFields(logger, { taskId: "ours" }).info("x", { taskId: "theirs", more: 2 }));
    expect(line).toMatchObject({ taskId: "ours", field_taskId: "theirs", more: 2 });
  });

  it("repeats nothing that is the same", () => {
    const line = logged((logger) => withFields(logger, { type: "t", queue: "q" }).info("done", { type: "t", ms: 3 }));
    expect(Object.keys(line)).toEqual(["time", "level", "message", "type", "queue", "ms"]);
  });

  it("keeps them apart through several layers", () => {
    const line = logged((logger) => {
      const inner = withFields(withFields(logger, { queue: "outer" }), { queue: "inner" });
      inner.info("x", { queue: "line", level: "loud" });
    });
    expect(line).toMatchObject({ queue: "outer", field_field_queue: "inner", field_queue: "line", level: "info" });
    expect(line).toMatchObject({ field_level: "loud" });
  });
});

describe("fieldsBeside", () => {
  it("loses no field, whatever the names are", () => {
    const fields: LogFields = { pid: 1, field_pid: 2, field_field_pid: 3, msg: 4, free: 5 };
    const apart = fieldsBeside(new Set(["pid", "msg", "field_field_pid"]), fields);
    expect(Object.values(apart).toSorted()).toEqual([1, 2, 3, 4, 5]);
    expect(Object.keys(apart)).not.toEqual(expect.arrayContaining(["pid"]));
    expect(apart).toMatchObject({ field_pid: 2, field_msg: 4, free: 5 });
  });

  it("gives back the same object where no name is taken", () => {
    const fields = { free: 1 };
    expect(fieldsBeside(new Set(["pid"]), fields)).toBe(fields);
  });
});
