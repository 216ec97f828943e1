import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { ownNode, root } from "./paths.mjs";
import { runToItsEnd } from "./run-to-its-end.mjs";
import { HouseError, say } from "./say.mjs";

const web = join(root, "apps/web");
const stampPath = join(root, ".cache/web-build-stamp");
const inputs = [web, join(root, "packages/contract/src"), join(root, "package-lock.json")];
const notInputs = new Set(["dist", "node_modules", ".vite", ".DS_Store"]);

/** Builds the dashboard into `apps/web/dist`, unless it was built from just these sources before. */
export async function buildWebIfStale() {
  const wanted = hashOf(inputs);
  const built = existsSync(join(web, "dist/index.html")) && existsSync(stampPath) && readFileSync(stampPath, "utf8");
  if (built === wanted) return;
  say("building the web pages");
  rmSync(stampPath, { force: true });
  const vite = join(root, "node_modules/vite/bin/vite.js");
  const { code, stopped } = await runToItsEnd(ownNode, [vite, "build", "--logLevel=warn"], { cwd: web, stdout: 2 });
  if (stopped) throw new HouseError("stopped while building the web pages", code === 0 ? 1 : code);
  if (code !== 0) throw new HouseError(`the web pages could not be built (exit code ${code}); see above`);
  mkdirSync(dirname(stampPath), { recursive: true });
  writeFileSync(stampPath, wanted);
}

function hashOf(/** @type {string[]} */ paths) {
  const hash = createHash("sha256");
  for (const path of paths.flatMap(filesBelow)) {
    const content = readFileSync(path);
    hash.update(`${relative(root, path)}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

/** @type {(path: string) => string[]} */
function filesBelow(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .filter((name) => !notInputs.has(name))
    .sort()
    .flatMap((name) => filesBelow(join(path, name)));
}
