import { describe, expect, it, onTestFinished } from "vitest";
import * as z from "zod";
import { isHikyakuError } from "../errors.ts";
import { encodePayload, encodeResult, parsePayload, parseResult, rawBytes } from "./payload.ts";
import { defineTask } from "./task.ts";

const text = (bytes: Uint8Array | undefined): string | undefined => bytes && new TextDecoder().decode(bytes);
const bytes = (json: string): Uint8Array => new TextEncoder().encode(json);

async function refusalOf(run: () => unknown) {
  try {
    await run();
  } catch (error) {
    if (isHikyakuError(error, "invalid_payload")) return error;
    throw error;
  }
  throw new Error("expected a refusal");
}

/** A promise that is none of JavaScript's own. */
function aThenable(then: (resolve: (value: unknown) => void, reject: (error: Error) => void) => void): unknown {
  return { then };
}

const anything = defineTask({ type: "any" });
const trimmed = defineTask({
  type: "trim",
  payload: z.object({ name: z.string().transform((name) => `<${name}>`), at: z.coerce.date().optional() }),
});

describe("payload", () => {
  it("is stored as the caller gave it and parsed once, by the handler's side", async () => {
    const stored = await encodePayload(trimmed, { name: "x", at: new Date(0) });
    expect(text(stored)).toBe('{"name":"x","at":"1970-01-01T00:00:00.000Z"}');
    expect(await parsePayload(trimmed, stored)).toEqual({ name: "<x>", at: new Date(0) });
  });

  it("is absent when it is undefined, and undefined when it is absent or empty", async () => {
    expect(encodePayload(anything, undefined)).toBeUndefined();
    expect(parsePayload(anything, undefined)).toBeUndefined();
    expect(parsePayload(anything, new Uint8Array())).toBeUndefined();
    expect(text(await encodePayload(anything, null))).toBe("null");
  });

  it("passes encoded JSON through as it is", () => {
    const encoded = bytes('{ "spaced": 1 }');
    expect(encodePayload(anything, encoded)).toEqual(Buffer.from(encoded));
    expect(parsePayload(anything, encoded)).toEqual({ spaced: 1 });
  });

  it("may be bytes that are no JSON, for a task that says so", async () => {
    const binary = defineTask({ type: "binary", payload: rawBytes, result: rawBytes });
    const payload = Uint8Array.of(0, 255);
    expect(encodePayload(binary, payload)).toEqual(Buffer.from(payload));
    expect(parsePayload(binary, payload)).toBe(payload);
    expect(parsePayload(binary, undefined)).toEqual(new Uint8Array());
    expect(encodeResult(binary, payload)).toEqual(Buffer.from(payload));
    expect((await refusalOf(() => encodePayload(binary, "text"))).message).toContain("expected a Uint8Array");
  });

  it("is no promise, which JSON would write as {}; one that rejects ends no process", async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", note);
    onTestFinished(() => void process.off("unhandledRejection", note));
    const message = 'payload of "any": expected a value, got a promise, which JSON writes as {}; await it';
    expect((await refusalOf(() => encodePayload(anything, Promise.reject(new Error("later"))))).message).toBe(message);
    expect((await refusalOf(() => encodeResult(anything, Promise.resolve(1)))).message).toContain("got a promise");
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
  });

  it.each([
    ["a promise of another make", aThenable((resolve) => resolve({ issues: [{ message: "no" }] }))],
    ["a promise of another make that rejects", aThenable((_, reject) => reject(new Error("no")))],
    [
      "a promise that can't be awaited",
      aThenable(() => {
        throw new Error("no");
      }),
    ],
    ["nothing", undefined],
  ])("lets no value pass where its schema answers with %s", async (_, answer) => {
    const validate = () => answer as never;
    const strange = defineTask({ type: "strange", payload: { "~standard": { version: 1, vendor: "own", validate } } });
    const { message } = await refusalOf(() => encodePayload(strange, {}));
    expect(message).toMatch(
      /^payload of "strange" (?:does not fit its schema: no|can't be tested, its schema failed: )/,
    );
    expect((await refusalOf(() => parsePayload(strange, bytes("{}")))).message).toBe(message);
  });

  it("is what it was at the call, whatever is written into its bytes later", () => {
    const binary = defineTask({ type: "binary", payload: rawBytes, result: rawBytes });
    const handedIn = Buffer.from("first");
    const encoded = [
      encodePayload(binary, handedIn),
      encodePayload(anything, handedIn),
      encodeResult(binary, handedIn),
    ];
    handedIn.write("other");
    expect(encoded).toEqual([1, 2, 3].map(() => Buffer.from("first")));
  });

  it("says which places do not fit the schema", async () => {
    const task = defineTask({ type: "t", payload: z.object({ a: z.object({ b: z.array(z.number()) }) }) });
    const error = await refusalOf(() => encodePayload(task, { a: { b: [1, "x"] } }));
    expect(error.issues).toEqual([{ path: ["a", "b", 1], message: expect.stringContaining("number") }]);
    expect(error.message).toMatch(/^payload of "t" does not fit its schema: a\.b\.1: /);
  });

  it("is tested in the form that the handler's side will see", async () => {
    const task = defineTask({ type: "t", payload: z.object({ at: z.date() }) });
    expect((await refusalOf(() => encodePayload(task, { at: new Date(0) }))).issues[0]?.path).toEqual(["at"]);
    const numbers = defineTask({ type: "n", payload: z.number().or(z.nan()) });
    await refusalOf(() => encodePayload(numbers, Number.NaN));
  });

  it.each([
    ["a bigint", 1n],
    ["a function", () => 1],
    ["a symbol", Symbol("x")],
    ["something that throws", { toJSON: () => JSON.parse("{") }],
  ])("can't be %s", async (_, value) => {
    expect((await refusalOf(() => encodePayload(anything, value))).message).toContain("JSON can hold");
  });

  it("can't have a cycle", async () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    expect((await refusalOf(() => encodePayload(anything, cycle))).message).toContain("circular");
  });

  it("can't be bytes where the schema is of JSON", async () => {
    const task = defineTask({ type: "t", payload: z.instanceof(Uint8Array) });
    expect((await refusalOf(() => encodePayload(task, new Uint8Array(1)))).message).toContain("rawBytes");
  });

  it("that is stored and no JSON in UTF-8 is refused with what to do", async () => {
    for (const stored of [bytes("{"), Uint8Array.of(0x22, 0xff, 0x22)]) {
      expect((await refusalOf(() => parsePayload(anything, stored))).message).toContain("use the schema rawBytes");
    }
  });

  it("may have a schema that answers later, or throws", async () => {
    const later = defineTask({ type: "later", payload: z.string().refine(async (value) => value === "yes") });
    expect(text(await encodePayload(later, "yes"))).toBe('"yes"');
    await refusalOf(() => encodePayload(later, "no"));
    const explode = (): never => {
      throw new Error("boom");
    };
    const throwing = defineTask({ type: "throwing", payload: z.string().transform(explode) });
    expect((await refusalOf(() => encodePayload(throwing, "x"))).message).toContain("its schema failed: boom");
  });
});

describe("result", () => {
  it("goes the same way as a payload", async () => {
    const task = defineTask({ type: "t", result: z.object({ at: z.coerce.date() }) });
    const kept = await encodeResult(task, { at: new Date(0) });
    expect(text(kept)).toBe('{"at":"1970-01-01T00:00:00.000Z"}');
    expect(await parseResult(task, kept)).toEqual({ at: new Date(0) });
    expect((await refusalOf(() => encodeResult(task, {}))).message).toContain('result of "t"');
  });
});
