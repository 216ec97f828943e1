// `npm run bench`: installs the peers of the benchmark, which nobody else needs, checks its types, then runs it.
import { spawnSync } from "node:child_process";

run("npm", ["install", "--no-save", "--no-audit", "--no-fund", "--workspaces=false"], "bench");
run("node_modules/.bin/tsc", ["-p", "bench"], ".");
run(process.execPath, ["--conditions=source", "bench/src/main.ts", ...process.argv.slice(2)], ".");

function run(command: string, args: readonly string[], cwd: string): void {
  const { status } = spawnSync(command, args, { cwd, stdio: ["ignore", "inherit", "inherit"] });
  if (status !== 0) process.exit(status ?? 1);
}
