import { describe, expect, it } from "vitest";
import { sampleOf } from "../../../test/support/field-samples.ts";
import { decodeTaskMessage, encodeTaskMessage } from "../../codec/task-codec.ts";
import { defaultMessage } from "../../task/default-message.ts";
import { fieldNames, fieldRow } from "../../task/task-fields.ts";
import type { TaskMessage } from "../task-message.ts";
import { besideMessage, withBeside } from "./beside-message.ts";

const message = defaultMessage({ id: "a", type: "t", queue: "default" });

function stored(written: TaskMessage): TaskMessage {
  return withBeside(decodeTaskMessage(encodeTaskMessage(written)), besideMessage(written));
}

describe("what lies beside a message", () => {
  it("tells each time to the millisecond that its row says so of, and no other", () => {
    const times = fieldNames.filter((name) => ["duration", "moment"].includes(fieldRow(name).kind));
    const exact = times.filter((name) => stored({ ...message, [name]: 2_500 })[name] === 2_500);
    expect(exact.length).toBeGreaterThan(0);
    expect(exact).toEqual(times.filter((name) => fieldRow(name).hash !== undefined));
  });

  it("is nothing where the message says it all", () => {
    expect(besideMessage(message)).toBeUndefined();
    const asynqs = fieldNames.filter((name) => fieldRow(name).wire !== "none");
    for (const name of asynqs)
      expect([name, besideMessage({ ...message, ...sampleOf(name) })]).toEqual([name, undefined]);
  });

  it("counts no longer for a time that somebody else wrote into the message", () => {
    const beside = besideMessage({ ...message, timeoutMs: 1_500, retentionMs: 2_500 });
    const changed = decodeTaskMessage(encodeTaskMessage({ ...message, timeoutMs: 9_000, retentionMs: 2_500 }));
    expect(withBeside(changed, beside)).toMatchObject({ timeoutMs: 9_000, retentionMs: 2_500 });
  });
});
