// What many servers with little or nothing to do ask of one Redis. The library's own servers run on a virtual clock,
// over a store that counts. What each call costs is measured on a real Redis first. Twenty real servers show how well
// the result fits.
//   node --conditions=source bench/src/simulation.ts --servers 1000 --queues 3 --minutes 10 [--picture docs/pictures/x.svg]
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { startRedisServer } from "@hikyaku/test-support";
import { type Cost, type Costs, measureCosts } from "./simulation-costs.ts";
import { type FleetLoad, simulateFleet } from "./simulation-fleet.ts";
import { picture } from "./simulation-picture.ts";
import { observe } from "./simulation-reality.ts";

const { values } = parseArgs({
  options: {
    servers: { type: "string", default: "1000" },
    queues: { type: "string", default: "3" },
    minutes: { type: "string", default: "10" },
    /** Also shows what running tasks cost, for these numbers of them on each of a hundred servers. */
    active: { type: "string", default: "0,10,100" },
    real: { type: "string", default: "20" },
    seconds: { type: "string", default: "20" },
    picture: { type: "string" },
  },
});
const [largest, queues, minutes] = [values.servers, values.queues, values.minutes].map((value) => {
  const number = Number(value);
  if (Number.isInteger(number) && number > 0) return number;
  throw new Error(`expected whole numbers from 1 up for --servers, --queues and --minutes, got ${value}`);
}) as [number, number, number];

const redis = await startRedisServer();
try {
  const costs = await measureCosts(redis.url, redis.port);
  tellCosts(costs);
  await compareWithReality(costs);
  await growingFleets(costs);
  await runningTasks(costs);
} finally {
  await redis.stop();
}
process.exit(0);

function tellCosts({ byMethod, reconcileSlices }: Costs): void {
  say("\nWhat a call costs (measured); `+` for each task, server or queue that it is about, waiting by the second");
  row("call", "commands", "in scripts", "bytes in", "bytes out", "CPU µs");
  for (const [method, { call, piece }] of byMethod) {
    const factor = method === "waitForWork" ? 1_000 : 1;
    const both = (name: keyof Cost): string =>
      piece[name] === 0 ? short(call[name]) : `${short(call[name])} + ${short(piece[name] * factor)}`;
    row(method, both("commands"), both("inner"), both("bytesIn"), both("bytesOut"), both("cpuMicros"));
  }
  say(`a reconciliation of an idle queue takes ${reconcileSlices} slices`);
}

async function compareWithReality(costs: Costs): Promise<void> {
  const [size, seconds] = [Number(values.real), Number(values.seconds)];
  const real = await observe(redis.url, redis.port, size, queues, seconds);
  const simulated = await simulateFleet({ servers: size, queues, minutes: 3, activeTasks: 0 }, costs);
  say(`\n${size} real servers, ${queues} queues, ${seconds} s, a server and second:`);
  row("", "commands", "bytes in", "bytes out", "connections");
  row("real", short(real.commands), short(real.bytesIn), short(real.bytesOut), short(real.connections));
  const { total } = simulated;
  row("simulated", ...[total.commands, total.bytesIn, total.bytesOut].map((value) => short(value / size)), "");
  say([...real.byCommand].map(([name, rate]) => `${name} ${short(rate)}`).join(", "));
}

async function growingFleets(costs: Costs): Promise<void> {
  const sizes = [1, 8, 32, 100, 250, 500].filter((size) => size < largest);
  const loads: FleetLoad[] = [];
  say(`\nIdle servers, ${queues} queues, a second:`);
  row("servers", "commands", "per server", "in scripts", "bytes in", "bytes out", "Redis CPU");
  for (const size of [...sizes, largest]) {
    const load = await simulateFleet(
      { servers: size, queues, minutes: size === largest ? minutes : Math.min(2, minutes), activeTasks: 0 },
      costs,
    );
    loads.push(load);
    tellLoad(String(size), load);
  }
  tellParts(loads.at(-1));
  if (values.picture !== undefined) writeFileSync(values.picture, picture(loads, queues));
}

async function runningTasks(costs: Costs): Promise<void> {
  say("\nLeases and heartbeats: a hundred servers with running tasks, a second:");
  row("tasks each", "commands", "per server", "in scripts", "bytes in", "bytes out", "Redis CPU");
  for (const activeTasks of values.active.split(",").map(Number)) {
    const load = await simulateFleet({ servers: 100, queues, minutes: 2, activeTasks }, costs);
    tellLoad(String(activeTasks), load);
    if (activeTasks > 0) tellParts(load, ["announce", "extend"]);
  }
}

function tellLoad(name: string, { total, options }: FleetLoad): void {
  const { commands, inner, bytesIn, bytesOut, cpuMicros } = total;
  const cpu = `${((cpuMicros / 1e6) * 100).toFixed(1)} %`;
  row(name, short(commands), short(commands / options.servers), short(inner), short(bytesIn), short(bytesOut), cpu);
}

function tellParts(load: FleetLoad | undefined, only?: readonly string[]): void {
  const parts = [...(load?.byMethod ?? [])].sort(([, one], [, other]) => other.commands - one.commands);
  for (const [method, { commands, inner, bytesIn, bytesOut, cpuMicros }] of parts) {
    if (only !== undefined && !only.includes(method)) continue;
    const cpu = `${((cpuMicros / 1e6) * 100).toFixed(1)} %`;
    row(`  ${method}`, short(commands), "", short(inner), short(bytesIn), short(bytesOut), cpu);
  }
}

function short(value: number): string {
  if (Math.abs(value) < 0.005) return "0";
  if (Math.abs(value) < 10) return value.toFixed(2).replace(/\.?0+$/, "");
  return Math.round(value).toLocaleString("en");
}

function row(...cells: readonly string[]): void {
  say(cells.map((cell, index) => (index === 0 ? cell.padEnd(16) : cell.padStart(14))).join(" "));
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
