import "../support/expectations.ts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TaskMessage, UnknownField } from "../../src/broker/task-message.ts";
import { decodeTaskMessage, encodeTaskMessage } from "../../src/codec/task-codec.ts";
import { isHikyakuError } from "../../src/errors.ts";
import { brokenMessages, messages, unknownFields } from "./broken-bytes.ts";

/** HIKYAKU_FUZZ multiplies how much is tried, HIKYAKU_SEED says what; a failure prints its seed. */
const times = Number(process.env["HIKYAKU_FUZZ"] ?? 1);
const seed = Number(process.env["HIKYAKU_SEED"] ?? 20_261_121);

describe("the task codec, on any bytes", () => {
  it("gives a message or corrupt_data, in the time and the room that the bytes take", {
    timeout: 30_000 * times,
  }, () => {
    let slowestMs = 0;
    fc.assert(
      fc.property(brokenMessages, (bytes) => {
        const startedAt = performance.now();
        const message = decoded(bytes);
        slowestMs = Math.max(slowestMs, performance.now() - startedAt);
        if (message !== undefined) expect(sizeOf(message)).toBeLessThanOrEqual(bytes.length);
      }),
      { seed, numRuns: 5_000 * times },
    );
    // Far above what any machine needs for some hundred bytes, far below what a loop or a large allocation takes.
    expect(slowestMs).toBeLessThan(500);
  });

  it("takes what it could read for the same message after it wrote it", { timeout: 30_000 * times }, () => {
    fc.assert(
      fc.property(brokenMessages, (bytes) => {
        const message = decoded(bytes);
        if (message !== undefined) expect(decodeTaskMessage(encodeTaskMessage(message))).toEqual(message);
      }),
      { seed, numRuns: 5_000 * times },
    );
  });

  it("reads every message that it wrote as the same one", { timeout: 30_000 * times }, () => {
    fc.assert(
      fc.property(messages, (message) => {
        expect(decodeTaskMessage(encodeTaskMessage(message))).toEqual(message);
      }),
      { seed, numRuns: 2_000 * times },
    );
  });

  it("writes unknown fields as they came, behind those that it knows", { timeout: 30_000 * times }, () => {
    fc.assert(
      fc.property(messages, unknownFields, fc.boolean(), (message, extra, first) => {
        const known = encodeTaskMessage(message);
        const bytes = first ? Buffer.concat([extra, known]) : Buffer.concat([known, extra]);
        const read = decodeTaskMessage(bytes);
        expect(encodeTaskMessage(read)).toEqual(Buffer.concat([known, extra]));
        expect(encodeTaskMessage({ ...read, retried: 7 })).toEqual(
          Buffer.concat([encodeTaskMessage({ ...message, retried: 7 }), extra]),
        );
      }),
      { seed, numRuns: 2_000 * times },
    );
  });
});

/** Undefined for bytes that are no message; anything else that is thrown fails the test. */
function decoded(bytes: Uint8Array): TaskMessage | undefined {
  try {
    return decodeTaskMessage(bytes);
  } catch (error) {
    if (!isHikyakuError(error, "corrupt_data")) throw error;
    expect(error.message).toMatch(/^task message: expected /);
    return undefined;
  }
}

function sizeOf(message: TaskMessage): number {
  return Object.values(message).reduce((sum, value) => sum + sizeOfValue(value), 0);
}

/** The bytes of a text, of bytes, of texts with their names, or of fields without a name. */
function sizeOfValue(value: unknown): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (value instanceof Uint8Array) return value.length;
  if (typeof value !== "object" || value === null) return 0;
  const parts = Array.isArray(value) ? value.map((field: UnknownField) => field.data) : Object.entries(value).flat();
  return parts.reduce((sum, part) => sum + sizeOfValue(part), 0);
}
