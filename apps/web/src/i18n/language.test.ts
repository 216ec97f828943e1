import { describe, expect, it } from "vitest";
import { chooseLanguage, localeFor } from "./language.ts";
import { en } from "./messages/en.ts";
import { ja } from "./messages/ja.ts";

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

/** Every text by its path; functions are called with numbers, which fit each of their parameters in a template. */
function textsOf(node: unknown, path = ""): [string, string][] {
  if (typeof node === "string") return [[path, node]];
  if (typeof node === "function") return [[path, String(node(2, 3))]];
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
