import { describe, expect, it } from "vitest";
import { pauseNote, queuePauseOf } from "../src/broker/redis/pause-note.ts";

describe("the note beside a pause flag", () => {
  it("says who and why of the pause that it was written for, and nothing of another", () => {
    const note = pauseNote("1700000000", { who: "ana", reason: "why" });
    expect(queuePauseOf("1700000000", note)).toEqual({ at: 1_700_000_000_000, who: "ana", reason: "why" });
    expect(queuePauseOf("1700000777", note)).toEqual({ at: 1_700_000_777_000 });
  });

  it("is no error when it is none, nor is a flag that is no moment", () => {
    for (const note of ["", "null", "7", "{", '{"flag":"1","who":7}']) {
      expect(queuePauseOf("1", note).who).toBeUndefined();
    }
    expect(queuePauseOf("yes", "")).toEqual({ at: undefined });
  });
});
