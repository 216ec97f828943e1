import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  copyManifests,
  installationProblems,
  isProgramFor,
  lockedPackages,
  nodePackage,
  targetOptions,
} from "../../scripts/lock-file/installation.ts";
import { platforms } from "../../scripts/lock-file/platforms.ts";
import { type Ended, projectFolder, run } from "./development-scripts.ts";

/** What `npm start` and `npm test` load or run that has compiled parts. */
const modules = [
  "@tailwindcss/oxide",
  "lightningcss",
  "rolldown",
  "oxc-parser",
  "oxc-resolver",
  "node_modules/@biomejs/biome/bin/biome",
  "node_modules/@bufbuild/buf/bin/buf",
  "node_modules/typescript/bin/tsc",
];

const unreachable = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ESOCKETTIMEDOUT/;
const foreign = Object.entries(platforms).filter(([name]) => name !== `${process.platform}-${process.arch}`);

let folder: string;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "hikyaku-platform-")));
  copyManifests(projectFolder, folder);
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe("an installation from the lock file", { timeout: 300_000 }, () => {
  it.for(foreign)("has every compiled part for $0, where its loader looks", async ([, platform], { skip }) => {
    // Only tells whether there is a registry: npm leaves out in silence an optional package that it can't download.
    const { code, stderr } = await npm("view", "node", "version");
    skip(code !== 0 && unreachable.test(stderr), "the package registry can't be reached");
    expect(await npm("install", "--no-save", ...targetOptions(platform))).toMatchObject({ code: 0 });
    expect(installationProblems(folder, platform)).toEqual([]);
    const { os, cpu } = platform;
    const wanted = [...modules, ...(os === "darwin" ? ["fsevents"] : [])];
    const fixture = join(import.meta.dirname, "support/load-natives.fixture.ts");
    const loaded = await run(process.execPath, [fixture, os, cpu, folder, ...wanted], { NODE_OPTIONS: "" });
    const parts = loaded.stdout.trim().split("\n");
    expect(parts, loaded.stderr).toHaveLength(wanted.length);
    for (const part of parts) expect(isProgramFor(part, os), part).toBe(true);
  });

  // The npm package "node" brings it with an install script, so that it stands in no lock file. A mirror may lack it.
  it.for(foreign)("finds the project's own Node.js for $0", async ([, platform], { skip }) => {
    const packages = lockedPackages(folder);
    const name = nodePackage(packages, platform);
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
