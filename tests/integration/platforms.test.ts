import { cp, mkdtemp, open, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LockedPackages, missingPackages, type Platform } from "../../scripts/house/lock-file.mjs";
import { type NativePackage, nativePackages, platforms } from "../../scripts/lock-file/platforms.ts";
import { type Ended, projectFolder, run } from "./development-scripts.ts";

/** Packages with compiled parts that `npm start` and `npm test` run. Bindings of all others are looked for as well. */
const known = [
  "node_modules/@biomejs/biome",
  "node_modules/@bufbuild/buf",
  "node_modules/@tailwindcss/oxide",
  "node_modules/lightningcss",
  "node_modules/oxc-parser",
  "node_modules/oxc-resolver",
  "node_modules/rolldown",
  "node_modules/typescript",
];

/** How a program or shared library of each system begins. */
const beginnings: Readonly<Record<string, readonly string[]>> = {
  darwin: ["cffaedfe", "cafebabe"],
  linux: ["7f454c46"],
  win32: ["4d5a"],
};

let folder: string;
let packages: LockedPackages;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hikyaku-platform-"));
  packages = JSON.parse(await readFile(join(projectFolder, "package-lock.json"), "utf8")).packages;
  const manifests = Object.keys(packages)
    .filter((path) => !path.includes("node_modules/"))
    .map((path) => join(path, "package.json"));
  for (const file of [...manifests, "package-lock.json", ".npmrc"]) {
    await cp(join(projectFolder, file), join(folder, file));
  }
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const unreachable = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ESOCKETTIMEDOUT/;
const foreign = Object.entries(platforms).filter(([name]) => name !== `${process.platform}-${process.arch}`);

describe("an installation from the lock file", { timeout: 300_000 }, () => {
  it.for(foreign)("has every compiled part for $0", async ([, platform], { skip }) => {
    // Only tells whether there is a registry: npm leaves out in silence an optional package that it can't download.
    const { code, stderr } = await npm("view", "node", "version");
    skip(code !== 0 && unreachable.test(stderr), "the package registry can't be reached");
    const target = [`--os=${platform.os}`, `--cpu=${platform.cpu}`];
    if (platform.libc !== undefined) target.push(`--libc=${platform.libc}`);
    const install = ["install", "--no-save", "--ignore-scripts", "--prefer-offline", "--include=dev", ...target];
    expect(await npm(...install)).toMatchObject({ code: 0 });

    const installed = JSON.parse(await readFile(join(folder, "node_modules/.package-lock.json"), "utf8"));
    expect(missingPackages(packages, installed.packages, platform)).toEqual([]);
    const natives = nativePackages(packages);
    expect(natives.map(({ path }) => path)).toEqual(expect.arrayContaining(known));
    for (const native of natives) expect(await hasProgramFor(native, platform), native.path).toBe(true);
  });

  // The npm package "node" brings it with an install script, so that it stands in no lock file. A mirror may lack it.
  it.for(foreign)("finds the project's own Node.js for $0", async ([, platform], { skip }) => {
    const name = nodePackage(platform);
    const { code, stdout, stderr } = await npm("view", name, "version");
    skip(code !== 0 && unreachable.test(stderr), "the package registry can't be reached");
    skip(code !== 0 && stderr.includes("E404"), `the package registry in use does not have ${name}`);
    expect(stdout, stderr).toBe(`${packages["node_modules/node"]?.version}\n`);
  });
});

/** npm in the test's own copy of the project. */
function npm(...args: readonly string[]): Promise<Ended> {
  return run("npm", ["--prefix", folder, "--fetch-retries=1", "--fetch-timeout=30000", ...args]);
}

/** The package that the install script of the npm package `node` brings; the script's own rules. */
function nodePackage({ os, cpu }: Platform): string {
  const prefix = os === "darwin" && cpu === "arm64" ? "node-bin" : "node";
  return `${prefix}-${os === "win32" ? "win" : os}-${cpu}@${packages["node_modules/node"]?.version}`;
}

/** Whether an installed binding of the package holds a program or library of that operating system. */
async function hasProgramFor(native: NativePackage, platform: Platform): Promise<boolean> {
  for (const binding of native.bindingsFor(platform)) {
    const entries = await readdir(join(folder, binding), { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      if (entry.isFile() && (await startsLike(join(entry.parentPath, entry.name), platform.os))) return true;
    }
  }
  return false;
}

async function startsLike(path: string, os: string): Promise<boolean> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
  const start = buffer.toString("hex", 0, bytesRead);
  return beginnings[os]?.some((beginning) => start.startsWith(beginning)) === true;
}
