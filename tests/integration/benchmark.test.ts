import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, inject, it, onTestFinished } from "vitest";

const run = promisify(execFile);
const program = join(import.meta.dirname, "../../bench/src/main.ts");
const simulation = join(import.meta.dirname, "../../bench/src/simulation.ts");

/** Runs the benchmark's harness, without its peers. */
function bench(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  return run(process.execPath, ["--conditions=source", program, ...args], { timeout: 50_000 });
}

describe("the benchmark", () => {
  it("sees in every workload when a queue loses a task, runs one twice or keeps one", async ({ skip }) => {
    skip(inject("redisServerPath") === null, "redis-server is not installed");
    expect((await bench("--self-test")).stderr).toContain("sees lost, doubled and forgotten tasks");
  });

  it("simulates what idle servers ask for, as servers of today ask", async ({ skip }) => {
    skip(inject("redisServerPath") === null, "redis-server is not installed");
    const few = ["--servers", "2", "--queues", "1", "--minutes", "1", "--active", "1", "--real", "1", "--seconds", "1"];
    const { stdout } = await run(process.execPath, ["--conditions=source", simulation, ...few], { timeout: 50_000 });
    const [, perServer] = /\n2 +([\d.]+) +([\d.]+) /.exec(stdout)?.slice(1).map(Number) ?? [];
    expect(perServer).toBeGreaterThan(1);
    expect(perServer).toBeLessThan(4);
  });

  it("names what it can measure when asked for something else", async () => {
    await expect(bench("--only", "everything")).rejects.toThrow(/--only: expected .*bulk enqueue; .*got "everything"/);
  });

  it("publishes a result between the comments of two pages, and leaves the rest of them alone", async () => {
    const folder = await pages();
    const { stderr } = await bench("--publish", await resultFile(folder, []), "--into", folder);
    expect(stderr).toContain("docs/pictures/performance.svg");
    for (const name of ["README.md", "docs/performance.md"]) {
      const text = await readFile(join(folder, name), "utf8");
      expect(text).toMatch(/^before\n<!-- figures: begin -->\n\n[\s\S]*\n\n<!-- figures: end -->\nafter\n$/);
      expect(text).not.toContain("old figures");
      expect(text).toContain("| whole round (per second) | **2,000** (1,000–3,000) | 500 |");
    }
    expect(await readFile(join(folder, "docs/performance.md"), "utf8")).toContain("| whole round, us ÷ them |");
    const picture = await readFile(join(folder, "docs/pictures/performance.svg"), "utf8");
    expect(picture).toContain(">2,000/s</text>");
    expect(picture).toContain("prefers-color-scheme:dark");
  });

  it("does not publish a result in which a task was lost", async () => {
    const folder = await pages();
    const file = await resultFile(folder, ["them, whole round: 1 lost"]);
    await expect(bench("--publish", file, "--into", folder)).rejects.toThrow(
      "expected no faults, got them, whole round",
    );
    expect(await readFile(join(folder, "README.md"), "utf8")).toContain("old figures");
  });
});

async function pages(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "hikyaku-bench-pages-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, "docs"));
  const text = "before\n<!-- figures: begin -->\nold figures\n<!-- figures: end -->\nafter\n";
  for (const name of ["README.md", "docs/performance.md"]) await writeFile(join(folder, name), text);
  return folder;
}

async function resultFile(folder: string, faults: readonly string[]): Promise<string> {
  const path = join(folder, "result.json");
  const row = { figure: "whole round", unit: "per second" };
  const result = {
    machine: {
      date: "2026-01-31T00:00:00.000Z",
      commit: "abc",
      mode: "full",
      cores: 2,
      cpu: "a processor",
      memoryGiB: 8,
      system: "Linux 6",
      node: "v24",
      redis: "7",
      versions: { them: "1.0" },
      durability: "kept",
      payload: "small",
      rounds: 3,
      sizes: { warmUp: 1, process: 2, enqueue: 3 },
    },
    series: [
      { system: "us", ...row, values: [1_000, 3_000, 2_000] },
      { system: "them", ...row, values: [500] },
    ],
    targets: [{ what: "whole round, us ÷ them", wanted: "≥ 3 ×", measured: 4, met: true }],
    faults,
  };
  await writeFile(path, JSON.stringify(result));
  return path;
}
