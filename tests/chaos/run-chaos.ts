import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runSchedule, type ScheduleReport } from "./run-schedule.ts";
import { describeSchedule, makeSchedule, type StoreKind } from "./schedule.ts";
import { type Spread, spreadOf } from "./support/spread.ts";

export interface ChaosOptions {
  readonly stores: readonly StoreKind[];
  /** One schedule for each of them on each store. */
  readonly seeds: Iterable<number>;
  /** No schedule begins after this time. */
  readonly minutes: number;
  /** How many schedules run at the same time. */
  readonly lanes: number;
  /** Within this time after the store's return a new task must run. */
  readonly flowWithinMs: number;
  readonly print: (line: string) => void;
  /** Ends the run after the schedules that are under way. */
  readonly signal?: AbortSignal;
}

/** What the schedules of one store came to, together. */
interface StoreSummary {
  readonly schedules: number;
  readonly failedSeeds: readonly number[];
  readonly tasks: { readonly accepted: number; readonly unknown: number; readonly refused: number };
  readonly runs: number;
  readonly kills: number;
  readonly stops: number;
  readonly storeFaults: Readonly<Record<string, number>>;
  readonly duplicates: { readonly died: number; readonly leaseOver: number };
  /** In milliseconds. */
  readonly flow: Spread;
  readonly flowByFault: Readonly<Record<string, Spread>>;
  readonly recoveryAfterKill: Spread;
  readonly quiet: Spread;
}

interface BrokenSchedule {
  readonly seed: number;
  readonly store: StoreKind;
  readonly violations: readonly string[];
}

export interface ChaosReport {
  readonly summaries: Readonly<Partial<Record<StoreKind, StoreSummary>>>;
  /** Schedules in which something was lost, ran twice under a live lease, contradicted itself or never ended. */
  readonly failed: readonly BrokenSchedule[];
  /** Schedules in which jobs flowed too late after the store's return: also a busy machine can be the reason. */
  readonly late: readonly BrokenSchedule[];
}

/** Runs seeded schedules in lanes, and writes down each that broke a promise. */
export async function runChaos(options: ChaosOptions, out?: string): Promise<ChaosReport> {
  const { stores, seeds, minutes, lanes, print, signal } = options;
  const end = performance.now() + minutes * 60_000;
  const reports: ScheduleReport[] = [];
  const failed: BrokenSchedule[] = [];
  const late: BrokenSchedule[] = [];
  if (out !== undefined) mkdirSync(out, { recursive: true });
  const waiting = pairs(stores, seeds);

  const lane = async (): Promise<void> => {
    while (performance.now() < end && signal?.aborted !== true) {
      const next = waiting.next();
      if (next.done === true) return;
      const { store, seed } = next.value;
      const schedule = makeSchedule(store, seed);
      const words = describeSchedule(schedule);
      try {
        const report = await runSchedule(schedule);
        const { violations } = report;
        const slow = slowFlows(report, options.flowWithinMs);
        reports.push({ ...report, journal: undefined });
        if (slow.length > 0) {
          late.push({ seed, store, violations: slow });
          print(`LATE ${words}\n  ${slow.join("\n  ")}`);
        }
        if (violations.length > 0) {
          failed.push({ seed, store, violations });
          print(`FAILED ${words}`);
          for (const violation of violations.slice(0, 10)) print(`  ${violation}`);
          if (out !== undefined) {
            writeFileSync(join(out, `${store}-${seed}.json`), JSON.stringify({ schedule, report }, null, 1));
          }
        } else if (slow.length === 0) {
          print(`ok ${words} -> ${resultText(report)}`);
        }
      } catch (error) {
        const violations = [`the harness gave up: ${error instanceof Error ? error.stack : error}`];
        failed.push({ seed, store, violations });
        print(`FAILED ${words}\n  ${violations[0]}`);
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));

  const summaries: Partial<Record<StoreKind, StoreSummary>> = {};
  for (const store of stores) {
    const own = reports.filter((report) => report.store === store);
    if (own.length > 0) summaries[store] = summaryOf(own);
  }
  return { summaries, failed, late };
}

function* pairs(
  stores: readonly StoreKind[],
  seeds: Iterable<number>,
): Generator<{ store: StoreKind; seed: number }, undefined> {
  for (const seed of seeds) for (const store of stores) yield { store, seed };
}

function slowFlows({ flowMs }: ScheduleReport, withinMs: number): string[] {
  return flowMs
    .filter(({ ms }) => ms > withinMs)
    .map(
      ({ fault, ms }) => `jobs flowed ${ms} ms after the store came back (${fault}), expected ${withinMs} ms at most`,
    );
}

function resultText({ tasks, runs, duplicates, flowMs, quietMs }: ScheduleReport): string {
  const flows = flowMs.length === 0 ? "" : `, flow after ${flowMs.map(({ ms }) => ms).join(", ")} ms`;
  return (
    `${tasks.accepted} tasks, ${tasks.unknown + tasks.refused} without, ${runs} runs, ` +
    `${duplicates.died + duplicates.leaseOver} twice${flows}, quiet after ${Math.round(quietMs)} ms`
  );
}

function summaryOf(reports: readonly ScheduleReport[]): StoreSummary {
  const sum = (number: (report: ScheduleReport) => number): number =>
    reports.reduce((total, report) => total + number(report), 0);
  const flows = reports.flatMap(({ flowMs }) => flowMs);
  const faults = reports.flatMap(({ storeFaults }) => storeFaults);
  const kinds = [...new Set(faults)].sort();
  return {
    schedules: reports.length,
    failedSeeds: reports.filter(({ violations }) => violations.length > 0).map(({ seed }) => seed),
    tasks: {
      accepted: sum(({ tasks }) => tasks.accepted),
      unknown: sum(({ tasks }) => tasks.unknown),
      refused: sum(({ tasks }) => tasks.refused),
    },
    runs: sum(({ runs }) => runs),
    kills: sum(({ kills }) => kills),
    stops: sum(({ stops }) => stops),
    storeFaults: Object.fromEntries(kinds.map((kind) => [kind, faults.filter((fault) => fault === kind).length])),
    duplicates: {
      died: sum(({ duplicates }) => duplicates.died),
      leaseOver: sum(({ duplicates }) => duplicates.leaseOver),
    },
    flow: spreadOf(flows.map(({ ms }) => ms)),
    flowByFault: Object.fromEntries(
      kinds.map((kind) => [kind, spreadOf(flows.filter(({ fault }) => fault === kind).map(({ ms }) => ms))]),
    ),
    recoveryAfterKill: spreadOf(reports.flatMap(({ recoveryMs }) => recoveryMs)),
    quiet: spreadOf(reports.map(({ quietMs }) => quietMs)),
  };
}
