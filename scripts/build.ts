// `npm run build`: the library as plain JavaScript with types, in packages/core/dist.
// (The web pages are built before this script runs; the servers run from source and need no build.)
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";

rmSync("packages/core/dist", { recursive: true, force: true });
const { status } = spawnSync("node_modules/.bin/tsc", ["-p", "packages/core/tsconfig.build.json"], {
  stdio: "inherit",
});
process.exitCode = status ?? 1;
