import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isFault } from "./figure.ts";
import { describeMachine, type Machine } from "./machine.ts";
import { Forecast, type Step } from "./plan.ts";
import type { PostgresServer } from "./postgres-server.ts";
import type { ProfileKind } from "./profile.ts";
import { chartOf } from "./publish.ts";
import { addFigure, type Result, reportText, type Series, verdicts } from "./report.ts";
import { runStep } from "./run-step.ts";
import { fullSizes, type Sizes } from "./sizes.ts";
import { asynqName } from "./systems.ts";

export interface BenchmarkOptions {
  readonly mode: Machine["mode"];
  readonly rounds: number;
  readonly sizes: Sizes;
  readonly asynqBinary: string | undefined;
  readonly postgres: PostgresServer | undefined;
  /** Ends the run after the step that it falls into; what is measured by then is not kept. */
  readonly signal: AbortSignal;
}

/** Works off a plan, tells how far it is, and keeps what came out. */
export class Benchmark {
  readonly faults: string[] = [];
  readonly #options: BenchmarkOptions;
  readonly #series: Series[] = [];

  constructor(options: BenchmarkOptions) {
    this.#options = options;
  }

  /** Measures, prints the report and writes it into the folder. */
  async run(steps: readonly Step[], folder: string): Promise<void> {
    const { sizes, rounds, signal } = this.#options;
    const forecast = new Forecast(0.1 + (0.9 * sizes.process) / fullSizes.process);
    say(`${steps.length} steps, about ${minutes(forecast.secondsFor(steps))}`);
    const begun = performance.now();
    for (const [index, step] of steps.entries()) {
      const start = performance.now();
      const faults = await this.#measure(step);
      if (signal.aborted) return void this.faults.push("stopped before its end");
      const seconds = (performance.now() - start) / 1_000;
      forecast.note(step, seconds);
      const place = `[${String(index + 1).padStart(String(steps.length).length)}/${steps.length}]`;
      const what = `round ${step.round} of ${rounds}: ${step.workload}, ${step.system}`;
      const left = minutes(forecast.secondsFor(steps.slice(index + 1)));
      say(
        `${place} ${what}: ${seconds.toFixed(1)} s; about ${left} left${faults.map((fault) => `\n  ${fault}`).join("")}`,
      );
      this.faults.push(...faults);
    }
    say(`took ${minutes((performance.now() - begun) / 1_000)}`);
    await this.#keep(folder);
  }

  /** Runs each step of the plan once for its time and once for its memory. Programs that are not ours are left out. */
  async profile(steps: readonly Step[], folder: string): Promise<void> {
    const profiles = join(folder, "profiles");
    await mkdir(profiles, { recursive: true });
    for (const step of steps.filter(({ system }) => system !== asynqName)) {
      for (const kind of ["cpu", "allocations"] as const) {
        const faults = await this.#measure(step, { kind, folder: profiles });
        if (this.#options.signal.aborted) return void this.faults.push("stopped before its end");
        this.faults.push(...faults);
      }
    }
    say(`written to ${profiles}: .cpuprofile and .heapprofile for Chrome's developer tools, .svg as flame graphs`);
  }

  async #measure({ workload, system }: Step, profile?: { kind: ProfileKind; folder: string }): Promise<string[]> {
    try {
      const figures = await runStep(system, workload, { ...this.#options, ...(profile && { profile }) });
      for (const figure of figures) if (!isFault(figure)) addFigure(this.#series, system, figure);
      return figures
        .filter((figure) => isFault(figure) && figure.value !== 0)
        .map(({ name, value }) => `${system}, ${workload}: ${value} ${name}`);
    } catch (error) {
      return [`${system} failed ${workload}: ${error instanceof Error ? error.message : String(error)}`];
    }
  }

  async #keep(folder: string): Promise<void> {
    const { mode, rounds, sizes, postgres } = this.#options;
    const systems = [...new Set(this.#series.map(({ system }) => system))];
    const machine = describeMachine({ mode, rounds, sizes, postgres: postgres?.version, systems });
    const result: Result = { machine, series: this.#series, targets: verdicts(this.#series), faults: this.faults };
    process.stdout.write(reportText(result));
    const stem = join(folder, `${machine.date.slice(0, 19).replaceAll(":", "-")}-${mode}`);
    await writeFile(`${stem}.json`, `${JSON.stringify(result, null, 2)}\n`);
    await writeFile(`${stem}.md`, reportText(result));
    await writeFile(`${stem}.svg`, chartOf(result));
    say(`written: ${stem}.{json,md,svg}`);
  }
}

function minutes(seconds: number): string {
  return seconds < 90 ? `${Math.round(seconds)} s` : `${(seconds / 60).toFixed(1)} min`;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
