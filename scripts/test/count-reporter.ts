import { writeFileSync } from "node:fs";
import type { SerializedError } from "vitest";
import type { Reporter, TestModule } from "vitest/node";

/** What a run came to, as `npm test` prints it on its last lines. */
export interface TestCounts {
  passed: number;
  /** Tests that failed, and files, hooks and stray errors that failed outside any test. */
  failed: number;
  skipped: number;
  /** One entry for each file and reason. */
  skippedSuites: { file: string; reason: string; tests: number }[];
}

/** Writes the counts of a run, as JSON, into the file named by `HIKYAKU_TEST_COUNTS`. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const path = process.env["HIKYAKU_TEST_COUNTS"];
    if (path !== undefined) writeFileSync(path, JSON.stringify(count(modules, unhandledErrors)));
  }
}

function count(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): TestCounts {
  const counts: TestCounts = { passed: 0, failed: unhandledErrors.length, skipped: 0, skippedSuites: [] };
  for (const module of modules) {
    const reasons = new Map<string, number>();
    let failed = 0;
    for (const test of module.children.allTests()) {
      const result = test.result();
      if (result.state === "passed") counts.passed++;
      else if (result.state === "failed") failed++;
      else {
        counts.skipped++;
        const reason = (result.state === "skipped" ? result.note : undefined) ?? reasonOf(test.options.mode);
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      }
    }
    // A file that cannot be loaded, or whose hooks fail, has no failed test to show for it.
    counts.failed += failed === 0 && module.state() === "failed" ? 1 : failed;
    for (const [reason, tests] of reasons) counts.skippedSuites.push({ file: module.relativeModuleId, reason, tests });
  }
  return counts;
}

function reasonOf(mode: string | undefined): string {
  return mode === "todo" ? "still to be written" : "skipped without a reason in the test";
}
