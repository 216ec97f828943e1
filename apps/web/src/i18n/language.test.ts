import { describe, expect, it } from "vitest";
import { chooseLanguage, localeFor } from "./language.ts";
import { en } from "./messages/en.ts";
import { ja } from "./messages/ja.ts";
import { plainText, type RichText } from "./rich-text.ts";

describe("the language", () => {
  it("is the remembered one, else the browser's first that we have, else English", () => {
    expect(chooseLanguage("ja", ["en-US"])).toBe("ja");
    expect(chooseLanguage(null, ["fr-FR", "ja-JP", "en"])).toBe("ja");
    expect(chooseLanguage("tlh", ["en-GB", "ja"])).toBe("en");
    expect(chooseLanguage(null, ["fr"])).toBe("en");
    expect(chooseLanguage(null, [])).toBe("en");
  });

  it("shows times in the browser's own regional form", () => {
    expect(localeFor("en", ["ja-JP", "en-GB"])).toBe("en-GB");
    expect(localeFor("ja", ["en-GB"])).toBe("ja");
  });
});

const NUMBERS = ["2", "3", "4", "5", "6"];

function isRichText(node: unknown): node is RichText {
  return Array.isArray(node) && node.every((part) => typeof part === "string" || "code" in part);
}

/** Every text by its path; functions are called with numbers, which fit each of their parameters in a template. */
function textsOf(node: unknown, path = ""): [string, string][] {
  if (typeof node === "string") return [[path, node]];
  if (typeof node === "function") return textsOf(node(...NUMBERS), path);
  if (isRichText(node)) return [[path, plainText(node)]];
  return Object.entries(node as object).flatMap(([key, value]) => textsOf(value, `${path}/${key}`));
}

describe("the texts", () => {
  it("are all there in both languages, and none is left in English", () => {
    const english = new Map(textsOf(en));
    const japanese = textsOf(ja);
    expect(japanese.map(([path]) => path)).toEqual([...english.keys()]);
    for (const [path, text] of japanese) {
      expect(text.trim(), path).not.toBe("");
      expect(text, path).not.toBe(english.get(path));
    }
  });
});
