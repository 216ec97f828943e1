import { fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eachField } from "../../test/support/field-samples.ts";
import { isHikyakuError } from "../errors.ts";
import { fieldRow } from "../task/task-fields.ts";
import { TaskMessageSchema } from "./generated/task_pb.ts";
import { decodeTaskMessage, encodeTaskMessage } from "./task-codec.ts";

const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(" ", ""), "hex");

// Written by Asynq's own encoder (Go).
const golden = {
  plain:
    "0a0a656d61696c3a73656e64 120e7b22757365725f6964223a34327d 1a2431313131313131312d323232322d333333332d343434342d353535353535353535353535 220764656661756c74 2819 40880e",
  everyField:
    "0a0174 1a0469642d31 2208637269746963616c 2803 3001 3a04626f6f6d 401e 4890fecfaa06 521a6173796e713a7b637269746963616c7d3a756e697175653a743a 5880e2cfaa06 6080a305 68e4e2cfaa06 72026731 7a0c0a0574726163651203616263",
  negative: "0a0174 1a0178 220171 28ffffffffffffffffff01 40ffffffffffffffffff01 48fbffffffffffffffff01",
  emptyHeader: "0a0174 1a0178 220171 4001 7a050a016b1200",
};

describe("task codec", () => {
  it.each(Object.entries(golden))("reads Go's bytes and writes the same ones: %s", (_name, hex) => {
    expect(encodeTaskMessage(decodeTaskMessage(bytesOf(hex)))).toEqual(bytesOf(hex));
  });

  it("gives every field its meaning and unit", () => {
    expect(decodeTaskMessage(bytesOf(golden.everyField))).toEqual({
      id: "id-1",
      type: "t",
      queue: "critical",
      payload: new Uint8Array(0),
      maxRetry: 3,
      retried: 1,
      lastError: "boom",
      lastFailedAt: 1_700_000_000_000,
      timeoutMs: 30_000,
      deadlineAt: 1_700_003_600_000,
      uniqueKey: "asynq:{critical}:unique:t:",
      group: "g1",
      retentionMs: 86_400_000,
      completedAt: 1_700_000_100_000,
      headers: { trace: "abc" },
    });
  });

  it("writes each field of a message that is like the one before in all others", () => {
    const before = decodeTaskMessage(bytesOf(golden.plain));
    const asynqs = eachField.filter(([name]) => fieldRow(name).wire !== "none");
    for (const [, field] of asynqs) {
      encodeTaskMessage(before);
      expect(decodeTaskMessage(encodeTaskMessage({ ...before, ...field }))).toEqual({ ...before, ...field });
    }
  });

  it("gives each field the number and the default that its row says", () => {
    const nothing = decodeTaskMessage(Buffer.alloc(0));
    const asWritten = encodeTaskMessage({ ...nothing });
    for (const [name, field] of eachField) {
      const row = fieldRow(name);
      if (name !== "payload") expect([name, nothing[name]]).toEqual([name, row.default]);
      if (typeof row.wire !== "number") continue;
      const written = encodeTaskMessage({ ...nothing, ...field });
      const isNumber = ["count", "duration", "moment"].includes(row.kind);
      expect([name, asWritten.length, written[0]]).toEqual([name, 0, row.wire * 8 + (isNumber ? 0 : 2)]);
      if (!isNumber || row.kind === "count") continue;
      const seconds = row.kind === "duration" ? 3 : 2;
      const finer = encodeTaskMessage({ ...nothing, [name]: 2_500 });
      expect([name, ...finer]).toEqual([name, row.wire * 8, seconds]);
    }
  });

  it("keeps fields that it does not know", () => {
    const withUnknown = Buffer.concat([
      bytesOf(golden.plain),
      bytesOf("8001ac02 8a0103616263 95010a000000 99010a00000000000000"),
    ]);
    expect(encodeTaskMessage(decodeTaskMessage(withUnknown))).toEqual(withUnknown);
  });

  it("rounds durations up to whole seconds, so that half a second never becomes no limit", () => {
    const message = { ...decodeTaskMessage(bytesOf(golden.plain)), timeoutMs: 500, retentionMs: 1_500 };
    expect(decodeTaskMessage(encodeTaskMessage(message))).toMatchObject({ timeoutMs: 1_000, retentionMs: 2_000 });
  });

  it("agrees with the generated encoder on any message", () => {
    const text = fc.string({ unit: "grapheme" });
    const seconds = fc.integer({ min: -8_640_000_000, max: 8_640_000_000 });
    const arbitrary = fc.record({
      type: text,
      payload: fc.uint8Array({ maxLength: 300 }),
      id: text,
      queue: text,
      retry: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      retried: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      errorMsg: text,
      timeout: seconds.map(BigInt),
      deadline: seconds.map(BigInt),
      uniqueKey: text,
      lastFailedAt: seconds.map(BigInt),
      retention: seconds.map(BigInt),
      completedAt: seconds.map(BigInt),
      groupKey: text,
      headers: fc.dictionary(text, text, { maxKeys: 1, noNullPrototype: true }),
    });
    fc.assert(
      fc.property(arbitrary, (fields) => {
        const theirs = toBinary(TaskMessageSchema, { $typeName: "asynq.TaskMessage", ...fields });
        const ours = encodeTaskMessage(decodeTaskMessage(theirs));
        expect(ours).toEqual(Buffer.from(theirs));
        expect(fromBinary(TaskMessageSchema, new Uint8Array(ours))).toEqual(fromBinary(TaskMessageSchema, theirs));
      }),
      { seed: 20_261_121, numRuns: 500 },
    );
  });

  it("answers any bytes with a message or with corrupt_data", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodeTaskMessage(bytes);
        } catch (error) {
          expect(isHikyakuError(error, "corrupt_data")).toBe(true);
        }
      }),
      { seed: 20_261_121, numRuns: 5_000 },
    );
  });

  it("refuses text that is not UTF-8, as Go does", () => {
    expect(() => decodeTaskMessage(bytesOf("0a02c328"))).toThrow("UTF-8");
  });
});
