import { describe, expect, it } from "vitest";
import { problem } from "./index.ts";

const invalid = {
  type: "about:blank",
  title: "Unprocessable Entity",
  status: 422,
  code: "invalid_body",
  detail: "The body has 1 error; nothing was registered.",
  errors: [
    { location: "body.delay_seconds", message: "expected a whole number from 0 to 31536000, got -1", value: -1 },
  ],
};

describe("problem details", () => {
  it("keep every error with its place, message and value", () => {
    expect(problem.parse(invalid)).toEqual(invalid);
  });

  it("keep members of their own kind, as RFC 9457 allows", () => {
    expect(problem.parse({ ...invalid, retryAfterSeconds: 3 })).toHaveProperty("retryAfterSeconds", 3);
  });

  it("need no errors and no instance", () => {
    const { errors: _, ...rest } = invalid;
    expect(problem.safeParse(rest).success).toBe(true);
  });

  it("are not what a proxy answers", () => {
    expect(problem.safeParse({ error: "Bad Gateway" }).success).toBe(false);
    expect(problem.safeParse({ ...invalid, status: 200 }).success).toBe(false);
    expect(problem.safeParse({ ...invalid, code: "no_such_code" }).success).toBe(false);
  });
});
