import type { Figure } from "./measure.ts";
import { type Target, targets } from "./targets.ts";

/** All values that one system gave for one figure, a value a round. */
export interface Series {
  readonly system: string;
  readonly figure: string;
  readonly unit: Figure["unit"];
  readonly values: number[];
}

export interface Verdict {
  readonly what: string;
  readonly wanted: string;
  readonly measured: number | undefined;
  readonly met: boolean | undefined;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** Each target with what was measured; undefined where a side did not run. */
export function verdicts(all: readonly Series[]): Verdict[] {
  const value = (system: string, figure: string): number | undefined => {
    const found = all.find((series) => series.system === system && series.figure === figure);
    return found === undefined ? undefined : median(found.values);
  };
  return targets.map((target) => verdict(target, value));
}

function verdict(target: Target, value: (system: string, figure: string) => number | undefined): Verdict {
  const own = value(target.ours, target.figure);
  if (target.kind === "bound") {
    return {
      what: target.what,
      wanted: `≤ ${target.atMost}`,
      measured: own,
      met: own === undefined ? undefined : own <= target.atMost,
    };
  }
  const peer = value(target.peer, target.peerFigure ?? target.figure);
  const measured = own === undefined || peer === undefined ? undefined : own / peer;
  const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = target;
  return {
    what: target.what,
    wanted: target.atLeast === undefined ? `≤ ${atMost} ×` : `≥ ${atLeast} ×`,
    measured,
    met: measured === undefined ? undefined : measured >= atLeast && measured <= atMost,
  };
}

/** A Markdown table: a row a figure, a column a system; the median, with the spread behind it. */
export function table(all: readonly Series[]): string {
  const systems = [...new Set(all.map((series) => series.system))];
  const figures = [...new Set(all.map((series) => series.figure))];
  const rows = figures.map((figure) => {
    const cells = systems.map((system) => {
      const series = all.find((candidate) => candidate.system === system && candidate.figure === figure);
      return series === undefined ? "–" : cell(series);
    });
    const unit = all.find((series) => series.figure === figure)?.unit ?? "";
    return `| ${figure} (${unit}) | ${cells.join(" | ")} |`;
  });
  return [`| | ${systems.join(" | ")} |`, `|---|${systems.map(() => "---|").join("")}`, ...rows].join("\n");
}

function cell({ values }: Series): string {
  const low = Math.min(...values);
  const high = Math.max(...values);
  return values.length === 1 ? number(low) : `${number(median(values))} (${number(low)}–${number(high)})`;
}

export function number(value: number): string {
  if (!Number.isFinite(value)) return "–";
  return value >= 100 ? Math.round(value).toLocaleString("en-US") : String(Number(value.toPrecision(3)));
}

export function verdictTable(list: readonly Verdict[]): string {
  const rows = list.map(({ what, wanted, measured, met }) => {
    const word = met === undefined ? "not measured" : met ? "met" : "missed";
    return `| ${what} | ${wanted} | ${measured === undefined ? "–" : number(measured)} | ${word} |`;
  });
  return ["| Target | wanted | measured | |", "|---|---|---|---|", ...rows].join("\n");
}

const colours = ["#b4451f", "#e0a458", "#5b7c99", "#8a9a5b", "#7d6b8a"];

/** Bars for the figures that count tasks per second, as an SVG that needs no font of its own. */
export function chart(all: readonly Series[], title: string): string {
  const rated = all.filter(({ unit }) => unit === "per second");
  const systems = [...new Set(rated.map((series) => series.system))];
  const figures = [...new Set(rated.map((series) => series.figure))].filter(
    (figure) => rated.filter((series) => series.figure === figure).length > 1,
  );
  const width = 820;
  const left = 250;
  const bar = 16;
  const gap = 18;
  const group = systems.length * bar + gap;
  const height = 80 + figures.length * group;
  const parts: string[] = [];
  for (const [row, figure] of figures.entries()) {
    const top = 70 + row * group;
    const values = systems.map((system) => {
      const series = rated.find((candidate) => candidate.system === system && candidate.figure === figure);
      return series === undefined ? undefined : median(series.values);
    });
    const most = Math.max(...values.map((value) => value ?? 0));
    parts.push(
      `<text x="${left - 12}" y="${top + (systems.length * bar) / 2 + 4}" text-anchor="end">${escaped(figure)}</text>`,
    );
    for (const [index, value] of values.entries()) {
      if (value === undefined) continue;
      const length = Math.max(1, (value / most) * (width - left - 110));
      const y = top + index * bar;
      parts.push(
        `<rect x="${left}" y="${y}" width="${length.toFixed(1)}" height="${bar - 3}" fill="${colours[index] ?? "#888"}"/>`,
        `<text x="${(left + length + 6).toFixed(1)}" y="${y + bar - 5}" font-size="11">${number(value)}/s</text>`,
      );
    }
  }
  const legend = systems.map(
    (system, index) =>
      `<rect x="${left + index * 130}" y="38" width="11" height="11" fill="${colours[index] ?? "#888"}"/>` +
      `<text x="${left + index * 130 + 16}" y="48" font-size="12">${escaped(system)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" role="img" aria-label="${escaped(title)}">
<rect width="${width}" height="${height}" fill="#fffdf8"/>
<g fill="#222"><text x="20" y="24" font-size="15">${escaped(title)}</text>
${[...legend, ...parts].join("\n")}
</g></svg>
`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
