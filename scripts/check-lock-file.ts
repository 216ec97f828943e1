// Checks every package-lock.json of the project: that it was written for the manifests beside it, that it names all
// packages of every platform with their checksums, and no download address. Exits with 1 and one line for each problem.
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { lockFileProblems, type Manifest } from "./lock-file/lock-file-problems.ts";

let failed = false;
for (const path of globSync("**/package-lock.json", { exclude: (name) => name === "node_modules" }).sort()) {
  const root = dirname(path);
  const manifests = new Map<string, Manifest>([["", readManifest(root)]]);
  for (const workspace of manifests.get("")?.workspaces ?? []) {
    for (const manifest of globSync(`${workspace}/package.json`, { cwd: root }).sort()) {
      manifests.set(dirname(manifest), readManifest(join(root, dirname(manifest))));
    }
  }
  for (const problem of lockFileProblems(JSON.parse(readFileSync(path, "utf8")).packages, manifests)) {
    console.error(`${path}: ${problem}`);
    failed = true;
  }
}
if (failed) {
  console.error(
    "`npm install` beside a lock file writes it anew; CONTRIBUTING.md says how to bring back lost platforms",
  );
  process.exitCode = 1;
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}
