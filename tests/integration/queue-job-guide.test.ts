import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { projectFolder, run } from "./development-scripts.ts";

const read = (path: string) => readFileSync(join(projectFolder, path), "utf8");
const english = read("docs/Queue-Job.md");
const japanese = read("docs/ja/Queue-Job.md");

/** The commands of a page, without their comments and the words that differ by language. */
function commandsIn(page: string): string[] {
  return [...page.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block = ""]) =>
    block
      .trimEnd()
      .split("\n")
      .map((line) => line.replace(/ +# .*/, "").replace("こんにちは", "hello")),
  );
}

/** What a page names in `code` in each row of its tables, by row. */
function tableCodesIn(page: string): string[][] {
  const rows = page.split("\n").filter((line) => line.startsWith("|"));
  const codes = rows.map((row) => [...row.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code));
  return codes.map((row) => row.map((code) => code.replace("ホスト:PID:ID", "host:pid:id")).sort());
}

describe("docs/Queue-Job.md in its two languages", () => {
  it("gives the same commands", () => {
    expect(commandsIn(japanese)).toEqual(commandsIn(english));
  });

  it("has the same tables: commands, fields, errors, keys, settings", () => {
    expect(tableCodesIn(japanese)).toEqual(tableCodesIn(english));
  });

  it("warns in both headings of what more than one worker means", () => {
    expect(english).toMatch(/^## Warning: more than one worker/m);
    expect(japanese).toMatch(/^## 【注意】ワーカーが複数/m);
  });

  it("names every error that a client can cause, in the table of errors", () => {
    for (const code of ["malformed_body", "body_too_large", "unsupported_media_type", "invalid_body", "rate_limited"]) {
      expect(tableCodesIn(english).flat()).toContain(code);
    }
  });
});

describe("the pages of the documentation", () => {
  const pages = ["README.md", "CONTRIBUTING.md", ...markdownIn("docs"), ...markdownIn("docs/ja")];

  it("tell nobody to write a file that git would then take up", async () => {
    const written = pages.flatMap((page) =>
      [
        ...read(page)
          .replaceAll(/^```ts\n.*?^```$/gms, "")
          .matchAll(/(?:>>?|\btee) +([\w./-]+\.\w+)/g),
      ].map(([, file = ""]) => file),
    );
    expect(written).toContain("jobs.txt");
    expect(written).toContain("worker.log");
    const { stdout } = await run("git", ["check-ignore", ...new Set(written)]);
    expect(stdout.trim().split("\n").sort()).toEqual([...new Set(written)].sort());
  });
});

function markdownIn(folder: string): string[] {
  return readdirSync(join(projectFolder, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `${folder}/${name}`);
}
