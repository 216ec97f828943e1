/** One number of one run; `unit` says what it counts. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: Unit;
}

export type Unit =
  | "per second"
  | "ms"
  | "bytes per task"
  | "commands per second"
  | "tasks"
  | "tasks per call"
  | "of the limit"
  | "of the empty store";

/** Figures that are no measurement but a fault: the harness fails when one of them is not 0. */
const faults: ReadonlySet<string> = new Set(["lost", "ran twice", "left behind", "not ours"]);

export function isFault({ name }: Pick<Figure, "name">): boolean {
  return faults.has(name);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN;
}
