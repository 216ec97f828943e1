import { medianOf, number, type Series } from "./report.ts";
import { targets } from "./targets.ts";

/** Mid tones that stand out from white and from black alike. */
const colours = ["#d9622b", "#c99a2e", "#4f8fba", "#7a9a3c", "#9a78b5", "#4aa39a"];
const width = 860;
const left = 250;
const right = 96;
const bar = 15;
const gap = 20;
const top = 84;
const perLegendRow = 3;

/**
 * Draws bars for the figures that count tasks per second and that more than one system has. Each group has its own
 * scale. A line on our bars shows our target. The chart has no background, so it fits light and dark pages, and needs
 * no font.
 */
export function chart(all: readonly Series[], title: string, note: string): string {
  const rated = all.filter(({ unit }) => unit === "per second");
  const systems = [...new Set(rated.map((series) => series.system))];
  const figures = [...new Set(rated.map((series) => series.figure))].filter(
    (figure) =>
      rated.filter((series) => series.figure === figure).length > 1 &&
      !/store|beside|watched| (waiting|scheduled)$/.test(figure),
  );
  const legendRows = Math.ceil(systems.length / perLegendRow);
  const parts: string[] = legend(systems);
  let y = top + (legendRows - 1) * 18;
  for (const figure of figures) {
    const drawn = group(rated, systems, figure, y);
    parts.push(...drawn.parts);
    y = drawn.bottom + gap;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="${escaped(title)}">
<style>
.t{fill:#24292f}.m{fill:#57606a}.g{stroke:#24292f}
@media(prefers-color-scheme:dark){.t{fill:#e6edf3}.m{fill:#9198a1}.g{stroke:#e6edf3}}
</style>
<text class="t" x="20" y="24" font-size="16" font-weight="600">${escaped(title)}</text>
<text class="m" x="20" y="43">${escaped(note)}</text>
${parts.join("\n")}
</svg>
`;
}

function legend(systems: readonly string[]): string[] {
  const columnWidth = (width - 40) / (perLegendRow + 1);
  return [...systems, ""].flatMap((system, index) => {
    if (system === "") {
      const x = 20 + perLegendRow * columnWidth;
      return [
        `<line class="g" x1="${x + 5}" y1="53" x2="${x + 5}" y2="67" stroke-width="2"/>`,
        `<text class="m" x="${x + 14}" y="64">our target</text>`,
      ];
    }
    const x = 20 + (index % perLegendRow) * columnWidth;
    const y = 54 + Math.floor(index / perLegendRow) * 18;
    return [
      `<rect x="${x}" y="${y}" width="11" height="11" rx="2" fill="${colourOf(index)}"/>`,
      `<text class="t" x="${x + 17}" y="${y + 10}">${escaped(system)}</text>`,
    ];
  });
}

function group(rated: readonly Series[], systems: readonly string[], figure: string, y: number) {
  const rows = systems.flatMap((system, index) => {
    const value = medianOf(rated, system, figure);
    return value === undefined ? [] : [{ system, value, colour: colourOf(index), aim: aimOf(rated, system, figure) }];
  });
  const most = Math.max(...rows.map(({ value, aim }) => Math.max(value, aim ?? 0)));
  const lengthOf = (value: number): number => Math.max(1, (value / most) * (width - left - right));
  const middle = y + (rows.length * bar) / 2 + 4;
  const parts = [`<text class="t" x="${left - 12}" y="${middle}" text-anchor="end">${escaped(figure)}</text>`];
  for (const [row, { value, colour, aim }] of rows.entries()) {
    const barTop = y + row * bar;
    const length = lengthOf(value);
    const textAt = left + Math.max(length, aim === undefined ? 0 : lengthOf(aim)) + 6;
    parts.push(
      `<rect x="${left}" y="${barTop}" width="${length.toFixed(1)}" height="${bar - 3}" rx="2" fill="${colour}"/>`,
      `<text class="t" x="${textAt.toFixed(1)}" y="${barTop + bar - 5}" font-size="11">${number(value)}/s</text>`,
    );
    if (aim !== undefined) {
      const x = (left + lengthOf(aim)).toFixed(1);
      parts.push(`<line class="g" x1="${x}" y1="${barTop - 1}" x2="${x}" y2="${barTop + bar - 2}" stroke-width="2"/>`);
    }
  }
  return { parts, bottom: y + rows.length * bar };
}

/** The rate that the strictest target of a system's figure asks for. */
function aimOf(all: readonly Series[], system: string, figure: string): number | undefined {
  const aims = targets.flatMap((target) => {
    if (target.ours !== system || target.figure !== figure || target.peer === undefined) return [];
    const peer = medianOf(all, target.peer, figure);
    return peer === undefined || target.atLeast === undefined ? [] : [peer * target.atLeast];
  });
  return aims.length === 0 ? undefined : Math.max(...aims);
}

function colourOf(index: number): string {
  return colours[index % colours.length] ?? "#888888";
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
