import { describe, expect, it } from "vitest";
import { fits, type LockedPackages, missingPackages, resolveIn } from "./lock-file.mjs";

const mac = { os: "darwin", cpu: "arm64" };
const linux = { os: "linux", cpu: "x64", libc: "glibc" };

describe("fits", () => {
  it("goes by the operating system, the processor and the C library", () => {
    expect(fits({}, mac)).toBe(true);
    expect(fits({ os: ["darwin"] }, mac)).toBe(true);
    expect(fits({ os: ["darwin"], cpu: ["x64"] }, mac)).toBe(false);
    expect(fits({ os: ["!win32"] }, mac)).toBe(true);
    expect(fits({ os: ["!darwin"] }, mac)).toBe(false);
    expect(fits({ os: ["linux"], cpu: ["x64"], libc: ["musl"] }, linux)).toBe(false);
    expect(fits({ os: ["linux"], cpu: ["x64"], libc: ["glibc"] }, linux)).toBe(true);
  });
});

describe("resolveIn", () => {
  it("looks where Node.js looks: beside the package first, then further up", () => {
    const packages = { "node_modules/b": {}, "node_modules/a/node_modules/b": {}, "apps/web/node_modules/c": {} };
    expect(resolveIn(packages, "node_modules/a", "b")).toBe("node_modules/a/node_modules/b");
    expect(resolveIn(packages, "node_modules/c", "b")).toBe("node_modules/b");
    expect(resolveIn(packages, "apps/web", "c")).toBe("apps/web/node_modules/c");
    expect(resolveIn(packages, "apps/api", "c")).toBeUndefined();
  });
});

describe("missingPackages", () => {
  const locked: LockedPackages = {
    "": { dependencies: { css: "1.0.0" } },
    "node_modules/css": {
      version: "1.0.0",
      optionalDependencies: { "css-mac": "1.0.0", "css-linux": "1.0.0", "css-wasm": "1.0.0" },
    },
    "node_modules/css-mac": { version: "1.0.0", optional: true, os: ["darwin"], cpu: ["arm64"] },
    "node_modules/css-linux": { version: "1.0.0", optional: true, os: ["linux"], cpu: ["x64"] },
    "node_modules/css-wasm": { version: "1.0.0", optional: true },
  };

  it("asks for the compiled part of this platform, which npm leaves out in silence, and for no other", () => {
    const present = { "node_modules/css": { version: "1.0.0" } };
    expect(missingPackages(locked, present, mac)).toEqual(["node_modules/css-mac"]);
    expect(missingPackages(locked, present, linux)).toEqual(["node_modules/css-linux"]);
    expect(missingPackages(locked, present, { os: "sunos", cpu: "x64" })).toEqual([]);
    expect(missingPackages(locked, { ...present, "node_modules/css-mac": { version: "1.0.0" } }, mac)).toEqual([]);
  });

  it("asks for every package in the version of the lock file", () => {
    expect(missingPackages(locked, {}, mac)).toEqual(["node_modules/css"]);
    const older = { "node_modules/css": { version: "0.9.0" }, "node_modules/css-mac": { version: "1.0.0" } };
    expect(missingPackages(locked, older, mac)).toEqual(["node_modules/css"]);
  });
});
