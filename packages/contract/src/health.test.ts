import { describe, expect, it } from "vitest";
import { readiness } from "./index.ts";

describe("readiness", () => {
  it("has one line per dependency", () => {
    const answer = {
      status: "not_ready",
      checks: [
        { name: "jobqueue store", status: "failing", detail: "localhost:6379 refused the connection" },
        { name: "rate limit store", status: "disabled", detail: "" },
      ],
    };
    expect(readiness.parse(answer)).toEqual(answer);
  });

  it("knows no other states", () => {
    expect(readiness.safeParse({ status: "maybe", checks: [] }).success).toBe(false);
    expect(readiness.safeParse({ status: "ready", checks: [{ name: "a", status: "warn", detail: "" }] }).success).toBe(
      false,
    );
  });
});
