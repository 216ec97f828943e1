// Loads modules with compiled parts as if this were another platform: load-natives.fixture.ts OS CPU FOLDER MODULE...
// MODULE is a package's name or a file below FOLDER. Prints for each the path of the compiled part that its own loader reaches
// for first, and runs none of them: they are for elsewhere.
import childProcess from "node:child_process";
import { createRequire, syncBuiltinESMExports } from "node:module";
import os from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [system = "", cpu = "", folder = "", ...modules] = process.argv.slice(2);
const { resolve } = createRequire(join(folder, "package.json"));
const { exit } = process;
let reached = false;

function stop(): never {
  throw new Error("enough is known");
}
function reach(path: string): never {
  if (!reached) process.stdout.write(`${path}\n`);
  reached = true;
  return stop();
}
Object.defineProperty(process, "platform", { value: system });
Object.defineProperty(process, "arch", { value: cpu });
Object.assign(os, { platform: () => system, arch: () => cpu });
Object.assign(process, { dlopen: (_module: object, path: string) => reach(path), execve: reach, exit: stop });
Object.assign(childProcess, { spawnSync: reach, execFileSync: reach, spawn: reach });
syncBuiltinESMExports();

for (const module of modules) {
  reached = false;
  process.argv = [process.execPath, module, "--version"];
  const path = module.startsWith("node_modules/") ? join(folder, module) : resolve(module);
  await import(pathToFileURL(path).href).catch(() => undefined);
}
exit(0);
