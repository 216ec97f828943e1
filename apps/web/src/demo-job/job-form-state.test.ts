import { describe, expect, it } from "vitest";
import { EMPTY_JOB_FORM, readJobForm, sortRefusals } from "./job-form-state.ts";

describe("the form", () => {
  it("leaves out what is empty, so that the server puts its defaults in", () => {
    expect(readJobForm(EMPTY_JOB_FORM)).toEqual({ valid: true, request: {} });
    expect(readJobForm({ message: "", delay_seconds: "  ", max_retry: "" })).toEqual({ valid: true, request: {} });
  });

  it("keeps spaces in the message and takes numbers from any keyboard", () => {
    expect(readJobForm({ message: " hi ", delay_seconds: " ３０ ", max_retry: "0" })).toEqual({
      valid: true,
      request: { message: " hi ", delay_seconds: 30, max_retry: 0 },
    });
  });

  it.each(["soon", "1.5", "-1", "1e3", "0x10", "99999999999999999999"])("refuses the delay %s", (text) => {
    expect(readJobForm({ ...EMPTY_JOB_FORM, delay_seconds: text })).toEqual({
      valid: false,
      faults: { delay_seconds: { kind: "not-in-range", largest: 31_536_000 } },
    });
  });

  it("names every faulty field at once", () => {
    expect(readJobForm({ message: "a\tb", delay_seconds: "3", max_retry: "1001" })).toEqual({
      valid: false,
      faults: { message: { kind: "not-one-line" }, max_retry: { kind: "not-in-range", largest: 1000 } },
    });
    expect(readJobForm({ ...EMPTY_JOB_FORM, message: "x".repeat(4097) })).toEqual({
      valid: false,
      faults: { message: { kind: "too-long", largest: 4096 } },
    });
  });
});

describe("the server's refusals", () => {
  it("go to their fields, and the rest stays visible", () => {
    const delay = { location: "body.delay_seconds", message: "too long" };
    const again = { location: "body.delay_seconds", message: "too odd" };
    const body = { location: "body", message: "unknown key" };
    expect(sortRefusals([delay, body, again])).toEqual({
      faults: { delay_seconds: { kind: "refused", message: "too long" } },
      others: [body, again],
    });
  });
});
