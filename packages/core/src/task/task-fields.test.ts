import { afterEach, describe, expect, it } from "vitest";
import { SourceCopy } from "../../test/support/source-copy.ts";
import { fieldNames, fieldRow } from "./task-fields.ts";

const copies: SourceCopy[] = [];

function aCopy(): SourceCopy {
  const copy = new SourceCopy();
  copies.push(copy);
  return copy;
}

afterEach(() => {
  for (const copy of copies.splice(0)) copy.remove();
});

const options = { timeout: 120_000 };

describe("a message with one more field", () => {
  it.each(["TaskRequest", "TaskHistory"])("is refused until the table has its row: %s", options, (type) => {
    const copy = aCopy();
    copy.insert("broker/task-message.ts", `export interface ${type} {`, "readonly color?: string;");
    expect(copy.refused()).toContain("task/task-fields.ts");
  });

  it("of Asynq's is refused by all code that goes through the fields by hand", options, () => {
    const copy = aCopy();
    copy.insert("broker/task-message.ts", "export interface TaskRequest {", "readonly color: string | undefined;");
    copy.insert(
      "task/task-fields.ts",
      "const requestFields = {",
      'color: { kind: "text", wire: 16, column: "color", default: "", identity: "named", inheritable: true },',
    );
    expect(copy.refused()).toEqual(["broker/sqlite/task-row.ts", "codec/task-codec.ts", "enqueue/enqueued-task.ts"]);
  });

  it("of the library's own is refused until it can be asked for", options, () => {
    const copy = aCopy();
    copy.insert("broker/task-message.ts", "export interface TaskRequest {", "readonly color?: string;");
    copy.insert("task/task-fields.ts", "const requestFields = {", ownRow);
    expect(copy.refused()).toEqual(["task/task-options.ts"]);
  });
});

const ownRow =
  'color: { kind: "text", wire: "none", hash: "hk:exact", column: "color", default: undefined, identity: "named", inheritable: true },';

describe("the table of a task's fields", () => {
  it("gives each field a number and a column of its own", () => {
    const numbers = fieldNames.map((name) => fieldRow(name).wire).filter((wire) => typeof wire === "number");
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(new Set(fieldNames.map((name) => fieldRow(name).column)).size).toBe(fieldNames.length);
  });
});
