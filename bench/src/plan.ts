import { asynqName, systems } from "./systems.ts";
import { workloads } from "./workloads.ts";

/** One measurement: a workload of a system, in a process of its own, on an empty store. */
export interface Step {
  readonly round: number;
  readonly workload: string;
  readonly system: string;
}

const redis = "hikyaku (redis)";
const sqlite = "hikyaku (sqlite)";
const everybody = [...Object.keys(systems), asynqName];

/** Who takes part where: what is a store's own business makes sense for systems on that store only. */
const participants: Readonly<Record<string, readonly string[]>> = {
  "process, concurrency 100, 1 ms away": [redis, "BullMQ", "bee-queue"],
  "process, concurrency 100, 2 processes": [redis, sqlite, "BullMQ"],
  "whole round": [redis, sqlite, "BullMQ", "graphile-worker"],
  delayed: [redis, sqlite, "BullMQ"],
  "idle cost": [redis, "BullMQ", "bee-queue"],
  memory: [redis, "BullMQ", "bee-queue"],
  "growth beside waiting": [redis, sqlite],
  "growth beside scheduled": [redis, sqlite],
  "event loop": [sqlite],
  limit: [redis],
};

/** What a quick run leaves out: rows that no target needs. */
function isInQuickRun(workload: string, system: string): boolean {
  if (system === "bee-queue") return /^bulk enqueue$|^process, concurrency \d+$/.test(workload);
  return !workload.endsWith("2 processes") || system === redis;
}

export function participantsOf(workload: string): readonly string[] {
  return participants[workload] ?? everybody;
}

/** Every workload for every system in turn, and that in rounds, so that what disturbs the machine disturbs all. */
export function planOf(wanted: {
  readonly rounds: number;
  readonly workloads: readonly string[];
  readonly systems: readonly string[];
  readonly isQuick: boolean;
}): Step[] {
  const { rounds, systems: present, isQuick } = wanted;
  const steps: Step[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const workload of wanted.workloads) {
      for (const system of present) {
        const takesPart = participantsOf(workload).includes(system) && (!isQuick || isInQuickRun(workload, system));
        if (takesPart) steps.push({ round, workload, system });
      }
    }
  }
  return steps;
}

/**
 * The workloads that `wanted` names: names or parts of names, joined by `;`; all for an empty text. A whole name stands
 * for itself alone.
 * @throws Error when a part fits none.
 */
export function chosenWorkloads(wanted: string): string[] {
  const names = Object.keys(workloads);
  if (wanted === "") return names;
  const parts = wanted.split(";").map((part) => part.trim());
  const fits = (part: string, name: string): boolean => (names.includes(part) ? part === name : name.includes(part));
  for (const part of parts) {
    if (!names.some((name) => fits(part, name))) {
      throw new Error(`--only: expected (a part of) one of ${names.join("; ")}; got ${JSON.stringify(part)}`);
    }
  }
  return names.filter((name) => parts.some((part) => fits(part, name)));
}

/** @throws Error when a name is none of the systems'. */
export function chosenSystems(wanted: string): string[] {
  if (wanted === "") return everybody;
  const parts = wanted.split(";").map((part) => part.trim());
  const unknown = parts.find((part) => !everybody.includes(part));
  if (unknown !== undefined) {
    throw new Error(`--systems: expected some of ${everybody.join("; ")}; got ${JSON.stringify(unknown)}`);
  }
  return everybody.filter((name) => parts.includes(name));
}

/** Seconds that a step of the full run takes on the machine that this was written on; only a first guess. */
const guesses: Readonly<Record<string, number>> = {
  "growth beside waiting": 60,
  "growth beside scheduled": 60,
  delayed: 14,
  "idle pick-up": 8,
};
const usualGuess = 8;

/** How long the rest of a plan takes: as long as the same step took before, or else a guess. */
export class Forecast {
  readonly #took = new Map<string, number>();
  readonly #scale: number;

  /** @param scale How much of the full run's work a step does. */
  constructor(scale: number) {
    this.#scale = scale;
  }

  note({ workload, system }: Step, seconds: number): void {
    this.#took.set(`${workload}/${system}`, seconds);
  }

  secondsFor(steps: readonly Step[]): number {
    return steps.reduce((sum, { workload, system }) => {
      const guess = (guesses[workload] ?? usualGuess) * this.#scale;
      return sum + (this.#took.get(`${workload}/${system}`) ?? guess);
    }, 0);
  }
}
