import type { TaskMessage } from "../../src/broker/task-message.ts";
import type { FieldKind } from "../../src/task/field-kind.ts";
import { fieldNames, fieldRow } from "../../src/task/task-fields.ts";

const samples: Readonly<Record<FieldKind, unknown>> = {
  text: "other",
  count: 4,
  duration: 31_000,
  moment: 1_900_000_000_000,
  bytes: Buffer.from("other"),
  texts: { other: "abc", empty: "" },
  wire_fields: [{ no: 16, wireType: 0, data: Buffer.of(5) }],
};

/** One field alone, with a value that no message has by itself. */
export function sampleOf(name: keyof TaskMessage): Partial<TaskMessage> {
  return { [name]: samples[fieldRow(name).kind] };
}

/** For each field what `sampleOf` gives, with its name. */
export const eachField = fieldNames.map((name) => [name, sampleOf(name)] as const);
