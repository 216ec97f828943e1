// `npm run bench`: installs the peers of the benchmark, which nothing else needs, checks its types, then runs it.
import { spawn } from "node:child_process";
import { once } from "node:events";

await run("npm", ["install", "--no-save", "--no-audit", "--no-fund", "--workspaces=false"], "bench");
await run("node_modules/.bin/tsc", ["-p", "bench"], ".");
await run(process.execPath, ["--conditions=source", "bench/src/main.ts", ...process.argv.slice(2)], ".");

/** Signals to this process are passed on, so that a run that is stopped can clean up. */
async function run(command: string, args: readonly string[], cwd: string): Promise<void> {
  const child = spawn(command, args, { cwd, stdio: ["ignore", "inherit", "inherit"] });
  const passOn = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, passOn);
  const [code] = await once(child, "exit");
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.removeListener(signal, passOn);
  if (code !== 0) process.exit(code ?? 1);
}
