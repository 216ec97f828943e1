// Checks that package-lock.json was written for the manifests beside it, and that it names no download address:
// those depend on who wrote it. Exits with 1 and one line for each difference.
import { globSync, readFileSync } from "node:fs";
import { dirname } from "node:path";

type Dependencies = Record<string, string>;
interface Manifest {
  dependencies?: Dependencies;
  devDependencies?: Dependencies;
  peerDependencies?: Dependencies;
  resolved?: string;
}

const kinds = ["dependencies", "devDependencies", "peerDependencies"] as const;
const { packages: locked } = readJson<{ packages: Record<string, Manifest> }>("package-lock.json");
const problems: string[] = [];

for (const path of ["package.json", ...globSync("{packages,apps}/*/package.json").sort()]) {
  const manifest = readJson<Manifest>(path);
  const folder = dirname(path);
  const entry = locked[folder === "." ? "" : folder];
  for (const kind of kinds) problems.push(...differences(path, manifest[kind] ?? {}, entry?.[kind] ?? {}));
}
for (const [path, { resolved }] of Object.entries(locked)) {
  if (resolved?.startsWith("http"))
    problems.push(`package-lock.json: ${path} carries the download address ${resolved}`);
}

for (const problem of problems) console.error(problem);
if (problems.length > 0) {
  console.error("`npm install` writes the lock file anew");
  process.exitCode = 1;
}

function differences(path: string, wanted: Dependencies, got: Dependencies): string[] {
  return [...new Set([...Object.keys(wanted), ...Object.keys(got)])]
    .filter((name) => wanted[name] !== got[name])
    .map(
      (name) =>
        `${path} asks for ${name} ${wanted[name] ?? "(not at all)"}, package-lock.json has ${got[name] ?? "nothing"}`,
    );
}

function readJson<Shape>(path: string): Shape {
  return JSON.parse(readFileSync(path, "utf8"));
}
