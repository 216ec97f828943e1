import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root, textOf } from "./support/pages.ts";
import { codesIn } from "./support/tables.ts";

const page = "docs/wire-format.md";
const sources = globSync("packages/core/src/broker/redis/**/*.{ts,lua}", { cwd: root })
  .filter((file) => !file.endsWith("generated.ts"))
  .map((file) => readFileSync(join(root, file), "utf8"));

/** Every different match of the pattern's first group in the adapter. */
function inSources(pattern: RegExp): string[] {
  return [...new Set(sources.flatMap((source) => [...source.matchAll(pattern)].map(([, match = ""]) => match)))];
}

describe("docs/wire-format.md", () => {
  it("has every key and channel of ours that the adapter uses", () => {
    const keys = inSources(/["'`](hikyaku:[^"'`]*[^"'`:])["'`]/g).map((key) =>
      key
        .replace(/\{\$\{trail\}\}/, "{<name>}")
        .replace(/\{\$\{[\w.]+\}\}/, "{<q>}")
        .replace(/\$\{serverId\}/, "<server id>")
        .replace(/\$\{tag\}/, "{…}"),
    );
    expect(keys.length).toBeGreaterThan(10);
    expect(keys.filter((key) => !textOf(page).includes(`\`${key}\``))).toEqual([]);
  });

  it("has every field of ours in a task's hash, and no other", () => {
    // The adapter spells what can't be the id of a task in the same way.
    const fields = inSources(/["'`](hk:[a-z]+)["'`]/g).filter((field) => field !== "hk:none");
    const told = [...textOf(page).matchAll(/^\| field `(hk:\w+)`/gm)].map(([, field]) => field);
    expect(told.sort()).toEqual(fields.sort());
  });

  it("has the fields of the message, with their numbers and types", () => {
    const proto = readFileSync(join(root, "packages/core/proto/task.proto"), "utf8");
    const known = [...proto.matchAll(/^ +(map<string, string>|\w+) (\w+) = (\d+);/gm)].map(([, type, name, number]) => {
      return `${number} ${name} ${type?.replace("map<string, string>", "map of strings")}`;
    });
    expect(messageRows()).toEqual(known);
  });
});

/** The rows of the message's table; one that has two fields counts twice. */
function messageRows(): string[] {
  const lines = textOf(page)
    .split("\n")
    .filter((line) => /^\| \d+(, \d+)* \|/.test(line));
  return lines.flatMap((line) => {
    const [, numbers = "", names = "", type = ""] = line.split("|").map((cell) => cell.trim());
    return numbers.split(", ").map((number, index) => `${number} ${codesIn(names)[index]} ${type}`);
  });
}
