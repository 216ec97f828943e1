import { describe, expect, it } from "vitest";
import { visibleLines, visibleText } from "./visible-text.ts";

/** Every code point that a terminal or a viewer obeys, found by asking for each range by its numbers. */
const ranges = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0x61c, 0x61c],
  [0x200e, 0x200f],
  [0x2028, 0x202e],
  [0x2066, 0x2069],
  [0xd800, 0xdfff],
] as const;
const hostile = ranges.flatMap(([first, last]) =>
  Array.from({ length: last - first + 1 }, (_, index) => String.fromCharCode(first + index)),
);

describe("visibleText", () => {
  it("shows every character that a terminal would obey, and obeys none", () => {
    for (const character of hostile) {
      const shown = visibleText(`a${character}b`);
      expect(shown).toMatch(/^a\\(u[0-9a-f]{4}|[nrt])b$/);
      expect(JSON.parse(`"${shown}"`)).toBe(`a${character}b`);
    }
  });

  it("leaves alone what can be read in any language", () => {
    const text = 'Grüße, 飛脚 🏃🏽‍♂️ שלום مرحبا "x" \\n';
    expect(visibleText(text)).toBe(text);
  });

  it("keeps JSON the same JSON", () => {
    const value = { text: hostile.join("") };
    expect(JSON.parse(visibleText(JSON.stringify(value)))).toEqual(value);
  });

  it("leaves line breaks to text that has several lines", () => {
    expect(visibleLines("one\n\u001b[2Jtwo\r\n")).toBe("one\n\\u001b[2Jtwo\\r\n");
  });
});
