import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Broker, Client, checkStore, errorText, Schedules, type TaskState } from "hikyaku";
import type { QueueNumbers, TaskEntry } from "hikyaku/broker";
import type { Schedule, StoreFault, WorkerFault } from "./schedule.ts";
import { Fleet, type Hindrance } from "./support/fleet.ts";
import { type JournalLine, JournalReader } from "./support/journal.ts";
import { type Duplicates, type Evidence, judge, turnOf, unfinished } from "./support/judge.ts";
import { Load } from "./support/load.ts";
import { openStore } from "./support/logged-broker.ts";
import { startRedisStore } from "./support/redis-store.ts";
import { runsOf } from "./support/runs.ts";
import { Seeded } from "./support/seeded.ts";
import { startSqliteStore } from "./support/sqlite-store.ts";
import type { ChaosStore } from "./support/store.ts";
import { type QueueName, queues, tick } from "./support/tasks.ts";

/** What one schedule came to. */
export interface ScheduleReport {
  readonly store: Schedule["store"];
  readonly seed: number;
  readonly violations: readonly string[];
  readonly tasks: { readonly accepted: number; readonly unknown: number; readonly refused: number };
  readonly runs: number;
  readonly kills: number;
  readonly stops: number;
  readonly storeFaults: readonly string[];
  readonly duplicates: Duplicates;
  /** From the store's return to the start of a task that was asked for after it, where a worker was there throughout. */
  readonly flowMs: readonly { readonly fault: string; readonly ms: number }[];
  /** From a worker's death to the next start of each task that it was running. */
  readonly recoveryMs: readonly number[];
  /** From the end of the faults until all was done. */
  readonly quietMs: number;
  /** Of a schedule with violations. */
  readonly journal: readonly JournalLine[] | undefined;
}

const startWithinMs = 60_000;
const quietWithinMs = 60_000;
/** A task that kills takes some workers with it, each of which has to start. */
const quietBesideKillerMs = 150_000;
/** As a server has it where nobody says otherwise. */
const usualLostAttempts = 3;
/** Faults of the machine must not look like a task's. */
const neverLostAttempts = 100;
const stopWithinMs = 20_000;
const turnWithinMs = 30_000;
const probeWithinMs = 30_000;
const nextProbeMs = 200;
/** A lease and a second, with room. */
const longestBlockMs = 5_000;
const entryId = "ticks";

/** Runs one schedule from an empty store to its judgement. Whatever it started is gone when this resolves. */
export async function runSchedule(schedule: Schedule): Promise<ScheduleReport> {
  const { store: kind, storeFaults } = schedule;
  const folder = mkdtempSync(join(tmpdir(), "hikyaku-chaos-journal-"));
  const withReplica = storeFaults.some((fault) => fault.kind === "fails_over");
  const store = kind === "redis" ? await startRedisStore(withReplica) : startSqliteStore();
  const run = new ScheduleRun(schedule, store, join(folder, "journal.jsonl"));
  try {
    return await run.run();
  } finally {
    await run.close();
    await store.close();
    rmSync(folder, { recursive: true });
  }
}

class ScheduleRun {
  readonly #schedule: Schedule;
  readonly #store: ChaosStore;
  readonly #journal: string;
  readonly #reader: JournalReader;
  readonly #hindrances: Hindrance[] = [];
  readonly #fleet = new Fleet(this.#hindrances, (by) => this.#refill(by));
  readonly #broker: Broker;
  readonly #client: Client;
  readonly #load: Load;
  readonly #generations: number[];
  readonly #violations: string[] = [];
  readonly #flowMs: { fault: string; ms: number }[] = [];
  #mostAheadMs = 0;
  #kills = 0;
  #stops = 0;

  constructor(schedule: Schedule, store: ChaosStore, journal: string) {
    this.#schedule = schedule;
    this.#store = store;
    this.#journal = journal;
    this.#reader = new JournalReader(journal);
    this.#broker = openStore(store.address);
    this.#client = new Client({ broker: this.#broker });
    const random = new Seeded(schedule.seed ^ 0x5eed);
    this.#load = new Load(this.#client, random, schedule.leaseMs);
    this.#generations = Array.from({ length: schedule.slots }, () => 0);
  }

