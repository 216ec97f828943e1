import { Seeded } from "./support/seeded.ts";

export type StoreKind = "redis" | "sqlite";

/** What is done to a worker. Slots are refilled, so a slot always has somebody in it, or soon. */
export type WorkerFault =
  | { readonly kind: "kill"; readonly at: number; readonly slot: number; readonly reviveMs: number }
  | { readonly kind: "stop"; readonly at: number; readonly slot: number; readonly ms: number }
  | { readonly kind: "clock"; readonly at: number; readonly slot: number; readonly offsetMs: number }
  /** A task is asked for that ends the process of whoever runs it, whenever it runs. */
  | { readonly kind: "killer"; readonly at: number };

/** What is done to the store or to the road to it; `ms` is how long it lasts. */
export interface StoreFault {
  readonly kind:
    | "killed" // SIGKILL, then started again on its file
    | "paused" // SIGSTOP
    | "out_of_memory"
    | "commands_refused" // some are taken from the user and given back, in the middle of whatever goes on
    | "scripts_flushed"
    | "fails_over" // to a replica that has everything
    | "cut" // all connections
    | "answer_cut" // the connection, when the answer to the next script comes back
    | "answers_held" // requests arrive, answers don't
    | "frozen" // half-open: nothing comes through
    | "slow" // answers come late
    | "refused" // no connection is let in
    | "file_busy" // another process writes and does not end
    | "log_removed" // somebody removes the file's write-ahead log, which is in use
    | "index_removed" // the same with the index of the log
    | "log_and_index_removed";
  readonly at: number;
  readonly ms: number;
  /** Those that are refused. */
  readonly commands?: readonly string[];
}

/** Everything that a seed decides before the schedule runs. */
export interface Schedule {
  readonly store: StoreKind;
  readonly seed: number;
  readonly leaseMs: number;
  readonly slots: number;
  /** The slot that nothing is done to, so that somebody is there to work when the store is back; -1 for none. */
  readonly keeper: number;
  /** The slots that have a scheduler. */
  readonly schedulers: readonly number[];
  /** The slot whose clock is moved; -1 for none. */
  readonly clockSlot: number;
  /** How long load and faults go on. */
  readonly windowMs: number;
  readonly workerFaults: readonly WorkerFault[];
  readonly storeFaults: readonly StoreFault[];
}

const storeFaultWeights = {
  redis: {
    killed: 4,
    paused: 2,
    out_of_memory: 2,
    commands_refused: 3,
    scripts_flushed: 1,
    fails_over: 2,
    cut: 2,
    answer_cut: 3,
    answers_held: 2,
    frozen: 2,
    slow: 1,
    refused: 1,
  },
  sqlite: { file_busy: 4, log_removed: 2, index_removed: 1, log_and_index_removed: 1 },
} as const;

/** What scripts write with, and what they ask in between. */
const refusable = [
  "hset",
  "hdel",
  "del",
  "lpush",
  "rpush",
  "lrem",
  "ltrim",
  "zadd",
  "zrem",
  "sadd",
  "set",
  "incrby",
  "publish",
  "object",
  "zmscore",
  "hget",
  "hmget",
  "exists",
] as const;

/** Nothing stands in the way of jobs under these, or only for an instant. */
const harmless: ReadonlySet<StoreFault["kind"]> = new Set(["scripts_flushed", "slow", "answer_cut"]);
/** Room to see how fast jobs flow again. */
const gapMs = 2_400;
/** Of a lease of 3 s, looked at four times a second and written in whole seconds, this much is left for sure. */
const largestOffsetMs = 900;

