// The one way in for every npm command: `node scripts/run.mjs <command>`, on any Node.js from 20 up.
// Installs what is missing, builds what is stale, then runs the command on the project's own Node.js 24.
// Needs nothing but Node.js itself. All it has to say goes to stderr: stdout belongs to what it runs.
import { join } from "node:path";
import { buildWebIfStale } from "./house/build-web.mjs";
import { installIfMissing } from "./house/install.mjs";
import { oneAtATime } from "./house/lock.mjs";
import { ownNode, root } from "./house/paths.mjs";
import { runToItsEnd } from "./house/run-to-its-end.mjs";
import { HouseError, orSay } from "./house/say.mjs";

const server = (/** @type {string} */ main) => ["--conditions=source", "--import=./scripts/house/lifeline.mjs", main];

/** @type {Record<string, { web?: boolean, args: string[] }>} */
const commands = {
  start: { web: true, args: server("apps/standalone/src/main.ts") },
  dev: { web: true, args: ["--watch", "--watch-preserve-output", ...server("apps/standalone/src/main.ts")] },
  "start:api": { web: true, args: server("apps/api/src/main.ts") },
  "start:worker": { args: server("apps/worker/src/main.ts") },
  hikyaku: { args: ["--conditions=source", "apps/cli/src/main.ts"] },
  test: { web: true, args: ["scripts/test.ts"] },
  bench: { args: ["scripts/bench.ts"] },
  attacks: { web: true, args: ["--conditions=source", "scripts/attacks.ts"] },
  chaos: { args: ["--conditions=source", "scripts/chaos.ts"] },
  matrix: { args: ["scripts/matrix.ts"] },
  platforms: { args: ["scripts/platforms.ts"] },
  soak: { args: ["--conditions=source", "--expose-gc", "scripts/soak.ts"] },
  check: { args: ["scripts/check.ts"] },
  build: { web: true, args: ["scripts/build.ts"] },
  format: { args: ["scripts/format.ts"] },
  generate: { args: ["scripts/generate.ts"] },
};

await orSay(async () => {
  const [name = "", ...rest] = process.argv.slice(2);
  const command = commands[name];
  if (command === undefined) {
    throw new HouseError(`expected one of ${Object.keys(commands).join(", ")}; got ${JSON.stringify(name)}`, 64);
  }
  process.chdir(root);
  // What was compiled once is kept, also for the processes that a command starts: a start takes half the time.
  process.env["NODE_COMPILE_CACHE"] ??= join(root, ".cache/compiled");
  await oneAtATime(async () => {
    await installIfMissing();
    if (command.web) await buildWebIfStale();
  });
  const { code } = await runToItsEnd(ownNode, [...command.args, ...rest]);
  process.exitCode = code;
});