  async run(): Promise<ScheduleReport> {
    const { slots, windowMs, workerFaults, storeFaults } = this.#schedule;
    for (let slot = 0; slot < slots; slot++) this.#fill(slot);
    await this.#firstWorker();
    const schedules = new Schedules({ broker: this.#broker });
    await schedules.add(entryId, "@every 1s", tick.with({ key: "tick" }), { catchUp: { all: 120 } });
    const since = Date.now();

    const startedAt = performance.now();
    const load = this.#load.run(windowMs);
    const faults = [...workerFaults.map((fault) => this.#hurtWorker(fault, startedAt)), this.#hurtStore(storeFaults)];
    await Promise.all([load, ...faults]);
    const endedAt = performance.now();
    await this.#load.finish();

    const turns = await this.#pauseEntry(schedules, since);
    const last = await this.#awaitQuiet();
    const quietMs = performance.now() - endedAt;
    if (last !== undefined) this.#violations.push(last);
    return this.#judged(turns, quietMs);
  }

  async close(): Promise<void> {
    await this.#fleet.end();
    await this.#client.close();
    await this.#broker.close();
    this.#reader.close();
  }

  #fill(slot: number): void {
    const { leaseMs, schedulers, clockSlot } = this.#schedule;
    const by = `w${slot}.${this.#generations[slot]}`;
    this.#fleet.start({
      address: this.#store.address,
      journal: this.#journal,
      by,
      leaseMs,
      schedules: schedulers.includes(slot),
      maxLostAttempts: this.#hasKiller ? usualLostAttempts : neverLostAttempts,
      ...(slot === clockSlot && { clockOffsetMs: 0 }),
    });
  }

  get #hasKiller(): boolean {
    return this.#schedule.workerFaults.some(({ kind }) => kind === "killer");
  }

