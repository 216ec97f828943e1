import { execFileSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Server } from "hikyaku";
import { describe, expect, it } from "vitest";
import { variableOf } from "../../packages/config/src/environment.ts";
import { settingsSchema } from "../../packages/config/src/schema.ts";
import { settingPaths } from "../../packages/config/src/schema-node.ts";
import { inlineCodeOf, pages, proseOf, root } from "./support/pages.ts";

// What was released may name what is gone by now.
const current = pages.filter((page) => page !== "CHANGELOG.md");

const listed = ["ls-files", "--cached", "--others", "--exclude-standard"];
const files = execFileSync("git", listed, { cwd: root, encoding: "utf8" }).trim().split("\n");
const names = new Set(files.map((file) => basename(file)));
const folders = new Set(files.map((file) => file.split("/")[0]));
const sources = files
  .filter((file) => !file.endsWith("package-lock.json"))
  .filter((file) => /\.(tsx?|mjs|lua|sql|proto|sh|ya?ml|json|go)$/.test(file) && !file.startsWith("tests/docs/"))
  .map((file) => readFileSync(join(root, file), "utf8"))
  .join("\n");
const words = new Set(sources.match(/\w+/g));
/** Names of other programs: BullMQ, Redis, Dragonfly, Node.js; and of what a reader's payloads may hold. */
const foreignWords = new Set([
  "attemptsMade",
  "cancelJob",
  "card_number",
  "endDate",
  "getChildrenValues",
  "getDelayed",
  "getJobs",
  "maxStalledCount",
  "moveToDelayed",
  "moveToWaitingChildren",
  "queueEvents",
  "removeOnFail",
  "updateData",
  "updateProgress",
  "upsertJobScheduler",
  "waitUntilFinished",
  "used_cpu",
  "used_memory",
  "default_lua_flags",
  "maxRequestsPerSocket",
]);
/** What is made at run time, or is written for an example. */
const notInGit =
  /^(data|redis|node_modules|bench\/results|packages\/core\/dist)\b|^config\/(production\/\w+\.yaml$|\{)|\bname\./;

/** Whether something is there that a page names as a path, or by its file's name alone. */
function isThere(path: string): boolean {
  if (folders.has(path.split("/")[0])) return globSync(path.replace(/\/$/, ""), { cwd: root }).length > 0;
  return path.includes("/") ? files.some((file) => file.endsWith(`/${path}`)) : names.has(path);
}

function isPath(code: string): boolean {
  if (!/^\w[\w.{}*@/-]*$/.test(code) || notInGit.test(code)) return false;
  return /\.(ts|mjs|lua|sql|proto|sh)$/.test(code) || (code.includes("/") && folders.has(code.split("/")[0]));
}

describe("what a page names is there", () => {
  it.for(current)("files and folders: %s", (page) => {
    expect(inlineCodeOf(page).filter((code) => isPath(code) && !isThere(code))).toEqual([]);
  });

  it.for(current)("npm scripts: %s", (page) => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const called = proseOf(page).matchAll(/`[^`]*\bnpm (?:run (?:-s |--silent )?([\w:]+)|(start|test)\b)/g);
    const gone = [...called]
      .map(([, run, short]) => run ?? short ?? "")
      .filter((name) => !Object.hasOwn(scripts, name));
    expect(gone).toEqual([]);
  });

  it.for(current)("settings, and what a server can do: %s", (page) => {
    const paths = settingPaths(settingsSchema("local", "/"));
    const sections = new Set(paths.map(([section = ""]) => section));
    const known = new Set(paths.flatMap((path) => path.map((_, end) => path.slice(0, end + 1).join("."))));
    const keys = inlineCodeOf(page).filter((code) => /^[a-z_]+(\.[a-z_]+)+$/.test(code) && !code.endsWith(".ts"));
    const ours = keys.filter((key) => sections.has(key.split(".")[0] ?? "") && !key.endsWith(".yaml"));
    const methods = Object.getOwnPropertyNames(Server.prototype).map((name) => `server.${name}`);
    expect(ours.filter((key) => !known.has(key) && !methods.includes(key))).toEqual([]);
  });

  it.for(current)("variables: %s", (page) => {
    const known = settingPaths(settingsSchema("local", "/")).map((path) => variableOf(path));
    const named = inlineCodeOf(page).flatMap((code) => [...code.matchAll(/HIKYAKU__\w+/g)].map(([name]) => name));
    const isKnown = (name: string) =>
      known.some((variable) => [variable, `${variable}_FILE`].includes(name) || variable.startsWith(`${name}__`));
    expect(named.filter((name) => !isKnown(name))).toEqual([]);
  });

  it.for(current)("options, codes, fields and methods: %s", (page) => {
    // Words with a capital or an underscore inside; others may be words of a language.
    const named = inlineCodeOf(page).flatMap(
      (code) => code.match(/\b(?:[a-z]+[A-Z]\w*|[a-z]+(?:_[a-z0-9]+)+)\b/g) ?? [],
    );
    expect(named.filter((word) => !words.has(word) && !foreignWords.has(word))).toEqual([]);
  });

  it.for(current)("variables of scripts and tests: %s", (page) => {
    const named = inlineCodeOf(page).flatMap((text) => [...text.matchAll(/HIKYAKU_[A-Z]\w+/g)].map(([name]) => name));
    expect(named.filter((name) => !sources.includes(name))).toEqual([]);
  });
});

describe("what is there is named", () => {
  it("each folder, in CONTRIBUTING.md", () => {
    const text = proseOf("CONTRIBUTING.md");
    const inside = files.flatMap(
      (file) => /^((?:packages|tests)\/[^/]+)\/|^apps\/([^/]+)\//.exec(file)?.slice(1, 3) ?? [],
    );
    const missing = [...new Set(inside)].filter((name) => name !== undefined && !text.includes(`\`${name}\``));
    expect(missing).toEqual([]);
  });

  it("each npm script, in CONTRIBUTING.md", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const text = proseOf("CONTRIBUTING.md");
    const missing = Object.keys(scripts).filter((name) => !new RegExp(`\`npm (run (-s )?)?${name}[\` ]`).test(text));
    expect(missing).toEqual([]);
  });

  it("each dependency, in docs/decisions/dependencies.md", () => {
    const manifests = files.filter((file) =>
      /^(package|(packages|apps)\/[^/]+\/package|bench\/package)\.json$/.test(file),
    );
    const parts = ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"];
    const used = manifests.flatMap((file) => {
      const manifest = JSON.parse(readFileSync(join(root, file), "utf8")) as Record<string, Record<string, string>>;
      return parts.flatMap((part) => Object.keys(manifest[part] ?? {}));
    });
    const others = [...new Set(used)].filter((name) => !/^@types\/|^@hikyaku\/|^hikyaku$/.test(name));
    const told = new Set(inlineCodeOf("docs/decisions/dependencies.md"));
    expect(others.filter((name) => !told.has(name))).toEqual([]);
  });

  it("each decision, in docs/decisions/README.md, under its number", () => {
    const decisions = files.filter((file) => /^docs\/decisions\/\d{4}-.*\.md$/.test(file));
    for (const file of decisions) {
      const name = basename(file);
      expect(proseOf("docs/decisions/README.md")).toContain(`| [${name.slice(0, 4)}](${name}) |`);
      expect(proseOf(file)).toMatch(new RegExp(`^# ${name.slice(0, 4)}: `));
    }
  });
});
