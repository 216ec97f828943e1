import type { FleetLoad } from "./simulation-fleet.ts";

const width = 720;
const height = 400;
const [left, right, top, bottom] = [70, 20, 50, 56];
const colours = ["#2563eb", "#16a34a", "#d97706", "#9333ea", "#dc2626", "#0891b2"];
const names: Readonly<Record<string, string>> = {
  waitForWork: "waiting for tasks",
  claim: "looking after a wait",
  forwardDue: "bringing due tasks",
  takeOver: "recovering",
  sweep: "sweeping",
  announce: "heartbeat",
  storeTime: "comparing clocks",
  servers: "looking at other servers",
  reconcile: "reconciling",
};

/** Idle commands a second against the number of servers, stacked by what they are for. */
export function picture(loads: readonly FleetLoad[], queues: number): string {
  const last = loads.at(-1);
  if (last === undefined) throw new Error("expected at least one load to draw, got none");
  const most = niceCeiling(last.total.commands);
  const largest = last.options.servers;
  const x = (servers: number): number => left + (servers / largest) * (width - left - right);
  const y = (commands: number): number => height - bottom - (commands / most) * (height - top - bottom);
  const methods = [...last.byMethod.keys()].sort((one, other) => of(last, other) - of(last, one));
  const main = methods.slice(0, colours.length - 1);
  const rest = methods.slice(colours.length - 1);
  const layers = [...main.map((method) => [method]), ...(rest.length > 0 ? [rest] : [])];
  const origin = { servers: 0, values: layers.map(() => 0) };
  const points = [
    origin,
    ...loads.map((load) => ({
      servers: load.options.servers,
      values: layers.map((layer) => layer.reduce((sum, method) => sum + of(load, method), 0)),
    })),
  ];
  const parts: string[] = [];
  const below = points.map(() => 0);
  for (const [index, layer] of layers.entries()) {
    const lower = points.map(({ servers }, at) => `${round(x(servers))},${round(y(below[at] ?? 0))}`);
    for (const [at, { values }] of points.entries()) below[at] = (below[at] ?? 0) + (values[index] ?? 0);
    const upper = points.map(({ servers }, at) => `${round(x(servers))},${round(y(below[at] ?? 0))}`);
    const colour = colours[index] ?? "#666";
    parts.push(
      `<polygon fill="${colour}" fill-opacity="0.75" points="${[...upper, ...lower.toReversed()].join(" ")}"/>`,
    );
    const name = layer.length === 1 ? (names[layer[0] ?? ""] ?? layer[0]) : "all else";
    const legendY = top + 14 + (layers.length - 1 - index) * 18;
    parts.push(
      `<rect x="${left + 14}" y="${legendY - 10}" width="12" height="12" fill="${colour}" fill-opacity="0.75"/>`,
    );
    parts.push(`<text x="${left + 32}" y="${legendY}">${name}</text>`);
  }
  const ticks = [0.25, 0.5, 0.75, 1].flatMap((share) => [
    `<line x1="${left}" x2="${width - right}" y1="${round(y(most * share))}" y2="${round(y(most * share))}" stroke="#ddd"/>`,
    `<text x="${left - 8}" y="${round(y(most * share)) + 4}" text-anchor="end">${(most * share).toLocaleString("en")}</text>`,
    `<text x="${round(x(largest * share))}" y="${height - bottom + 20}" text-anchor="middle">${(largest * share).toLocaleString("en")}</text>`,
  ]);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13" fill="#222"><title>Redis commands a second from idle servers</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${left}" y="28" font-size="16" font-weight="bold">Redis commands a second from idle servers, ${queues} queues each</text>`,
    ...ticks,
    ...parts,
    `<line x1="${left}" x2="${left}" y1="${top}" y2="${height - bottom}" stroke="#222"/>`,
    `<line x1="${left}" x2="${width - right}" y1="${height - bottom}" y2="${height - bottom}" stroke="#222"/>`,
    `<text x="${(left + width - right) / 2}" y="${height - 14}" text-anchor="middle">servers</text>`,
    "</svg>",
    "",
  ].join("\n");
}

function of(load: FleetLoad, method: string): number {
  return load.byMethod.get(method)?.commands ?? 0;
}

function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 5, 8, 10].find((step) => step * power >= value) ?? 10) * power;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
