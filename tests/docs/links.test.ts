import { existsSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import { pages, proseOf, root, textOf } from "./support/pages.ts";

/** The names that GitHub gives to the headings of a page. */
function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of proseOf(page).matchAll(/^#{1,6} +(.*)$/gm)) {
    const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const name = text.replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, "").replaceAll(" ", "-");
    let anchor = name;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${name}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** Where a page's links and pictures lead, without those to other sites. */
function linksOf(page: string): string[] {
  const links = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
  return links.filter((link) => !/^https?:/.test(link));
}

describe("the links of a page lead somewhere", () => {
  it.for(pages)("%s", (page) => {
    const broken = linksOf(page).filter((link) => {
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? page : normalize(join(dirname(page), decodeURI(path)));
      if (!existsSync(join(root, target))) return true;
      if (anchor === undefined) return false;
      return statSync(join(root, target)).isDirectory() || !anchorsOf(target).has(decodeURIComponent(anchor));
    });
    expect(broken).toEqual([]);
  });

  it("and every page is led to by another one", () => {
    const led = new Set(
      pages.flatMap((page) => linksOf(page).map((link) => normalize(join(dirname(page), link.split("#")[0] ?? "")))),
    );
    const unread = pages.filter((page) => page.startsWith("docs/") && !led.has(page) && !led.has(dirname(page)));
    expect(unread).toEqual([]);
    expect(textOf("README.md")).toContain("](packages/core/README.md)");
  });
});