/** The same schedule for the same seed. Moments are milliseconds from its start. */
export function makeSchedule(store: StoreKind, seed: number): Schedule {
  const random = new Seeded(seed * 2 + (store === "redis" ? 0 : 1));
  const slots = random.int(2, 3);
  const keeper = random.chance(0.75) ? 0 : -1;
  const windowMs = random.int(2_200, 4_500);
  const clockSlot = random.chance(0.35) ? slots - 1 : -1;
  const leaseMs = clockSlot >= 0 ? 3_000 : random.int(2_000, 3_000);
  const schedulers = [0, slots - 1];

  const workerFaults: WorkerFault[] = [];
  const faulty = Array.from({ length: slots }, (_, slot) => slot).filter((slot) => slot !== keeper);
  for (let count = random.int(store === "sqlite" ? 1 : 0, 3); count > 0; count--) {
    const slot = faulty[random.int(0, faulty.length - 1)] ?? 0;
    const at = random.int(200, windowMs);
    if (random.chance(0.6)) workerFaults.push({ kind: "kill", at, slot, reviveMs: random.int(0, 600) });
    else workerFaults.push({ kind: "stop", at, slot, ms: leaseMs + random.int(-800, 2_000) });
  }
  for (let count = clockSlot < 0 ? 0 : random.int(1, 3); count > 0; count--) {
    const offsetMs = random.int(-largestOffsetMs, largestOffsetMs);
    workerFaults.push({ kind: "clock", at: random.int(0, windowMs), slot: clockSlot, offsetMs });
  }
  const hasKiller = clockSlot < 0 && new Seeded(seed ^ 0x6b11).chance(0.25);
  if (hasKiller) workerFaults.push({ kind: "killer", at: 200 });
  workerFaults.sort((one, other) => one.at - other.at);

  const storeFaults: StoreFault[] = [];
  let at = random.int(300, 1_500);
  while (at < windowMs && random.chance(store === "redis" ? 0.9 : 0.6)) {
    const kind = random.weighted(storeFaultWeights[store] as Record<StoreFault["kind"], number>);
    const ms = random.chance(0.3) ? random.int(1_500, 3_500) : random.int(50, 1_200);
    storeFaults.push({ kind, at, ms, ...(kind === "commands_refused" && { commands: someOf(refusable, random) }) });
    at += ms + (harmless.has(kind) ? random.int(100, 800) : gapMs + random.int(0, 800));
  }
  // Who takes a task that kills can't be told beforehand, so nobody is spared.
  const spared = hasKiller ? -1 : keeper;
  return { store, seed, leaseMs, slots, keeper: spared, schedulers, clockSlot, windowMs, workerFaults, storeFaults };
}

/** One of them, mostly; sometimes three. */
function someOf(names: readonly string[], random: Seeded): readonly string[] {
  const count = random.chance(0.7) ? 1 : 3;
  return Array.from({ length: count }, () => names[random.int(0, names.length - 1)] ?? "");
}

/** A schedule in one line. */
export function describeSchedule(schedule: Schedule): string {
  const { store, seed, leaseMs, slots, keeper, clockSlot, windowMs, workerFaults, storeFaults } = schedule;
  const faults = [
    ...workerFaults.map((fault) => ({ at: fault.at, text: workerFaultText(fault) })),
    ...storeFaults.map(({ at, kind, ms, commands = [] }) => ({
      at,
      text: `store ${[kind, ...commands].join(" ")} ${ms} ms`,
    })),
  ].sort((one, other) => one.at - other.at);
  const ends = [keeper < 0 ? "nobody is spared" : "", clockSlot < 0 ? "" : "a clock moves"].filter((end) => end !== "");
  return (
    `${store} seed ${seed}: ${slots} workers, lease ${leaseMs} ms, ${windowMs} ms${ends.map((end) => `, ${end}`).join("")}: ` +
    faults.map((fault) => `${fault.at} ${fault.text}`).join("; ")
  );
}

function workerFaultText(fault: WorkerFault): string {
  switch (fault.kind) {
    case "kill":
      return `kill w${fault.slot}, a new one after ${fault.reviveMs} ms`;
    case "stop":
      return `stop w${fault.slot} for ${fault.ms} ms`;
    case "clock":
      return `clock of w${fault.slot} at ${fault.offsetMs} ms`;
    case "killer":
      return "a task that kills";
  }
}
