import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { chart } from "./chart.ts";
import { conditions, headline, type Result, table, verdictTable } from "./report.ts";

/** What the README shows; the whole table is in docs/performance.md. */
const mainFigures = [
  "bulk enqueue",
  "enqueue, 256 in flight",
  "process, concurrency 10",
  "process, concurrency 100",
  "whole round",
  "idle pick-up, p50",
  "idle pick-up, p99",
];
const begin = "<!-- figures: begin -->";
const end = "<!-- figures: end -->";
const picture = "docs/pictures/performance.svg";
const title = "Tasks per second";

/**
 * Puts a kept result into README.md and docs/performance.md, between their two comments, and draws the chart.
 * Gives the files that it wrote.
 * @throws Error when the result has faults, or a file lacks the comments.
 */
export async function publish(resultPath: string, root: string): Promise<string[]> {
  const result: Result = JSON.parse(await readFile(resultPath, "utf8"));
  if (result.faults.length > 0) throw new Error(`${resultPath}: expected no faults, got ${result.faults.join("; ")}`);
  const { machine, series, targets } = result;
  const context = `${headline(machine)}.`;
  const source = `Commit ${machine.commit}; [how it is measured, and how to repeat it](docs/performance.md).`;
  const inReadme = [
    `![${title}: Hikyaku beside other queues](${picture})`,
    context,
    table(series, mainFigures),
    source,
  ];
  const inDocs = [
    `### ${headline(machine)}`,
    `${conditions(machine)} Commit ${machine.commit}.`,
    `![${title}: Hikyaku beside other queues](pictures/performance.svg)`,
    table(series),
    "### Targets",
    verdictTable(targets),
  ];
  await replaceBetween(join(root, "README.md"), inReadme.join("\n\n"));
  await replaceBetween(join(root, "docs/performance.md"), inDocs.join("\n\n"));
  await mkdir(dirname(join(root, picture)), { recursive: true });
  await writeFile(join(root, picture), chartOf(result));
  return ["README.md", "docs/performance.md", picture];
}

/** The chart of a result; each group of bars has its own scale. */
export function chartOf({ machine, series }: Result): string {
  const { rounds } = machine;
  const note = `${headline(machine)}; ${rounds === 1 ? "one round" : `median of ${rounds} rounds`}, each group to its own scale`;
  return chart(series, title, note);
}

async function replaceBetween(path: string, text: string): Promise<void> {
  const before = await readFile(path, "utf8");
  const from = before.indexOf(begin);
  const to = before.indexOf(end);
  if (from === -1 || to < from) throw new Error(`${path}: expected the lines ${begin} and ${end}`);
  await writeFile(path, `${before.slice(0, from + begin.length)}\n\n${text}\n\n${before.slice(to)}`);
}
