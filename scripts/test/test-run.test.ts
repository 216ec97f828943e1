import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { TestCounts } from "./count-reporter.ts";

function runFixtures(environment: Record<string, string>): TestCounts {
  const folder = mkdtempSync(join(tmpdir(), "hikyaku-counts-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "counts.json");
  const config = join(import.meta.dirname, "fixtures/vitest.config.ts");
  const { status, stderr } = spawnSync(
    process.execPath,
    ["node_modules/vitest/vitest.mjs", "run", "--config", config],
    {
      env: { ...process.env, ...environment, HIKYAKU_TEST_COUNTS: path },
      encoding: "utf8",
    },
  );
  expect(status, stderr).toBe(1);
  return JSON.parse(readFileSync(path, "utf8"));
}

describe("a test run", () => {
  it("counts every test, and fails a file that leaves something running or cannot be loaded", {
    timeout: 60_000,
  }, () => {
    expect(runFixtures({})).toEqual({
      passed: 3,
      failed: 4, // a server, a child, a file that cannot be loaded, and the test that fails
      skipped: 3,
      skippedSuites: expect.arrayContaining([
        { file: "leaves-nothing.fixture.ts", reason: "redis-server is not installed", tests: 1 },
        { file: "leaves-nothing.fixture.ts", reason: "skipped without a reason in the test", tests: 1 },
        { file: "leaves-nothing.fixture.ts", reason: "still to be written", tests: 1 },
      ]),
      hanging: [],
    });
  });

  it("gives up on a file that blocks for ever, and names it", { timeout: 60_000 }, () => {
    const counts = runFixtures({ FIXTURES: "blocked/*.fixture.ts", HIKYAKU_TEST_STALL_MS: "4000" });
    expect(counts).toMatchObject({ passed: 0, failed: 1, hanging: ["blocked/blocks.fixture.ts"] });
  });
});
