import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestCounts } from "./count-reporter.ts";

export interface TestRun {
  /** Undefined when Vitest ended before it could count. */
  readonly counts: TestCounts | undefined;
  readonly exitCode: number;
}

/**
 * Runs the tests that `chosen` names, all of them where it names none.
 *
 * @param chosen paths, and options of Vitest
 * @param environment beside that of this process
 * @param output where Vitest writes: 1 stdout, 2 stderr
 */
export function runTests(
  chosen: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  output: 1 | 2 = 1,
): TestRun {
  const folder = mkdtempSync(join(tmpdir(), "hikyaku-test-"));
  try {
    const path = join(folder, "counts.json");
    const reporters = ["--reporter=default", "--reporter=./scripts/test/count-reporter.ts"];
    const { status } = spawnSync(process.execPath, ["node_modules/vitest/vitest.mjs", "run", ...reporters, ...chosen], {
      stdio: ["ignore", output, 2],
      env: { ...process.env, ...environment, HIKYAKU_TEST_COUNTS: path },
    });
    return { counts: readCounts(path), exitCode: status ?? 1 };
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
