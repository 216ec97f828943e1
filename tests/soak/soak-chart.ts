import { type Sample, type SeriesName, type SoakReport, series, seriesNames } from "./run-soak.ts";

const width = 720;
const height = 120;
const left = 90;
const gap = 34;

/** One small chart for each series, with the fitted line over the half that it was fitted to. */
export function soakChart({ store, samples, slopes, rising }: SoakReport): string {
  const shown = seriesNames.filter((name) => slopes[name] !== undefined);
  const charts = shown.map((name, index) => {
    const points = pointsOf(samples, name);
    const lastMinute = samples.at(-1)?.minute ?? 1;
    const top = Math.max(...points.map(([, bytes]) => bytes)) * 1.1;
    const x = (minute: number): number => left + (minute / lastMinute) * (width - left - 10);
    const y = (bytes: number): number => index * (height + gap) + gap + height * (1 - bytes / top);
    const line = points.map(([minute, bytes]) => `${x(minute).toFixed(1)},${y(bytes).toFixed(1)}`).join(" ");
    const slope = slopes[name] ?? { level: 0, bytesPerMinute: 0, percentPerHour: 0 };
    const half = points.slice(Math.floor(points.length / 2)).map(([minute]) => minute);
    const middle = half.reduce((sum, minute) => sum + minute, 0) / half.length;
    const fitted = [half[0] ?? 0, half.at(-1) ?? 0]
      .map(
        (minute) => `${x(minute).toFixed(1)},${y(slope.level + slope.bytesPerMinute * (minute - middle)).toFixed(1)}`,
      )
      .join(" ");
    const color = rising.includes(name) ? "#c0392b" : "#2e7d32";
    const title = `${series[name].title}: ${slope.percentPerHour.toFixed(2)} % per hour`;
    return `
  <text x="${left}" y="${y(top) - 8}">${title}</text>
  <text x="${left - 6}" y="${y(top) + 10}" text-anchor="end">${mebibytes(top)}</text>
  <text x="${left - 6}" y="${y(0)}" text-anchor="end">0</text>
  <polyline points="${x(0)},${y(top)} ${x(0)},${y(0)} ${x(lastMinute)},${y(0)}" stroke="#999"/>
  <polyline points="${line}" stroke="#1f5fa8"/>
  <polyline points="${fitted}" stroke="${color}" stroke-width="2"/>`;
  });
  const total = shown.length * (height + gap) + gap;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${total}" font-family="sans-serif" font-size="11" fill="none">
  <rect width="${width}" height="${total}" fill="#fff"/>
  <g fill="#333"><text x="${left}" y="14">soak on ${store}, ${(samples.at(-1)?.minute ?? 0).toFixed(0)} minutes</text></g>
  ${charts.join("").replaceAll("<text ", '<text fill="#333" ')}
</svg>
`;
}

function pointsOf(samples: readonly Sample[], name: SeriesName): (readonly [minute: number, bytes: number])[] {
  return samples.flatMap(({ minute, bytes }) => {
    const value = bytes[name];
    return value === undefined ? [] : [[minute, value] as const];
  });
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`;
}
