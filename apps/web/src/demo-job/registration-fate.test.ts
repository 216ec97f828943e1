import { PROBLEM_CODES, STATUS_OF_PROBLEM } from "@hikyaku/contract";
import { describe, expect, it } from "vitest";
import { fateOf } from "./registration-fate.ts";

describe("what a failed registration means", () => {
  it("is 'nothing stored' only for the codes that promise it", () => {
    const codes = PROBLEM_CODES.filter((code) => STATUS_OF_PROBLEM[code] === 503);
    const surely = codes.filter((code) => fateOf({ kind: "unavailable", code, detail: "" }).fate === "not_stored");
    expect(surely.toSorted()).toEqual(["broker_unavailable", "closed", "overloaded", "store_rejected"]);
  });

  it("is 'perhaps stored' when the server took the request and its answer is missing or odd", () => {
    expect(fateOf({ kind: "unreachable" }).fate).toBe("perhaps");
    expect(fateOf({ kind: "timed-out", deadlineSeconds: 10 }).fate).toBe("perhaps");
    expect(fateOf({ kind: "unexpected", status: 502, detail: "" }).fate).toBe("perhaps");
  });

  it("is 'nothing stored' when nothing was sent or the server refused it", () => {
    expect(fateOf({ kind: "offline" }).fate).toBe("not_stored");
    expect(fateOf({ kind: "invalid", detail: "", errors: [] }).fate).toBe("not_stored");
    expect(fateOf({ kind: "rate-limited", retryAfterSeconds: 3 }).fate).toBe("not_stored");
    expect(fateOf({ kind: "refused", status: 413, code: "body_too_large", detail: "" }).fate).toBe("not_stored");
  });
});
