// `npm run soak`: a steady load on each store for half an hour. Measures the memory of the process and of the store all
// the time; see tests/soak. Exit code 1 when something rises, a task is left over or the checker finds something.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { leastMinutes, runSoak, type SoakReport, series, seriesNames } from "../tests/soak/run-soak.ts";
import { soakChart } from "../tests/soak/soak-chart.ts";
import type { StoreKind } from "../tests/soak/soak-store.ts";
import { redisServerPath } from "./test/tools.ts";

const text = { type: "string" } as const;
const { values } = parseArgs({
  options: { store: text, minutes: text, rate: text, out: text, help: { type: "boolean", short: "h" } },
});

if (values.help === true) {
  console.log(help());
} else {
  await main();
}

async function main(): Promise<void> {
  const out = values.out ?? ".cache/soak";
  const minutes = number("minutes", values.minutes, 30);
  const tasksPerSecond = number("rate", values.rate, 200);
  const hurry = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => hurry.abort());
  mkdirSync(out, { recursive: true });
  for (const store of chosenStores(values.store)) {
    if (hurry.signal.aborted) break;
    console.log(`soak on ${store}: ${minutes} minutes at ${tasksPerSecond} tasks a second`);
    const sampleEveryMs = Math.min(5_000, (minutes * 60_000) / 20);
    const print = (line: string): void => console.log(line);
    const report = await runSoak({ store, minutes, tasksPerSecond, sampleEveryMs, print, signal: hurry.signal });
    const name = join(out, `${new Date().toISOString().replaceAll(":", "-")}-${store}`);
    writeFileSync(`${name}.json`, JSON.stringify({ node: process.version, ...report }, null, 1));
    writeFileSync(`${name}.svg`, soakChart(report));
    printVerdict(report);
    console.log(`written to ${name}.json and .svg`);
    if (!isGood(report)) process.exitCode = 1;
  }
}

function isGood({ rising, left, findings, load }: SoakReport): boolean {
  return rising.length === 0 && left === 0 && findings.length === 0 && load.errors === 0;
}

function printVerdict(report: SoakReport): void {
  const { store, load, slopes, rising, left, findings, processedPerSecond } = report;
  for (const name of seriesNames) {
    const slope = slopes[name];
    if (slope === undefined) continue;
    const perMinute = `${slope.bytesPerMinute.toFixed(0)} ± ${slope.uncertainty.toFixed(0)} bytes a minute`;
    const verdict = report.minutes < leastMinutes ? "too short to judge" : rising.includes(name) ? "RISES" : "flat";
    const level = `${(slope.level / 1_048_576).toFixed(1)} MiB`;
    console.log(
      `${store} ${series[name].title}: ${verdict}: ${perMinute}, ${slope.percentPerHour.toFixed(2)} % per hour of ${level}`,
    );
  }
  const { accepted, duplicates, errors, skippedTicks } = load;
  console.log(`${store}: ${accepted} accepted, ${duplicates} duplicates refused, ${errors} errors, ${left} left over`);
  console.log(`${store}: ${processedPerSecond.toFixed(0)} attempts a second, ${skippedTicks} ticks skipped`);
  for (const finding of findings) console.log(`${store}: the checker found ${finding}`);
  console.log(`${store}: ${isGood(report) ? "good" : "NOT good"}`);
}

function chosenStores(store = "both"): readonly StoreKind[] {
  if (store === "redis" || store === "sqlite") return [store];
  if (store !== "both") throw new Error(`--store: expected redis, sqlite or both, got ${JSON.stringify(store)}`);
  if (redisServerPath() !== undefined) return ["redis", "sqlite"];
  console.log("redis-server is not installed: only the embedded store is tried");
  return ["sqlite"];
}

function number(name: string, value: string | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  const parsed = Number(value);
  if (Number.isFinite(parsed) && parsed > 0) return parsed;
  throw new Error(`--${name}: expected a number above 0, got ${JSON.stringify(value)}`);
}

function help(): string {
  const bounds = seriesNames.map((name) => {
    const { title, bound } = series[name];
    return `  ${title}: ${bound.percentPerHour} % or ${bound.bytesPerHour / 1_048_576} MiB an hour, whichever is more`;
  });
  return `npm run soak -- [--minutes M] [--store redis|sqlite|both] [--rate TASKS] [--out FOLDER]

Puts a steady mix of tasks into a store of its own and runs them: now, delayed, failing and retried, unique, with results
that are kept for 5 seconds, grouped. Default: 30 minutes on each store, 200 tasks a second, out to .cache/soak.
Every 5 seconds it measures; at the end it fits a line over the second half. A series counts as flat as long as the line,
less two standard errors, rises by no more than this; a run of less than ${leastMinutes} minutes is not judged:
${bounds.join("\n")}
Exit code 1 when one rises, a task is left over, an enqueue fails or the checker finds something.`;
}
