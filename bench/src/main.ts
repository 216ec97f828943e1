// The benchmark: every workload for every system in turn, in several rounds, each in a process of its own.
// Usage: main.ts [--quick] [--rounds n] [--only <workloads>] [--systems <systems>] [--growth 10m]
//        main.ts --list | --self-test | --profile <workloads> [--systems <systems>]
//        main.ts --publish <result.json> [--into <folder of README.md and docs>]
// Names are joined by ";" and may be parts of names. Docs: docs/performance.md.
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { asynqBinary } from "./asynq-binary.ts";
import { Benchmark } from "./benchmark.ts";
import { chosenSystems, chosenWorkloads, participantsOf, planOf } from "./plan.ts";
import { type PostgresServer, startPostgres } from "./postgres-server.ts";
import { publish } from "./publish.ts";
import { selfTest } from "./self-test.ts";
import { fullSizes, quickSizes, tinySizes } from "./sizes.ts";
import { asynqName, postgresName } from "./systems.ts";

const results = fileURLToPath(new URL("../results/", import.meta.url));

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    tiny: { type: "boolean", default: false },
    rounds: { type: "string" },
    only: { type: "string", default: "" },
    systems: { type: "string", default: "" },
    growth: { type: "string" },
    profile: { type: "string" },
    publish: { type: "string" },
    into: { type: "string", default: fileURLToPath(new URL("../../", import.meta.url)) },
    list: { type: "boolean", default: false },
    "self-test": { type: "boolean", default: false },
  },
});

if (values.list) list();
else if (values.publish !== undefined) say(`written: ${(await publish(values.publish, values.into)).join(", ")}`);
else if (values["self-test"]) await testItself();
else await measure();

function list(): void {
  for (const workload of chosenWorkloads(""))
    process.stdout.write(`${workload}: ${participantsOf(workload).join("; ")}\n`);
}

async function testItself(): Promise<void> {
  const problems = await selfTest();
  for (const problem of problems) say(problem);
  say(problems.length === 0 ? "the harness sees lost, doubled and forgotten tasks" : "the harness can't be trusted");
  if (problems.length > 0) process.exitCode = 1;
}

async function measure(): Promise<void> {
  const backlog = values.growth === undefined ? undefined : countOf(values.growth);
  const isPartial = [values.only, values.systems, values.growth ?? ""].some((text) => text !== "");
  const mode = values.tiny ? "tiny" : values.quick ? "quick" : isPartial ? "partial" : "full";
  const usualSizes = values.tiny ? tinySizes : values.quick ? quickSizes : fullSizes;
  const sizes = backlog === undefined ? usualSizes : { ...usualSizes, backlog };
  const rounds = wholeNumber("--rounds", values.rounds ?? (mode === "full" || values.only !== "" ? "3" : "1"));
  const chosen = chosenWorkloads(values.profile ?? (backlog === undefined ? values.only : "growth"));
  const systems = chosenSystems(values.systems);

  const takesPart = (name: string): boolean =>
    systems.includes(name) && chosen.some((workload) => participantsOf(workload).includes(name));
  const asynq = takesPart(asynqName) ? await asynqBinary() : undefined;
  const postgres = takesPart(postgresName) ? await postgresOrWord() : undefined;
  const present = systems.filter(
    (name) => (name !== asynqName || asynq !== undefined) && (name !== postgresName || postgres !== undefined),
  );
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  const benchmark = new Benchmark({ mode, rounds, sizes, asynqBinary: asynq, postgres, signal: stop.signal });
  try {
    await mkdir(results, { recursive: true });
    const plan = { workloads: chosen, systems: present, isQuick: mode === "quick" && !isPartial };
    if (values.profile !== undefined) await benchmark.profile(planOf({ ...plan, rounds: 1 }), results);
    else await benchmark.run(planOf({ ...plan, rounds }), results);
  } finally {
    await postgres?.stop();
  }
  if (benchmark.faults.length > 0) {
    say(`not a result to use: ${benchmark.faults.join("; ")}`);
    process.exitCode = 1;
  }
}

async function postgresOrWord(): Promise<PostgresServer | undefined> {
  const server = await startPostgres();
  if (typeof server !== "string") return server;
  say(`${postgresName} takes no part: ${server}`);
  return undefined;
}

/** `10m` is 10,000,000; a plain number is itself. It is shared out among four callers. */
function countOf(text: string): number {
  const match = /^(\d+)([km]?)$/i.exec(text);
  const count = Number(match?.[1]) * ({ k: 1_000, m: 1_000_000 }[match?.[2]?.toLowerCase() ?? ""] ?? 1);
  if (!Number.isInteger(count) || count < 4 || count % 4 !== 0) {
    throw new Error(`--growth: expected a number of tasks that 4 divides, such as 1000000 or 10m, got ${text}`);
  }
  return count;
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`${name}: expected a whole number from 1 up, got ${text}`);
  return number;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
