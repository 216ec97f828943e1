import { type Figure, median, type Unit } from "./figure.ts";
import type { Machine } from "./machine.ts";
import { type Target, targets } from "./targets.ts";

/** All values that one system gave for one figure, a value a round. */
export interface Series {
  readonly system: string;
  readonly figure: string;
  readonly unit: Unit;
  readonly values: number[];
}

export interface Verdict {
  readonly what: string;
  readonly wanted: string;
  readonly measured: number | null;
  readonly met: boolean | null;
}

/** A run of the benchmark, as it is kept. */
export interface Result {
  readonly machine: Machine;
  readonly series: readonly Series[];
  readonly targets: readonly Verdict[];
  /** Lost or doubled tasks and failed runs; none in a result that may be published. */
  readonly faults: readonly string[];
}

export function addFigure(all: Series[], system: string, { name, value, unit }: Figure): void {
  const found = all.find((series) => series.system === system && series.figure === name);
  if (found === undefined) all.push({ system, figure: name, unit, values: [value] });
  else found.values.push(value);
}

export function medianOf(all: readonly Series[], system: string, figure: string): number | undefined {
  const found = all.find((series) => series.system === system && series.figure === figure);
  return found === undefined ? undefined : median(found.values);
}

/** Each target with what was measured; null where a side did not run. */
export function verdicts(all: readonly Series[]): Verdict[] {
  return targets.map((target) => verdict(target, all));
}

function verdict({ what, figure, ours, peer, atLeast, atMost }: Target, all: readonly Series[]): Verdict {
  const own = medianOf(all, ours, figure);
  const divisor = peer === undefined ? 1 : medianOf(all, peer, figure);
  const measured = own === undefined || divisor === undefined ? null : own / divisor;
  const bound = atLeast === undefined ? `≤ ${atMost}` : `≥ ${atLeast}`;
  return {
    what,
    wanted: peer === undefined ? bound : `${bound} ×`,
    measured,
    met: measured === null ? null : measured >= (atLeast ?? -Infinity) && measured <= (atMost ?? Infinity),
  };
}

/** A Markdown table: a row a figure, a column a system; the median, with the spread behind it. */
export function table(all: readonly Series[], only?: readonly string[]): string {
  const systems = [...new Set(all.map((series) => series.system))];
  const figures = only ?? [...new Set(all.map((series) => series.figure))];
  const rows = figures.flatMap((figure) => {
    const found = all.filter((series) => series.figure === figure);
    const [first] = found;
    if (first === undefined) return [];
    const cells = systems.map((system) => {
      const series = found.find((candidate) => candidate.system === system);
      return series === undefined ? "–" : cell(series);
    });
    return [`| ${figure} (${first.unit}) | ${cells.join(" | ")} |`];
  });
  return [`| | ${systems.join(" | ")} |`, `|---|${systems.map(() => "---:|").join("")}`, ...rows].join("\n");
}

function cell({ values }: Series): string {
  const low = Math.min(...values);
  const high = Math.max(...values);
  return values.length === 1 ? number(low) : `**${number(median(values))}** (${number(low)}–${number(high)})`;
}

export function number(value: number): string {
  if (!Number.isFinite(value)) return "–";
  return value >= 100 ? Math.round(value).toLocaleString("en-US") : String(Number(value.toPrecision(3)));
}

export function verdictTable(list: readonly Verdict[]): string {
  const rows = list.map(({ what, wanted, measured, met }) => {
    const word = met === null ? "not measured" : met ? "met" : "**missed**";
    return `| ${what} | ${wanted} | ${measured === null ? "–" : number(measured)} | ${word} |`;
  });
  return ["| Target | wanted | measured | |", "|---|---:|---:|---|", ...rows].join("\n");
}

/** The whole result as Markdown. */
export function reportText({ machine, series, targets: list, faults }: Result): string {
  const shown = machine.mode === "full" ? list : list.filter(({ met }) => met !== null);
  const faultLines = faults.length === 0 ? [] : [`**Faults: ${faults.join("; ")}**`];
  return [
    `# ${headline(machine)}`,
    conditions(machine),
    ...faultLines,
    table(series),
    ...(shown.length === 0 ? [] : [verdictTable(shown)]),
    "",
  ].join("\n\n");
}

export function headline({ date, cores, cpu, node, redis }: Machine): string {
  return `${date.slice(0, 10)}: ${cores} cores (${cpu}), Node.js ${node}, Redis ${redis}`;
}

/** Under which conditions it was measured, in sentences. */
export function conditions({ memoryGiB, system, versions, durability, payload, rounds, sizes, mode }: Machine): string {
  const peers = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${system}, ${memoryGiB} GiB of memory.${peers.length === 0 ? "" : ` ${peers.join(", ")}.`}`,
    `${durability}.`,
    `${payload}. Before the clock starts, ${sizes.warmUp.toLocaleString("en-US")} tasks warm a worker, or a producer of many, up;`,
    `then ${sizes.process.toLocaleString("en-US")} that run, or ${sizes.enqueue.toLocaleString("en-US")} that are enqueued, count.`,
    `${rounds} round${rounds === 1 ? "" : "s in turn"}: the median, and behind it the lowest and the highest.`,
    mode === "full" ? "" : `A ${mode} run: good for seeing that it works, not for quoting.`,
  ]
    .join(" ")
    .trim();
}
