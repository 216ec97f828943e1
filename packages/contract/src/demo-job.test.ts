import { describe, expect, it } from "vitest";
import * as z from "zod";
import {
  MAX_DELAY_SECONDS,
  MAX_MAX_RETRY,
  MAX_MESSAGE_CHARACTERS,
  registerDemoJobRequest,
  registerDemoJobResponse,
  resolveDemoJob,
} from "./index.ts";

function refusalOf(body: unknown): { path: string; message: string }[] {
  const result = registerDemoJobRequest.safeParse(body);
  if (result.success) throw new Error(`expected a refusal, but ${JSON.stringify(body)} was accepted`);
  return result.error.issues.map((issue) => ({ path: issue.path.join("."), message: issue.message }));
}

describe("a registration request", () => {
  it("means the defaults where a key is missing, 0 or empty", () => {
    const defaults = { message: "Job executed successfully", delaySeconds: 180, maxRetry: 10 };
    expect(resolveDemoJob(registerDemoJobRequest.parse({}))).toEqual(defaults);
    const empty = registerDemoJobRequest.parse({ message: "", delay_seconds: 0, max_retry: 0 });
    expect(resolveDemoJob(empty)).toEqual(defaults);
  });

  it("keeps what was asked for", () => {
    const request = registerDemoJobRequest.parse({ message: " 飛脚 🏃 ", delay_seconds: 3, max_retry: 1 });
    expect(resolveDemoJob(request)).toEqual({ message: " 飛脚 🏃 ", delaySeconds: 3, maxRetry: 1 });
  });

  it("takes the largest values and refuses the next ones", () => {
    const largest = {
      message: "🏃".repeat(MAX_MESSAGE_CHARACTERS),
      delay_seconds: MAX_DELAY_SECONDS,
      max_retry: MAX_MAX_RETRY,
    };
    expect(registerDemoJobRequest.parse(largest)).toEqual(largest);
    const paths = refusalOf({
      message: "x".repeat(MAX_MESSAGE_CHARACTERS + 1),
      delay_seconds: MAX_DELAY_SECONDS + 1,
      max_retry: MAX_MAX_RETRY + 1,
    }).map(({ path }) => path);
    expect(paths).toEqual(["message", "delay_seconds", "max_retry"]);
  });

  it.each([
    ["a line feed", "a\nb", "U+000A at character 2"],
    ["a carriage return", "🏃\r", "U+000D at character 2"],
    ["a tab", "\t", "U+0009 at character 1"],
    ["an escape", "\u001b[2J", "U+001B at character 1"],
    ["a delete", "\u007f", "U+007F"],
    ["a next line", "\u0085", "U+0085"],
    ["a line separator", "\u2028", "U+2028"],
    ["a paragraph separator", "\u2029", "U+2029"],
    ["half a surrogate pair", "\ud83c", "U+D83C"],
  ])("refuses %s in the message, since one job prints one line", (_, message, expected) => {
    expect(refusalOf({ message })).toEqual([{ path: "message", message: expect.stringContaining(expected) }]);
  });

  it.each([-1, 1.5, "3", null, true, [], {}, Number.MAX_VALUE])(
    "refuses %j where a whole number belongs, and says what came",
    (value) => {
      for (const key of ["delay_seconds", "max_retry"]) {
        const refusals = refusalOf({ [key]: value });
        expect(refusals).toHaveLength(1);
        expect(refusals[0]).toMatchObject({
          path: key,
          message: expect.stringMatching(/^expected a whole number from 0 to \d+, got /),
        });
      }
    },
  );

  it("refuses a message that is not a string", () => {
    expect(refusalOf({ message: 7 })).toEqual([{ path: "message", message: "expected a string, got 7" }]);
  });

  it("refuses unknown keys and names the known ones", () => {
    expect(refusalOf({ delay: 3 })[0]?.message).toBe(
      'expected only the keys message, delay_seconds, max_retry, job_id, got "delay": correct the name or leave it out',
    );
  });

  it.each([[null], [[]], ["{}"], [3], [undefined]])("refuses the body %j", (body) => {
    expect(refusalOf(body)[0]?.message).toMatch(
      /^expected an object with message, delay_seconds, max_retry, job_id, got /,
    );
  });
});

describe("the schemas", () => {
  it("become JSON Schema that states the same bounds", () => {
    const schema = z.toJSONSchema(registerDemoJobRequest, { io: "input" });
    expect(schema.$defs?.["RegisterDemoJobRequest"]).toMatchObject({
      type: "object",
      additionalProperties: false,
      properties: {
        message: { type: "string", maxLength: 4096, pattern: expect.any(String) },
        delay_seconds: { type: "integer", minimum: 0, maximum: 31_536_000 },
        max_retry: { type: "integer", minimum: 0, maximum: 1000 },
      },
    });
    expect(schema.$defs?.["RegisterDemoJobRequest"]).not.toHaveProperty("required");
  });

  it("know the answer by its id and status", () => {
    expect(registerDemoJobResponse.parse({ job_id: "a", status: "registered" })).toEqual({
      job_id: "a",
      status: "registered",
    });
    expect(registerDemoJobResponse.safeParse({ job_id: "", status: "registered" }).success).toBe(false);
    expect(registerDemoJobResponse.safeParse({ job_id: "a", status: "queued" }).success).toBe(false);
  });

  it("say what a line is in a pattern that tools of every language read", () => {
    const schema = z.toJSONSchema(registerDemoJobRequest, { io: "input" }).$defs?.["RegisterDemoJobRequest"];
    const message = schema?.properties?.["message"];
    const pattern = typeof message === "object" ? (message.pattern ?? "") : "";
    expect(pattern).not.toMatch(/\\[pP]/);
    // A surrogate alone can't be sent in UTF-8; a tool that reads unit by unit must let whole characters pass.
    const characters = Array.from({ length: 0x1_0000 }, (_, code) => String.fromCharCode(code)).filter((character) =>
      character.isWellFormed(),
    );
    const refused = characters.filter((message) => !registerDemoJobRequest.safeParse({ message }).success);
    expect(refused).toHaveLength(32 + 33 + 2);
    for (const flags of ["", "u", "v"]) {
      const published = new RegExp(pattern, flags);
      expect(characters.filter((message) => !published.test(message))).toEqual(refused);
      expect(published.test("飛脚 🏃")).toBe(true);
    }
  });
});
