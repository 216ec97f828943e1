import { describe, expect, it } from "vitest";
import { cutText } from "./cut-text.ts";

describe("cutText", () => {
  it("leaves what is short enough", () => expect(cutText("12345", 5)).toBe("12345"));

  it("says how long the text was", () =>
    expect(cutText("x".repeat(200_000), 3)).toBe("xxx… (the first 3 of 200000 characters)"));

  it("leaves no half of a character", () => expect(cutText("ab😀", 3).isWellFormed()).toBe(true));
});
