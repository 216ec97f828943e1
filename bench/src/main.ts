// The benchmark: every workload for every system in turn, in several rounds, each in a process of its own.
// Usage: main.ts [--quick] [--rounds n] [--only <part of a workload's name>] [--systems a,b]
// Prints tables of figures and targets; writes bench/results/<date>.json, .md and chart.svg.
import { execFile, execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { type RedisServer, startRedisServer } from "@hikyaku/test-support";
import { asynqBinary } from "./asynq-binary.ts";
import { type Figure, type Sizes, workloads } from "./measure.ts";
import { chart, type Series, table, verdicts, verdictTable } from "./report.ts";
import { startSlowProxy } from "./slow-proxy.ts";
import { systems } from "./systems.ts";

const run = promisify(execFile);
const here = fileURLToPath(new URL(".", import.meta.url));
const results = fileURLToPath(new URL("../results/", import.meta.url));

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    rounds: { type: "string" },
    only: { type: "string", default: "" },
    systems: { type: "string", default: "" },
  },
});
const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));

const full: Sizes = {
  ...{ enqueue: 100_000, oneByOne: 40_000, process: 100_000, pickUps: 300 },
  ...{ delayed: 10_000, delayedOverMs: 10_000, memory: 50_000, idleMs: 10_000, backlog: 1_000_000 },
};
const quick: Sizes = {
  ...{ enqueue: 20_000, oneByOne: 8_000, process: 20_000, pickUps: 100 },
  ...{ delayed: 2_000, delayedOverMs: 2_000, memory: 20_000, idleMs: 4_000, backlog: 50_000 },
};
const sizes = values.quick ? quick : full;

/** Who takes part where: a store's own figures make sense for systems on that store only. */
const participants: Readonly<Record<string, readonly string[]>> = {
  delayed: ["hikyaku (redis)", "hikyaku (sqlite)", "BullMQ"],
  "idle cost": ["hikyaku (redis)", "BullMQ", "bee-queue"],
  memory: ["hikyaku (redis)", "BullMQ", "bee-queue"],
  growth: ["hikyaku (redis)", "hikyaku (sqlite)"],
  "event loop": ["hikyaku (sqlite)"],
  "process, concurrency 100, 1 ms away": ["hikyaku (redis)", "BullMQ", "bee-queue", "Asynq (Go)"],
  "whole round": ["hikyaku (redis)", "hikyaku (sqlite)", "BullMQ"],
};
const inGo = new Set(["bulk enqueue", "process, concurrency 10", "process, concurrency 100"]);

const asynq = await asynqBinary();
const names = [...Object.keys(systems), ...(asynq === undefined ? [] : ["Asynq (Go)"])].filter(
  (name) => values.systems === "" || values.systems.split(",").includes(name),
);
const redis = await startRedisServer({ args: ["--appendonly", "yes", "--appendfsync", "everysec"] });
const series: Series[] = [];
const lost: string[] = [];
try {
  for (let round = 1; round <= rounds; round++) {
    for (const workload of Object.keys(workloads).filter((name) => name.includes(values.only))) {
      for (const system of names) {
        const takesPart = participants[workload]?.includes(system) ?? (system !== "Asynq (Go)" || inGo.has(workload));
        if (!takesPart) continue;
        process.stderr.write(`round ${round} of ${rounds}: ${workload}, ${system}\n`);
        for (const figure of await measured(redis, system, workload)) note(system, figure);
      }
    }
  }
} finally {
  await redis.stop();
}
await report();
if (lost.length > 0) {
  process.stderr.write(`tasks were lost or ran twice: ${[...new Set(lost)].join(", ")}\n`);
  process.exitCode = 1;
}

function note(system: string, { name, value, unit }: Figure): void {
  if ((name === "lost" || name === "ran twice") && value > 0) lost.push(`${system} (${name}: ${value})`);
  if (name === "lost" || name === "ran twice") return;
  const found = series.find((candidate) => candidate.system === system && candidate.figure === name);
  if (found === undefined) series.push({ system, figure: name, unit, values: [value] });
  else found.values.push(value);
}

async function measured(server: RedisServer, system: string, workload: string): Promise<Figure[]> {
  await run("redis-cli", ["-p", String(server.port), "FLUSHALL"]);
  const folder = await mkdtemp(join(tmpdir(), "hikyaku-bench-"));
  const proxy = workload.endsWith("1 ms away") ? await startSlowProxy(server.port, 1) : undefined;
  const port = String(proxy?.port ?? server.port);
  try {
    const [command, args] =
      system === "Asynq (Go)" && asynq !== undefined
        ? [asynq, [workload, port, JSON.stringify(sizes)]]
        : [
            process.execPath,
            ["--conditions=source", join(here, "run-one.ts"), system, workload, port, folder, JSON.stringify(sizes)],
          ];
    const { stdout } = await run(command, args, { timeout: 600_000, maxBuffer: 16 * 1024 * 1024 });
    return JSON.parse(stdout.trim().split("\n").at(-1) ?? "[]");
  } catch (error) {
    process.stderr.write(`  failed: ${error instanceof Error ? error.message : String(error)}\n`);
    lost.push(`${system} failed ${workload}`);
    return [];
  } finally {
    await proxy?.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function report(): Promise<void> {
  const outcome = verdicts(series);
  const redisVersion =
    execFileSync("redis-server", ["--version"])
      .toString()
      .match(/v=(\S+)/)?.[1] ?? "unknown";
  const machine = {
    date: new Date().toISOString(),
    cores: cpus().length,
    cpu: cpus()[0]?.model ?? "unknown",
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    redis: redisVersion,
    durability: "Redis: AOF everysec. SQLite: WAL, synchronous FULL, accepted means on disk",
    payload: "JSON of 100 bytes; handlers do nothing",
    rounds,
    sizes,
  };
  const text = [
    `# ${machine.date.slice(0, 10)}: ${machine.cores} cores (${machine.cpu}), Node.js ${machine.node}, Redis ${machine.redis}`,
    `${machine.durability}. ${machine.payload}. ${rounds} rounds in turn: median (lowest–highest).`,
    table(series),
    verdictTable(outcome),
    "",
  ].join("\n\n");
  process.stdout.write(text);
  await mkdir(results, { recursive: true });
  const stem = join(results, machine.date.slice(0, 19).replaceAll(":", "-"));
  await writeFile(`${stem}.json`, `${JSON.stringify({ machine, series, targets: outcome }, null, 2)}\n`);
  await writeFile(`${stem}.md`, text);
  await writeFile(join(results, "chart.svg"), chart(series, "Tasks per second, each group to its own scale"));
  process.stderr.write(`written: ${stem}.{json,md}\n`);
}
