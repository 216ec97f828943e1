import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { LockedPackages } from "../house/lock-file.mjs";
import { lockFileProblems } from "./lock-file-problems.ts";
import { nativePackages } from "./platforms.ts";

const integrity = "sha512-x";
const manifest = { dependencies: { css: "1.0.0" } };

/** A lock file for a package `css` whose compiled parts are `css-mac`, `css-mac-intel`, `css-linux` and `css-windows`. */
function locked(change: LockedPackages = {}): LockedPackages {
  const names = ["css-mac", "css-mac-intel", "css-linux", "css-linux-arm", "css-windows"];
  const optionalDependencies = Object.fromEntries(names.map((name) => [name, "1.0.0"]));
  const binding = (os: string, cpu: string) => ({ version: "1.0.0", integrity, optional: true, os: [os], cpu: [cpu] });
  return {
    "": manifest,
    "node_modules/css": { version: "1.0.0", integrity, optionalDependencies },
    "node_modules/css-mac": binding("darwin", "arm64"),
    "node_modules/css-mac-intel": binding("darwin", "x64"),
    "node_modules/css-linux": binding("linux", "x64"),
    "node_modules/css-linux-arm": binding("linux", "arm64"),
    "node_modules/css-windows": binding("win32", "x64"),
    ...change,
  };
}

function problemsOf(packages: LockedPackages): string[] {
  return lockFileProblems(packages, new Map([["", manifest]]));
}

describe("lockFileProblems", () => {
  it("finds nothing in a lock file that has it all", () => {
    expect(problemsOf(locked())).toEqual([]);
  });

  it("names a package of another platform that was left out, since npm ci refuses the file then", () => {
    const packages = locked();
    delete packages["node_modules/css-mac"];
    expect(problemsOf(packages)).toEqual([
      "css-mac, which node_modules/css asks for, has no entry",
      "node_modules/css has no binding for darwin-arm64",
    ]);
  });

  it("names a package without a checksum, but not one that lies inside another one's archive", () => {
    const bundled = { "node_modules/css/node_modules/inside": { version: "2.0.0", inBundle: true } };
    expect(problemsOf(locked(bundled))).toEqual([]);
    const unchecked = { "node_modules/css-windows": { version: "1.0.0", os: ["win32"], cpu: ["x64"] } };
    expect(problemsOf(locked(unchecked))).toEqual(["node_modules/css-windows has no checksum (integrity)"]);
  });

  it("names a download address", () => {
    const resolved = "https://example.com/css-linux.tgz";
    const entry = { version: "1.0.0", integrity, resolved, os: ["linux"], cpu: ["x64"] };
    expect(problemsOf(locked({ "node_modules/css-linux": entry }))).toEqual([
      `node_modules/css-linux carries the download address ${resolved}`,
    ]);
  });

  it("names what a manifest asks for in another version", () => {
    expect(problemsOf(locked({ "": { dependencies: { css: "0.9.0" } } }))).toEqual([
      "package.json asks for css 1.0.0, the lock file has 0.9.0",
    ]);
  });
});

describe("the lock files of this project", () => {
  it.each(globSync("**/package-lock.json", { exclude: (name) => name === "node_modules" }))(
    "%s keeps a binding for each platform of each package that has compiled parts",
    (path) => {
      const { packages } = JSON.parse(readFileSync(path, "utf8"));
      for (const { path: native, bindingsFor } of nativePackages(packages)) {
        expect(bindingsFor({ os: "darwin", cpu: "arm64" }), native).not.toEqual([]);
      }
    },
  );
});
