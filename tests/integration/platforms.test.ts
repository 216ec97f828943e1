import { cp, mkdtemp, open, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LockedPackages, missingPackages, type Platform } from "../../scripts/house/lock-file.mjs";
import { platforms } from "../../scripts/lock-file/platforms.ts";
import { type Ended, projectFolder, run } from "./development-scripts.ts";

/** What `npm start` and `npm test` load or run that has compiled parts. */
const modules = [
  ...["@tailwindcss/oxide", "lightningcss", "rolldown", "oxc-parser", "oxc-resolver"],
  ...["node_modules/@biomejs/biome/bin/biome", "node_modules/@bufbuild/buf/bin/buf", "node_modules/typescript/bin/tsc"],
];

/** How a program or shared library of each system begins. */
const beginnings: Readonly<Record<string, readonly string[]>> = {
  darwin: ["cffaedfe", "cafebabe"],
  linux: ["7f454c46"],
  win32: ["4d5a"],
};

const unreachable = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ESOCKETTIMEDOUT/;
const foreign = Object.entries(platforms).filter(([name]) => name !== `${process.platform}-${process.arch}`);

let folder: string;
let packages: LockedPackages;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "hikyaku-platform-")));
  packages = JSON.parse(await readFile(join(projectFolder, "package-lock.json"), "utf8")).packages;
  const manifests = Object.keys(packages)
    .filter((path) => !path.includes("node_modules/"))
    .map((path) => join(path, "package.json"));
  for (const file of [...manifests, "package-lock.json", ".npmrc"]) {
    await cp(join(projectFolder, file), join(folder, file));
  }
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe("an installation from the lock file", { timeout: 300_000 }, () => {
  it.for(foreign)("has every compiled part for $0, where its loader looks", async ([, platform], { skip }) => {
    // Only tells whether there is a registry: npm leaves out in silence an optional package that it can't download.
    const { code, stderr } = await npm("view", "node", "version");
    skip(code !== 0 && unreachable.test(stderr), "the package registry can't be reached");
    const { os, cpu, libc } = platform;
    const target = [`--os=${os}`, `--cpu=${cpu}`, ...(libc === undefined ? [] : [`--libc=${libc}`])];
    const install = ["install", "--no-save", "--ignore-scripts", "--prefer-offline", "--include=dev", ...target];
    expect(await npm(...install)).toMatchObject({ code: 0 });

    const installed = JSON.parse(await readFile(join(folder, "node_modules/.package-lock.json"), "utf8"));
    expect(missingPackages(packages, installed.packages, platform)).toEqual([]);
    const wanted = [...modules, ...(os === "darwin" ? ["fsevents"] : [])];
    const fixture = join(import.meta.dirname, "support/load-natives.fixture.ts");
    const loaded = await run(process.execPath, [fixture, os, cpu, folder, ...wanted], { NODE_OPTIONS: "" });
    const parts = loaded.stdout.trim().split("\n");
    expect(parts, loaded.stderr).toHaveLength(wanted.length);
    for (const part of parts) expect(await isFor(part, os), part).toBe(true);
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
  return run("npm", ["--prefix", folder, "--fetch-retries=1", "--fetch-timeout=30000", ...args], {}, 240_000);
}

/** The package that the install script of the npm package `node` brings; the script's own rules. */
function nodePackage({ os, cpu }: Platform): string {
  const prefix = os === "darwin" && cpu === "arm64" ? "node-bin" : "node";
  return `${prefix}-${os === "win32" ? "win" : os}-${cpu}@${packages["node_modules/node"]?.version}`;
}

/** Whether the file is there, and a program or library of that operating system. */
async function isFor(path: string, os: string): Promise<boolean> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
  const start = buffer.toString("hex", 0, bytesRead);
  return beginnings[os]?.some((beginning) => start.startsWith(beginning)) === true;
}
