import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { blocksOf } from "./support/declared.ts";
import { pages, proseOf, root } from "./support/pages.ts";

const japanese = pages.filter((page) => page.startsWith("docs/ja/"));
const englishOf = (page: string) => page.replace("docs/ja/", "docs/");

/** The blocks of a page, without what differs by language: comments, messages, names of values. */
function codeOf(page: string): string[] {
  return blocksOf(page)
    .filter(({ run }) => !("not" in run))
    .map(({ language, code }) => `${language}\n${code.replaceAll(/ *#.*$/gm, "").replaceAll("こんにちは", "hello")}`);
}

function headingsOf(page: string): number[] {
  return [...proseOf(page).matchAll(/^(#+) /gm)].map(([, marks = ""]) => marks.length);
}

describe("a page in Japanese", () => {
  it.for(japanese)("shows no code that the English one does not: %s", (page) => {
    expect(existsSync(join(root, englishOf(page)))).toBe(true);
    expect(codeOf(englishOf(page))).toEqual(expect.arrayContaining(codeOf(page)));
  });

  it.for(japanese)("is led to by the English one, and leads to it: %s", (page) => {
    expect(proseOf(page)).toContain(`](../${page.slice("docs/ja/".length)})`);
    expect(proseOf(englishOf(page)) + proseOf("README.md")).toContain(`${page.slice("docs/".length)})`);
  });

  it("has the chapters and the code of the English one: docs/ja/Queue-Job.md", () => {
    const [page, english] = ["docs/ja/Queue-Job.md", "docs/Queue-Job.md"];
    expect(headingsOf(page)).toEqual(headingsOf(english));
    expect(codeOf(page)).toEqual(codeOf(english));
  });
});
