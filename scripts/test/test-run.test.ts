import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { TestCounts } from "./count-reporter.ts";

describe("a test run", () => {
  it("counts every test, and fails a file that leaves something running or cannot be loaded", {
    timeout: 60_000,
  }, () => {
    const folder = mkdtempSync(join(tmpdir(), "hikyaku-counts-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "counts.json");
    const config = join(import.meta.dirname, "fixtures/vitest.config.ts");
    const { status, stderr } = spawnSync(
      process.execPath,
      ["node_modules/vitest/vitest.mjs", "run", "--config", config],
      {
        env: { ...process.env, HIKYAKU_TEST_COUNTS: path },
        encoding: "utf8",
      },
    );
    expect(status, stderr).toBe(1);
    const counts: TestCounts = JSON.parse(readFileSync(path, "utf8"));
    expect(counts).toEqual({
      passed: 3,
      failed: 4, // a server, a child, a file that cannot be loaded, and the test that fails
      skipped: 3,
      skippedSuites: expect.arrayContaining([
        { file: "leaves-nothing.fixture.ts", reason: "redis-server is not installed", tests: 1 },
        { file: "leaves-nothing.fixture.ts", reason: "skipped without a reason in the test", tests: 1 },
        { file: "leaves-nothing.fixture.ts", reason: "still to be written", tests: 1 },
      ]),
    });
  });
});