  /** A new process in the slot of one that a task has ended. */
  #refill(by: string): void {
    const slot = this.#generations.findIndex((_, index) => this.#name(index) === by);
    if (slot < 0) return;
    this.#kills++;
    this.#generations[slot] = (this.#generations[slot] ?? 0) + 1;
    this.#fill(slot);
  }

  #name(slot: number): string {
    return `w${slot}.${this.#generations[slot]}`;
  }

  async #hurtWorker(fault: WorkerFault, startedAt: number): Promise<void> {
    await delay(Math.max(0, startedAt + fault.at - performance.now()));
    if (fault.kind === "killer") return this.#load.killer();
    const name = this.#name(fault.slot);
    switch (fault.kind) {
      case "kill":
        this.#kills++;
        await this.#fleet.kill(name);
        await delay(fault.reviveMs);
        if (this.#name(fault.slot) !== name) return;
        this.#generations[fault.slot] = (this.#generations[fault.slot] ?? 0) + 1;
        this.#fill(fault.slot);
        return;
      case "stop":
        this.#stops++;
        this.#fleet.stop(name);
        await delay(fault.ms);
        this.#fleet.goOn(name);
        return;
      case "clock":
        this.#mostAheadMs = Math.max(this.#mostAheadMs, fault.offsetMs);
        this.#fleet.setClock(name, fault.offsetMs);
    }
  }

  /** One after the other; after each, how long it takes until a new task runs somewhere. */
  async #hurtStore(faults: readonly StoreFault[]): Promise<void> {
    const startedAt = performance.now();
    const flows: Promise<void>[] = [];
    for (const fault of faults) {
      await delay(Math.max(0, startedAt + fault.at - performance.now()));
      const hindrance: Hindrance = { by: undefined, kind: fault.kind, from: Date.now(), to: Number.POSITIVE_INFINITY };
      this.#hindrances.push(hindrance);
      hindrance.to = await this.#store.inflict(fault);
      if (this.#schedule.keeper >= 0) flows.push(this.#measureFlow(fault.kind, hindrance.to));
    }
    await Promise.all(flows);
  }

  async #measureFlow(fault: string, returnedAt: number): Promise<void> {
    const keys = new Set<string>();
    const start = (): JournalLine | undefined => this.#lines().find((line) => line.e === "start" && keys.has(line.key));
    const until = performance.now() + probeWithinMs;
    // One task may be claimed by a worker that is stopped next: that says nothing about the others.
    while (start() === undefined && performance.now() < until) {
      const key = await this.#load.probe(until - performance.now());
      if (key !== undefined) keys.add(key);
      await this.#holds(() => start() !== undefined, nextProbeMs);
    }
    if (start() === undefined) {
      this.#violations.push(`${probeWithinMs} ms after the store came back (${fault}) no new task had run`);
      return;
    }
    const flowedAt = start()?.t ?? 0;
    // Another fault that came in between makes it a measurement of that one; a handler that blocks, one of the handler.
    // On one file, a process that is stopped in the middle of a commit keeps the lock until it goes on.
    const mayHoldLock = (by: string | undefined): boolean => by !== undefined && this.#schedule.store === "sqlite";
    const isClean =
      !this.#hindrances.some(({ by, from }) => by === undefined && from > returnedAt && from < Date.now()) &&
      !this.#hindrances.some(({ by, from, to }) => mayHoldLock(by) && from < flowedAt && to > returnedAt) &&
      !this.#someHandlerBlocked(returnedAt, flowedAt);
    if (isClean) this.#flowMs.push({ fault, ms: Math.max(0, flowedAt - returnedAt) });
  }

  #someHandlerBlocked(from: number, to: number): boolean {
    const lines = this.#lines();
    return lines.some((line) => {
      if (line.e !== "start" || !line.key.startsWith("blocking-") || line.t > to) return false;
      const end = lines.find(
        ({ e, t, ...other }) => e === "end" && "id" in other && other.id === line.id && t >= line.t,
      );
      return end === undefined ? line.t > from - longestBlockMs : end.t > from;
    });
  }

  /** Waits until turns are up to date, then pauses: turns of before must all have been fired by then. */
  async #pauseEntry(schedules: Schedules, since: number): Promise<Evidence["turns"]> {
    const newest = (): number => Math.max(0, ...this.#lines().map((line) => turnOfLine(line)));
    const asked = Date.now();
    if (!(await this.#holds(() => newest() > asked - 1_000, turnWithinMs))) {
      this.#violations.push(`for ${turnWithinMs} ms no turn of the schedule was run`);
    }
    const last = newest();
    await schedules.pause(entryId);
    // A scheduler may be some seconds late to hear of it, and its clock may be ahead.
    return { since, last, lastPossible: Date.now() + 5_500 + this.#mostAheadMs };
  }

  /** Resolves with what is not done when the time is over. */
  async #awaitQuiet(): Promise<string | undefined> {
    let why = "";
    const isQuiet = async (): Promise<boolean> => {
      const numbers = await this.#numbers().catch((error: unknown) => errorText(error));
      why = String(numbers);
      if (typeof numbers === "string") return false;
      const busy = numbers.filter(({ counts }) => busyStates.some((state) => counts[state] > 0));
      const undone = unfinished(this.#load.ledger, runsOf(this.#lines()));
      why =
        busy.map(({ queue, counts }) => `${queue} holds ${JSON.stringify(counts)}`).join(", ") +
        (undone.length > 0 ? `; not done: ${undone.slice(0, 5).join(", ")}` : "");
      return busy.length === 0 && undone.length === 0;
    };
    const withinMs = this.#hasKiller ? quietBesideKillerMs : quietWithinMs;
    if (await this.#holds(isQuiet, withinMs, 100)) return undefined;
    return `after ${withinMs} ms it is not quiet: ${why}`;
  }

  async #judged(turns: Evidence["turns"], quietMs: number): Promise<ScheduleReport> {
    const { store, seed, storeFaults } = this.#schedule;
    const late = await this.#fleet.dismiss(stopWithinMs);
    for (const name of late) this.#violations.push(`worker ${name} did not stop within ${stopWithinMs} ms`);
    this.#violations.push(...this.#fleet.troubles);
    const observer = this.#store.observe();
    const lines = this.#lines();
    const runs = runsOf(lines);
    const { ledger } = this.#load;
    // Others may have its tasks before anybody here has seen it end.
    for (const line of lines) if (line.e === "dies") this.#fleet.deaths.set(line.by, line.t);
    const judgement = judge({
      ledger,
      runs,
      deaths: this.#fleet.deaths,
      stops: this.#hindrances,
      mostAheadMs: this.#mostAheadMs,
      turns,
      left: await everything(observer),
      numbers: await this.#numbers(),
      findings: await checkStore(observer, { scope: "tasks", graceMs: 0 }),
    });
    const violations = [...this.#violations, ...judgement.violations];
    return {
      store,
      seed,
      violations,
      quietMs,
      kills: this.#kills,
      stops: this.#stops,
      tasks: {
        accepted: ledger.ofState("accepted").length,
        unknown: ledger.ofState("unknown").length,
        refused: ledger.ofState("refused").length,
      },
      runs: runs.runs.length,
      storeFaults: storeFaults.map((fault) => fault.kind),
      duplicates: judgement.duplicates,
      flowMs: this.#flowMs,
      recoveryMs: [...this.#fleet.deaths].flatMap(([by, diedAt]) => {
        if (this.#fleet.killedByTasks.has(by)) return [];
        const orphans = runs.runs.filter((run) => run.by === by && run.endedAt === undefined);
        return orphans.flatMap(({ id }) => {
          const next = runs.runs.find((run) => run.id === id && run.by !== by && run.startedAt >= diedAt);
          return next === undefined ? [] : [next.startedAt - diedAt];
        });
      }),
      journal: violations.length > 0 ? lines : undefined,
    };
  }

  async #numbers(): Promise<readonly QueueNumbers[]> {
    const observer = this.#store.observe();
    const numbers = await Promise.all(Object.keys(queues).map((queue) => observer.queue(queue)));
    return numbers.filter((each) => each !== undefined);
  }

  #lines(): readonly JournalLine[] {
    return this.#reader.lines;
  }

  async #firstWorker(): Promise<void> {
    const isUp = (): boolean => this.#lines().some(({ e }) => e === "up");
    await this.#holds(() => isUp() || this.#fleet.troubles.length > 0, startWithinMs);
    if (isUp()) return;
    throw new Error(`no worker was there within ${startWithinMs} ms. ${this.#fleet.troubles.join("\n")}`);
  }

  /** Whether the condition comes true within the time. */
  async #holds(condition: () => boolean | Promise<boolean>, withinMs: number, everyMs = 25): Promise<boolean> {
    const end = performance.now() + withinMs;
    for (;;) {
      if (await condition()) return true;
      if (performance.now() > end) return false;
      await delay(everyMs);
    }
  }
}

const busyStates: readonly TaskState[] = ["pending", "active", "scheduled", "retry", "aggregating"];

function turnOfLine(line: JournalLine): number {
  return line.e === "start" && line.type === "tick" ? turnOf(line.id) : 0;
}

/** Every task of the store, in whatever state. */
async function everything(broker: Broker): Promise<TaskEntry[]> {
  const entries: TaskEntry[] = [];
  for (const queue of Object.keys(queues) as QueueName[]) {
    for (const state of ["pending", "active", "scheduled", "retry", "completed", "archived"] as const) {
      let cursor: string | undefined;
      do {
        const page = await broker.list({ queue, state, limit: 500, ...(cursor !== undefined && { cursor }) });
        entries.push(...page.tasks);
        cursor = page.nextCursor;
      } while (cursor !== undefined);
    }
    for (const { group } of await broker.groups(queue)) {
      const page = await broker.list({ queue, state: "aggregating", group, limit: 500 });
      entries.push(...page.tasks);
    }
  }
  return entries;
}
