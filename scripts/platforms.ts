// `npm run platforms`: installs what the lock file names as other machines do, each into a folder that is thrown away.
// Checks whether every compiled part is there. `npm run platforms -- win32-x64 linux-x64-musl` does so for these only.
// It runs no installed code, and takes some 400 MB of disk at a time. One line for each platform on stdout. Exit code 1
// when something is missing, 64 for an unknown platform.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Platform } from "./house/lock-file.mjs";
import { root } from "./house/paths.mjs";
import {
  copyManifests,
  installationProblems,
  lockedPackages,
  nodePackage,
  targetOptions,
} from "./lock-file/installation.ts";
import { muslPlatforms, platforms } from "./lock-file/platforms.ts";

const known: Readonly<Record<string, Platform>> = { ...platforms, ...muslPlatforms };
const { positionals } = parseArgs({ allowPositionals: true });
const unknown = positionals.filter((name) => known[name] === undefined);
if (unknown.length > 0) {
  process.stderr.write(`platforms: expected some of ${Object.keys(known).join(", ")}; got ${unknown.join(", ")}\n`);
  process.exit(64);
}

const width = Math.max(...Object.keys(known).map((name) => name.length));
for (const [name, platform] of Object.entries(known)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  process.stderr.write(`platforms: ${name}\n`);
  const problems = install(platform);
  if (problems.length > 0) process.exitCode = 1;
  const what = problems.length > 0 ? problems.join("; ") : `every compiled part is there; ${ownNode(platform)}`;
  console.log(`${name.padEnd(width)}  ${problems.length > 0 ? "FAILED" : "ok"}  ${what}`);
}

/** What is missing after `npm ci` for the platform. */
function install(platform: Platform): string[] {
  const folder = mkdtempSync(join(tmpdir(), "hikyaku-platform-"));
  try {
    copyManifests(root, folder);
    const { status, stderr } = npm("ci", "--prefix", folder, ...targetOptions(platform));
    if (status !== 0) return [`npm ci: ${firstLine(stderr)}`];
    return installationProblems(folder, platform);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Whether the project's own Node.js can be had. An install script brings it, so no lock file names it, and a mirror of
 * the registry may lack it. That is reported, but does not fail the lock file.
 */
function ownNode(platform: Platform): string {
  if (platform.libc === "musl") return "the project's own Node.js is made for glibc, so npm's commands don't run there";
  const name = nodePackage(lockedPackages(root), platform);
  const { status, stderr } = npm("view", name, "version");
  if (status === 0) return `${name} too`;
  return stderr.includes("E404") ? `the registry in use does not have ${name}` : `${name}: ${firstLine(stderr)}`;
}

function npm(...args: readonly string[]) {
  const options = ["--fetch-retries=1", "--fetch-timeout=30000", "--no-audit", "--no-fund"];
  return spawnSync("npm", [...args, ...options], { cwd: root, encoding: "utf8", timeout: 300_000 });
}

function firstLine(text: string): string {
  return text.split("\n").find((line) => line.trim() !== "") ?? "it gave no reason";
}
