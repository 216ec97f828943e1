import { closeSync, cpSync, globSync, mkdirSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { type LockedPackages, missingPackages, type Platform } from "../house/lock-file.mjs";
import { nativePackages } from "./platforms.ts";

/** How a program or shared library of each system begins. */
const beginnings: Readonly<Record<string, readonly string[]>> = {
  darwin: ["cffaedfe", "cafebabe"],
  linux: ["7f454c46"],
  win32: ["4d5a"],
};

/** `packages` of the lock file in this folder, such as `package-lock.json`. */
export function lockedPackages(folder: string, name = "package-lock.json"): LockedPackages {
  return JSON.parse(readFileSync(join(folder, name), "utf8")).packages;
}

/** Copies what npm needs of a project for an installation: lock file, manifests, settings. */
export function copyManifests(from: string, to: string): void {
  const manifests = Object.keys(lockedPackages(from))
    .filter((path) => !path.includes("node_modules/"))
    .map((path) => join(path, "package.json"));
  for (const file of [...manifests, "package-lock.json", ".npmrc"]) {
    mkdirSync(dirname(join(to, file)), { recursive: true });
    cpSync(join(from, file), join(to, file));
  }
}

/** npm's options for an installation that runs nothing and is for that platform. */
export function targetOptions({ os, cpu, libc }: Platform): string[] {
  const target = [`--os=${os}`, `--cpu=${cpu}`, ...(libc === undefined ? [] : [`--libc=${libc}`])];
  return ["--ignore-scripts", "--prefer-offline", "--include=dev", ...target];
}

/** What an installation in this folder lacks on that platform, one sentence for each package. */
export function installationProblems(folder: string, platform: Platform): string[] {
  const packages = lockedPackages(folder);
  const installed = lockedPackages(folder, "node_modules/.package-lock.json");
  const parts = nativePackages(packages).filter(({ path }) => installed[path] !== undefined);
  return [
    ...missingPackages(packages, installed, platform).map((path) => `${path} was not installed`),
    ...parts
      .filter((native) => native.bindingsFor(platform).length === 0)
      .map(({ path }) => `${path} has no compiled part`),
    ...parts
      .flatMap((native) => native.bindingsFor(platform))
      .filter((path) => !holdsProgram(join(folder, path), platform.os))
      .map((path) => `${path} holds no program or library for ${platform.os}`),
  ];
}

/** Whether the file is there, and a program or library of that operating system. */
export function isProgramFor(path: string, os: string): boolean {
  const file = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(4);
    const start = buffer.toString("hex", 0, readSync(file, buffer));
    return beginnings[os]?.some((beginning) => start.startsWith(beginning)) === true;
  } finally {
    closeSync(file);
  }
}

/** The package that the install script of the npm package `node` brings; the script's own rules. */
export function nodePackage(packages: LockedPackages, { os, cpu }: Platform): string {
  const prefix = os === "darwin" && cpu === "arm64" ? "node-bin" : "node";
  return `${prefix}-${os === "win32" ? "win" : os}-${cpu}@${packages["node_modules/node"]?.version}`;
}

function holdsProgram(folder: string, os: string): boolean {
  return globSync("**", { cwd: folder, exclude: (name) => name === "node_modules" })
    .map((name) => join(folder, name))
    .some((path) => statSync(path).isFile() && isProgramFor(path, os));
}
