// Enqueueing over HTTP: one by one from 64 connections, beside the feature's own route in alternated pairs, and in bulks of 500.
// The API server and the worker are processes of their own, as in production.
// Usage: node --conditions=source bench/src/http-enqueue.ts [pairs] [seconds]
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { freePort, startRedisServer } from "@hikyaku/test-support";
import { HttpCaller, type HttpLoad } from "./http-caller.ts";

const [pairs, seconds] = [Number(process.argv[2] ?? 5), Number(process.argv[3] ?? 4)];
const token = "a-token-of-the-benchmark-0123456789";
const message = "x".repeat(80);
const root = fileURLToPath(new URL("../..", import.meta.url));

const redis = await startRedisServer({ args: ["--appendonly", "yes", "--appendfsync", "everysec"] });
const [port, workerPort] = [await freePort(), await freePort()];
const settings = {
  ...process.env,
  APP_ENV: "develop",
  HIKYAKU__SERVER__HOST: "127.0.0.1",
  HIKYAKU__SERVER__PORT: String(port),
  HIKYAKU__JOBQUEUE__PORT: String(workerPort),
  HIKYAKU__REDIS__JOBQUEUE__ADDR: `127.0.0.1:${redis.port}`,
  HIKYAKU__API__RATE_LIMIT__ENABLED: "false",
  HIKYAKU__API__OPERATIONS__TOKEN: token,
  HIKYAKU__LOGGING__LEVEL: "warn",
};

function start(program: string) {
  const child = spawn(process.execPath, [...process.execArgv, `${root}apps/${program}/src/main.ts`], {
    cwd: root,
    env: settings,
    stdio: ["ignore", "ignore", "pipe"],
  });
  createInterface({ input: child.stderr }).on("line", (line) => process.stderr.write(`${program}: ${line}\n`));
  return child;
}

const api = start("api");
const programs = [api, start("worker")];
try {
  await untilServing();
  await measure();
} finally {
  for (const program of programs) program.kill("SIGTERM");
  await Promise.all(programs.map((program) => once(program, "exit")));
  await redis.stop();
}

async function untilServing(): Promise<void> {
  const until = performance.now() + 60_000;
  while (performance.now() < until) {
    const answer = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined);
    if (answer?.ok === true) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("expected the API server to serve within a minute");
}

async function measure(): Promise<void> {
  const authorization = { authorization: `Bearer ${token}` };
  const register = new HttpCaller({ port, path: "/api/dm-jobqueue/register", body: { message } });
  const enqueue = new HttpCaller({
    port,
    path: "/api/v1/types/demo:delay_print/tasks",
    headers: authorization,
    body: { payload: { message }, delay: "180s" },
  });
  // Into a queue that nobody serves, so that only enqueueing is measured.
  const items = Array.from({ length: 500 }, () => ({ payload: { message }, queue: "bulk" }));
  const bulk = new HttpCaller({
    port,
    path: "/api/v1/types/demo:delay_print/tasks/bulk",
    headers: authorization,
    body: { items },
  });
  for (const caller of [register, enqueue]) await caller.load(64, 3);
  await bulk.load(4, 3);
  const rows: { registered: Load; enqueued: Load }[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    const registered = await loaded(register, 64, 1);
    const enqueued = await loaded(enqueue, 64, 1);
    rows.push({ registered, enqueued });
    say(`pair ${pair + 1}: register ${told(registered)}; enqueue ${told(enqueued)}`);
  }
  say(
    `enqueue ÷ register, rate: ${spread(rows.map(({ registered, enqueued }) => enqueued.perSecond / registered.perSecond))}`,
  );
  say(
    `enqueue ÷ register, processor time: ${spread(rows.map(({ registered, enqueued }) => enqueued.cpuUs / registered.cpuUs))}`,
  );
  const bulks: Load[] = [];
  for (let round = 0; round < pairs; round++) bulks.push(await loaded(bulk, 4, items.length));
  say(`bulk of ${items.length}, tasks per second: ${spread(bulks.map(({ perSecond }) => perSecond))}`);
  say(
    `bulk of ${items.length}, processor time of the API server for a task: ${spread(bulks.map(({ cpuUs }) => cpuUs))} µs`,
  );
}

interface Load extends HttpLoad {
  /** Processor time of the API server for one task, in microseconds: it hangs little on what else the machine does. */
  readonly cpuUs: number;
}

/** `perSecond` counts tasks. */
async function loaded(caller: HttpCaller, connections: number, tasks: number): Promise<Load> {
  const before = cpuUsOf(api);
  const load = await caller.load(connections, seconds);
  const used = cpuUsOf(api) - before;
  return { ...load, perSecond: load.perSecond * tasks, cpuUs: used / (load.answers * tasks) };
}

/** As Linux tells it, in hundredths of a second. Not a number elsewhere. */
function cpuUsOf({ pid }: ChildProcess): number {
  try {
    const [, rest = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
    const [user, system] = rest.split(" ").slice(11);
    return (Number(user) + Number(system)) * 10_000;
  } catch {
    return Number.NaN;
  }
}

function told({ perSecond, p50, p99, cpuUs }: Load): string {
  return `${Math.round(perSecond)}/s, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, ${cpuUs.toFixed(0)} µs of processor`;
}

function spread(values: readonly number[]): string {
  const shown = (value: number): string => (value > 100 ? value.toFixed(0) : value.toFixed(2));
  return `${shown(median(values))} (${shown(Math.min(...values))}–${shown(Math.max(...values))})`;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
