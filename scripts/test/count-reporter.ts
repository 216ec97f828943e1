import { writeFileSync } from "node:fs";
import type { SerializedError } from "vitest";
import type { Reporter, TestModule } from "vitest/node";

/** The counts of a run, as `npm test` prints them on its last lines. */
export interface TestCounts {
  passed: number;
  /** Tests that failed, and files, hooks and stray errors that failed outside any test. */
  failed: number;
  skipped: number;
  /** One entry for each file and reason. */
  skippedSuites: { file: string; reason: string; tests: number }[];
  /** Files that the run gave up, because nothing had happened for minutes. */
  hanging: string[];
}

const stallMs = Number(process.env["HIKYAKU_TEST_STALL_MS"] ?? 5 * 60_000);

/**
 * Writes the counts of a run, as JSON, into the file named by `HIKYAKU_TEST_COUNTS`.
 *
 * Ends the run when nothing has happened for five minutes. A test that blocks its event loop is out of reach of
 * Vitest's own time limits, and would hold up CI until somebody looks.
 */
export default class CountReporter implements Reporter {
  readonly #running = new Map<string, TestModule>();
  readonly #finished: TestModule[] = [];
  #stall: NodeJS.Timeout | undefined;

  onTestRunStart(): void {
    this.#stall = setTimeout(() => this.#giveUp(), stallMs);
  }

  onTestModuleQueued(module: TestModule): void {
    this.#running.set(module.relativeModuleId, module);
    this.#stall?.refresh();
  }

  onTestCaseReady(): void {
    this.#stall?.refresh();
  }

  onTestModuleEnd(module: TestModule): void {
    this.#running.delete(module.relativeModuleId);
    this.#finished.push(module);
    this.#stall?.refresh();
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    clearTimeout(this.#stall);
    write(count(modules, unhandledErrors.length, []));
  }

  #giveUp(): void {
    const hanging = [...this.#running.keys()].sort();
    write(count(this.#finished, hanging.length, hanging));
    process.exit(1);
  }
}

function write(counts: TestCounts): void {
  const path = process.env["HIKYAKU_TEST_COUNTS"];
  if (path !== undefined) writeFileSync(path, JSON.stringify(counts));
}

function count(modules: readonly TestModule[], failedOutsideTests: number, hanging: string[]): TestCounts {
  const counts: TestCounts = { passed: 0, failed: failedOutsideTests, skipped: 0, skippedSuites: [], hanging };
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
    // A file that can't be loaded, or whose hooks fail, has no failed test.
    counts.failed += failed === 0 && module.state() === "failed" ? 1 : failed;
    for (const [reason, tests] of reasons) counts.skippedSuites.push({ file: module.relativeModuleId, reason, tests });
  }
  return counts;
}

function reasonOf(mode: string | undefined): string {
  return mode === "todo" ? "still to be written" : "skipped without a reason in the test";
}
