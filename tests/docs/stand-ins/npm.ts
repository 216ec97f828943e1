// Stands in for npm in the commands of pages. The CLI is run; what would serve is started and told to stop as soon as it
// runs; of all else the script and its options must exist.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "@hikyaku/test-support";
import { checkOptions, refuse, root } from "./options.ts";

const words = process.argv.slice(2).filter((word) => !["-s", "--silent"].includes(word));
const [name = "", ...rest] = words[0] === "run" ? words.slice(1) : words;
const args = rest[0] === "--" ? rest.slice(1) : rest;
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: Record<string, string> };

/** Where each script reads its options. */
const readers: Readonly<Record<string, string>> = {
  attacks: "scripts/attacks.ts",
  bench: "bench/src/main.ts",
  chaos: "scripts/chaos.ts",
  soak: "scripts/soak.ts",
};
const servers: Readonly<Record<string, string>> = { start: "standalone", "start:api": "api", "start:worker": "worker" };
const isRun = process.env["HIKYAKU__SERVER__PORT"] !== undefined;

if (!Object.hasOwn(scripts, name)) refuse(`expected a script of package.json, got npm run ${name}`);
if (words[0] !== "run" && !["start", "test"].includes(name)) refuse(`npm needs "run" for ${name}`);
if (rest.length > 0 && rest[0] !== "--") refuse(`npm needs "--" before the options of ${name}`);
const server = servers[name];
if (name === "hikyaku") process.exitCode = await run(["apps/cli/src/main.ts", ...(isRun ? args : [...args, "--help"])]);
else if (server !== undefined && isRun) process.exitCode = await startAndStop(server);
else checkOptions(readers[name], args);

async function run(command: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, ["--conditions=source", ...command], { cwd: root, stdio: "inherit" });
  const [code] = await once(child, "exit");
  return code ?? 1;
}

async function startAndStop(app: string): Promise<number> {
  const ports = { HIKYAKU__SERVER__PORT: String(await freePort()), HIKYAKU__JOBQUEUE__PORT: String(await freePort()) };
  const child = spawn(process.execPath, ["--conditions=source", `apps/${app}/src/main.ts`, ...args], {
    cwd: root,
    stdio: ["ignore", "inherit", "pipe"],
    env: { ...process.env, ...ports },
  });
  let errors = "";
  // A second signal would hurry it.
  let isAsked = false;
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
    process.stderr.write(text);
    if (/ runs: /.test(errors) && !isAsked) isAsked = child.kill("SIGTERM");
  });
  const [code] = await once(child, "exit");
  return code ?? 1;
}
