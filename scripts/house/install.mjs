import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { missingPackages, thisPlatform } from "./lock-file.mjs";
import { ownNode, root } from "./paths.mjs";
import { runToItsEnd } from "./run-to-its-end.mjs";
import { HouseError, say } from "./say.mjs";

const lockPath = join(root, "package-lock.json");
const installedPath = join(root, "node_modules/.package-lock.json");
const stampPath = join(root, "node_modules/.hikyaku-stamp");

/** Brings `node_modules` to what the lock file says. Costs one small file read when it already is. */
export async function installIfMissing() {
  refuseOldTools();
  const wanted = createHash("sha256").update(readFileSync(lockPath)).digest("hex");
  if (readIfThere(stampPath) === wanted && existsSync(ownNode)) return;
  // A person who ran `npm ci` or `npm install` by hand does not pay for a second installation.
  if (!existsSync(ownNode) || notInstalled().length > 0) await installFromLock();
  const missing = notInstalled();
  if (missing.length > 0) {
    throw new HouseError(
      `npm left out ${missing.join(", ")}, without an error: it could not download what this platform needs. ` +
        "Check the connection, the proxy and `npm config get registry`, then start again",
    );
  }
  await verifyOwnNode();
  writeFileSync(stampPath, wanted);
}

function refuseOldTools() {
  const node = Number(process.versions.node.split(".")[0]);
  if (node < 20) throw new HouseError(`expected Node.js 20 or newer to start with, got ${process.versions.node}`);
  const npm = /^npm\/((\d+)\S*)/.exec(process.env["npm_config_user_agent"] ?? "");
  if (npm !== null && Number(npm[2]) < 10) {
    throw new HouseError(`expected npm 10 or newer, got ${npm[1]}; \`npm install --global npm\` brings a newer one`);
  }
}

/** The folders of the packages that the lock file names for this platform and that are not installed. */
function notInstalled() {
  const present = JSON.parse(readIfThere(installedPath) ?? '{ "packages": {} }');
  return missingPackages(JSON.parse(readFileSync(lockPath, "utf8")).packages, present.packages, thisPlatform());
}

/**
 * `npm install --no-save` and not `npm ci`: both install what the lock file names and leave it alone, but `npm ci` first
 * removes everything, also when one small package changed, and under programs that are running from it.
 */
async function installFromLock() {
  say("installing what the lock file names; this needs the network, and takes a minute or two the first time");
  const npm = process.env["npm_execpath"];
  const [program, ...first] = npm === undefined ? ["npm"] : [process.execPath, npm];
  // NODE_ENV=production must not leave out the tools, the project's own Node.js among them, nor a setting the compiled parts.
  const args = ["install", "--no-save", "--include=dev", "--include=optional", "--loglevel=error"];
  const { code, stopped } = await runToItsEnd(program ?? "npm", [...first, ...args], { cwd: root, stdout: 2 });
  if (stopped) throw new HouseError("stopped while installing; the next start installs again", code === 0 ? 1 : code);
  if (code !== 0) {
    throw new HouseError(
      "the installation failed; npm says why above. A network error (ENOTFOUND, ETIMEDOUT, ECONNREFUSED, EAI_AGAIN): " +
        "check the connection, the proxy and `npm config get registry`, then start again. " +
        "E404 for a package node-…: that registry does not have the project's own Node.js for this platform. " +
        "EACCES: this folder or npm's cache belongs to someone else. " +
        "A message about an unknown option: npm is too old, `npm install --global npm` brings a newer one",
    );
  }
}

async function verifyOwnNode() {
  const version = await new Promise((resolve) => {
    const child = spawn(ownNode, ["--version"], { stdio: ["ignore", "pipe", "ignore"] });
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    child.once("error", () => resolve(undefined));
    child.once("close", (code) => resolve(code === 0 ? output.trim() : undefined));
  });
  if (typeof version === "string" && version.startsWith("v24.")) return;
  if (version === undefined) {
    throw new HouseError(
      `expected the project's own Node.js 24 at ${ownNode}, but it does not run. The install script of the npm package ` +
        '"node" brings it, and here that was blocked (`npm config get ignore-scripts`) or could not reach the network. ' +
        "`npm rebuild node --ignore-scripts=false` runs it alone; then start again",
    );
  }
  throw new HouseError(`expected Node.js 24 at ${ownNode}, got ${version}; delete node_modules and start again`);
}

function readIfThere(/** @type {string} */ path) {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}
