// `npm test`: installs the programs that tests need, runs `npm run check`, every test, and the core suites once more on the
// newest Valkey where pip can bring it. Ends in a line that counts.
// `npm test -- <path or vitest option>` runs only the tests that are named, without the check.
// Exit code 0 only when the check passed and no test failed. A suite that could not run is named on the last lines.
import { spawnSync } from "node:child_process";
import { redisCliPath, valkeyServerPath } from "../packages/test-support/src/redis-server.ts";
import { serverProgram } from "../packages/test-support/src/server-program.ts";
import { type Brought, bringServer } from "./matrix/bring-server.ts";
import { coreSuites, runOnServer } from "./matrix/suites.ts";
import { wheels } from "./matrix/wheels.ts";
import type { TestCounts } from "./test/count-reporter.ts";
import { installTools } from "./test/install-tools.ts";
import { runTests, type TestRun } from "./test/run-tests.ts";

const chosen = process.argv.slice(2);
const isWhole = chosen.length === 0;
const missing = installTools();
const valkey = isWhole ? newestValkey() : undefined;
const checkPassed = !isWhole || check();
const runs: { readonly name: string; readonly run: TestRun }[] = [];
// Tests that need a newer server than the installed one get this one.
const newer = valkey !== undefined && "path" in valkey ? { HIKYAKU_VALKEY_SERVER: valkey.path } : {};
runs.push({ name: "", run: runTests(chosen, newer) });
if (valkey !== undefined && "path" in valkey) {
  const program = serverProgram(valkey.path);
  const name = `on ${program.product} ${program.version}: `;
  console.log(`the core suites ${name}${coreSuites.join(", ")}`);
  runs.push({ name, run: runOnServer(valkey.path, program, coreSuites, 1) });
}

const total = { passed: 0, failed: 0, skipped: 0 };
for (const { name, run } of runs) {
  const counts = run.counts ?? { passed: 0, failed: 1, skipped: 0, skippedSuites: [], hanging: [] };
  for (const key of ["passed", "failed", "skipped"] as const) total[key] += counts[key];
  for (const line of remarksOn(name, counts)) console.log(line);
  if (run.counts === undefined) {
    console.log(`failed: ${name}vitest ended with exit code ${run.exitCode} before it could count`);
  }
}
if (valkey !== undefined && "missing" in valkey) console.log(`skipped: the core suites on ${valkey.missing}`);
for (const sentence of missing) console.log(`missing: ${sentence}`);
if (!checkPassed) console.log("failed: npm run check, see its lines above");
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = checkPassed && total.failed === 0 && runs.every(({ run }) => run.exitCode === 0) ? 0 : 1;

function remarksOn(name: string, { skippedSuites, hanging }: TestCounts): string[] {
  return [
    ...skippedSuites.map(
      ({ file, reason, tests }) => `skipped: ${name}${file} (${tests} ${tests === 1 ? "test" : "tests"}): ${reason}`,
    ),
    ...hanging.map((file) => `failed: ${name}${file} hung: nothing happened for minutes, so the run was ended`),
  ];
}

/** The server that `HIKYAKU_VALKEY_SERVER` names, otherwise the newest that pip brings, otherwise the one on PATH. */
function newestValkey(): Brought {
  if (redisCliPath() === undefined) return { missing: "Valkey: needs redis-cli, which is not on PATH" };
  const named = process.env["HIKYAKU_VALKEY_SERVER"];
  if (named !== undefined) return checked(named);
  const brought = bringServer(wheels.valkey9);
  const path = "missing" in brought ? valkeyServerPath() : undefined;
  return path === undefined ? brought : checked(path);
}

function checked(path: string): Brought {
  try {
    serverProgram(path);
    return { path };
  } catch (error) {
    return { missing: `Valkey: ${(error as Error).message}` };
  }
}

function check(): boolean {
  return spawnSync(process.execPath, ["scripts/check.ts"], { stdio: ["ignore", "inherit", "inherit"] }).status === 0;
}
