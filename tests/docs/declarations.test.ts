import { describe, expect, it } from "vitest";
import { problemOf } from "./support/declared.ts";
import { fencesIn, pages, textOf } from "./support/pages.ts";

describe("the blocks of the pages", () => {
  it.for(pages)("say how they are run: %s", (page) => {
    expect(
      fencesIn(page, textOf(page))
        .map(problemOf)
        .filter((problem) => problem !== undefined),
    ).toEqual([]);
  });

  it.for([
    ["without a language", "```\nx\n```", 'got ""'],
    ["in a language that nothing runs", "```php\nx\n```", 'got "php"'],
    ["that is not run for no reason", "<!-- run\nnot: x\n-->\n```text\nx\n```", "→ at not"],
    ["with a setting that nobody knows", "<!-- run\nskip: true\n-->\n```ts\nx\n```", 'Unrecognized key: "skip"'],
  ])("are refused %s", ([, text = "", problem]) => {
    const [fence] = fencesIn("page.md", text);
    expect(fence && problemOf(fence)).toContain(problem);
  });
});
