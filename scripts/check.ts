// `npm run check`: the fast gate. Runs every step, also after a failure, and exits with 1 when one failed.
// What a step prints is shown when it fails.
import { spawn } from "node:child_process";

interface Step {
  name: string;
  command: string;
  args: string[];
}

const bin = (tool: string): string => `node_modules/.bin/${tool}`;
const steps: Step[] = [
  { name: "lock file", command: process.execPath, args: ["scripts/check-lock-file.ts"] },
  { name: "generated files are fresh", command: process.execPath, args: ["scripts/generate.ts", "--check"] },
  { name: "format and lint", command: bin("biome"), args: ["ci", "--error-on-warnings", "--colors=off", "."] },
  { name: "types", command: bin("tsc"), args: ["-p", "."] },
  { name: "types of the web pages", command: bin("tsc"), args: ["-p", "apps/web"] },
  { name: "types of the browser tests", command: bin("tsc"), args: ["-p", "tests/e2e"] },
  {
    name: "unused files, exports and dependencies",
    command: bin("knip"),
    args: ["--no-progress", "--no-config-hints"],
  },
  { name: "import arrows", command: process.execPath, args: ["scripts/check-arrows.ts"] },
];

const failed: string[] = [];
for (const step of steps) {
  const startedAt = performance.now();
  const { passed, output } = await run(step);
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  process.stderr.write(`check: ${passed ? "ok    " : "FAILED"} ${step.name} (${seconds} s)\n`);
  if (!passed) {
    failed.push(step.name);
    process.stderr.write(`${output.trimEnd()}\n`);
  }
}
if (failed.length > 0) {
  process.stderr.write(`check: failed: ${failed.join("; ")}\n`);
  process.exitCode = 1;
}

function run({ command, args }: Step): Promise<{ passed: boolean; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.once("error", (error) => resolve({ passed: false, output: `${command}: ${error.message}` }));
    child.once("close", (code) => resolve({ passed: code === 0, output }));
  });
}
