// `npm run chaos`: seeded schedules of load and faults on real stores and worker processes, see tests/chaos.
// Options: --seed N (first seed; alone: only this one) --store redis|sqlite (default both) --minutes M (default 20)
// --schedules K (for each store, default as many as fit) --lanes L --out FOLDER (default .cache/chaos)
// --flow-within MS (default 2000). Exit code 1 when a promise was broken.
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type ChaosReport, runChaos } from "../tests/chaos/run-chaos.ts";
import type { StoreKind } from "../tests/chaos/schedule.ts";
import { redisServerPath } from "./test/tools.ts";

const text = { type: "string" } as const;
const { values } = parseArgs({
  options: { seed: text, store: text, minutes: text, schedules: text, lanes: text, out: text, "flow-within": text },
});

const startedAt = new Date();
const stores = chosenStores(values.store);
const isOne = values.seed !== undefined && values.schedules === undefined && values.minutes === undefined;
const options = {
  stores,
  firstSeed: number("seed", values.seed, 1),
  schedules: number("schedules", values.schedules, isOne ? 1 : 1_000_000),
  minutes: number("minutes", values.minutes, 20),
  lanes: number("lanes", values.lanes, availableParallelism() * 2),
  flowWithinMs: number("flow-within", values["flow-within"], 2_000),
};
const out = values.out ?? ".cache/chaos";
const hurry = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => hurry.abort());

const print = (line: string): void => console.log(`${elapsed()} ${line}`);
const report = await runChaos({ ...options, seeds: seeds(), print, signal: hurry.signal }, out);
mkdirSync(out, { recursive: true });
const path = join(out, `${startedAt.toISOString().replaceAll(":", "-")}.json`);
writeFileSync(path, JSON.stringify({ startedAt, options, ...report }, null, 1));
printSummary(report);
console.log(`written to ${path}`);
process.exitCode = report.failed.length + report.late.length > 0 ? 1 : 0;

function* seeds(): Generator<number> {
  for (let count = 0; count < options.schedules; count++) yield options.firstSeed + count;
}

function chosenStores(store: string | undefined): readonly StoreKind[] {
  if (store === "redis" || store === "sqlite") return [store];
  if (store !== undefined) throw new Error(`--store: expected redis or sqlite, got ${store}`);
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

function elapsed(): string {
  const seconds = Math.round((Date.now() - startedAt.getTime()) / 1_000);
  return `${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;
}

function printSummary({ summaries, failed, late }: ChaosReport): void {
  for (const [store, summary] of Object.entries(summaries)) {
    const { tasks, duplicates, flow, recoveryAfterKill, quiet } = summary;
    console.log(
      `${store}: ${summary.schedules} schedules, ${tasks.accepted} tasks accepted, ${tasks.unknown} without an answer, ` +
        `${tasks.refused} refused, ${summary.runs} runs, ${summary.kills} workers killed, ${summary.stops} stopped`,
    );
    console.log(`  store faults: ${JSON.stringify(summary.storeFaults)}`);
    console.log(
      `  successes that ran again: ${duplicates.died} whose worker died, ${duplicates.leaseOver} whose lease ran out`,
    );
    for (const [name, { count, p50, p99, max }] of Object.entries({
      "jobs flow after the store's return": flow,
      "a task runs again after its worker was killed": recoveryAfterKill,
      "all done after the last fault": quiet,
    })) {
      console.log(`  ${name}: p50 ${p50} ms, p99 ${p99} ms, max ${max} ms (${count} times)`);
    }
  }
  if (failed.length + late.length === 0) console.log("every promise held");
  for (const [word, broken] of Object.entries({ FAILED: failed, LATE: late })) {
    for (const { store, seed, violations } of broken) {
      console.log(
        `${word} ${store} seed ${seed}: ${violations[0]}; again: npm run chaos -- --store ${store} --seed ${seed}`,
      );
    }
  }
}
