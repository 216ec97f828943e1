// `npm test`: installs the programs that tests need, runs `npm run check` and every test, and ends in a line that counts.
// `npm test -- <path or vitest option>` runs only the tests that are named, without the check.
// Exit code 0 only when the check passed and no test failed. A suite that could not run is named on the last lines.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestCounts } from "./test/count-reporter.ts";
import { installTools } from "./test/install-tools.ts";

const chosen = process.argv.slice(2);
const missing = installTools();
const checkPassed = chosen.length > 0 || run("scripts/check.ts") === 0;
const { counts, exitCode } = runTests();

for (const { file, reason, tests } of counts?.skippedSuites ?? []) {
  console.log(`skipped: ${file} (${tests} ${tests === 1 ? "test" : "tests"}): ${reason}`);
}
for (const sentence of missing) console.log(`missing: ${sentence}`);
for (const file of counts?.hanging ?? []) {
  console.log(`failed: ${file} hung: nothing happened for minutes, so the run was ended`);
}
if (!checkPassed) console.log("failed: npm run check, see its lines above");
if (counts === undefined) console.log(`failed: vitest ended with exit code ${exitCode} before it could count`);
const { passed, failed, skipped } = counts ?? { passed: 0, failed: 1, skipped: 0 };
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = checkPassed && exitCode === 0 && failed === 0 ? 0 : 1;

function runTests(): { counts: TestCounts | undefined; exitCode: number } {
  const folder = mkdtempSync(join(tmpdir(), "hikyaku-test-"));
  try {
    const path = join(folder, "counts.json");
    const reporters = ["--reporter=default", "--reporter=./scripts/test/count-reporter.ts"];
    const exitCode = run("node_modules/vitest/vitest.mjs", ["run", ...reporters, ...chosen], {
      HIKYAKU_TEST_COUNTS: path,
    });
    return { counts: readCounts(path), exitCode };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readCounts(path: string): TestCounts | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function run(script: string, args: string[] = [], environment: Record<string, string> = {}): number {
  const env = { ...process.env, ...environment };
  const { status } = spawnSync(process.execPath, [script, ...args], { stdio: ["ignore", "inherit", "inherit"], env });
  return status ?? 1;
}
