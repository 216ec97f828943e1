import { type Broker, Client, defineTask, type ServerRecord } from "hikyaku";
import { redisBroker } from "hikyaku/redis";
import { redisCounts } from "./redis-info.ts";
import { listen } from "./simulation-monitor.ts";

/** What something costs Redis. */
export interface Cost {
  /** Commands that clients send. */
  readonly commands: number;
  /** Commands inside scripts, besides. */
  readonly inner: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Time of the processor, in microseconds. */
  readonly cpuMicros: number;
}

/** What a call costs: something for the call, and something for each piece that it is about. */
export interface CallCost {
  readonly call: Cost;
  readonly piece: Cost;
}

export interface Costs {
  readonly byMethod: ReadonlyMap<string, CallCost>;
  readonly reconcileSlices: number;
}

const nothing: Cost = { commands: 0, inner: 0, bytesIn: 0, bytesOut: 0, cpuMicros: 0 };
const rounds = 200;
const many = 100;

export function combined(one: Cost, other: Cost, timesOther: number): Cost {
  const sum = (name: keyof Cost): number => one[name] + other[name] * timesOther;
  return {
    commands: sum("commands"),
    inner: sum("inner"),
    bytesIn: sum("bytesIn"),
    bytesOut: sum("bytesOut"),
    cpuMicros: sum("cpuMicros"),
  };
}

/** Asks a real Redis, by the library's own adapter, for everything that servers ask for, and counts what that took. */
export async function measureCosts(url: string, port: number): Promise<Costs> {
  const broker = redisBroker({ url });
  await broker.ready();
  const client = new Client({ broker });
  const task = defineTask({ type: "simulated", queue: "measured" });
  await client.enqueueMany(Array.from({ length: many }, (_, number) => task.with({ number })));
  const request = { handles: { kind: "all" }, serverId: "measured", leaseMs: 3_600_000 } as const;
  const { tasks } = await broker.claim({ ...request, queues: [{ queue: "measured", limit: many }], limit: many });
  const leases = tasks.map(({ lease }) => lease);
  const busy = leases.map(({ queue, taskId }) => ({
    serverId: "measured",
    host: "host-0",
    pid: 1,
    taskId,
    queue,
    taskType: "simulated",
    payload: new Uint8Array(100),
    startedAt: Date.now(),
    deadlineAt: Date.now(),
  }));
  const idle = { ...request, queues: [{ queue: "idle", limit: 10 }], limit: 10 };
  const archive = { maxCount: 10_000, maxAgeMs: 7_776_000_000 };
  await client.enqueue(defineTask({ type: "simulated", queue: "idle" }), {}, { taskId: "first" });
  await broker.settle((await broker.claim(idle)).tasks.map((held) => ({ task: held, outcome: { kind: "done" } })));

  const measure = (call: () => Promise<unknown>): Promise<Cost> => costOf(port, call);
  const byMethod = new Map<string, CallCost>();
  const perCall = async (name: string, call: () => Promise<unknown>): Promise<void> => {
    byMethod.set(name, { call: await measure(call), piece: nothing });
  };
  const perPiece = async (name: string, call: (pieces: number) => Promise<unknown>): Promise<void> => {
    const [one, all] = [await measure(() => call(1)), await measure(() => call(many))];
    const piece = combined(nothing, combined(all, one, -1), 1 / (many - 1));
    byMethod.set(name, { call: combined(one, piece, -1), piece });
  };

  await perPiece("announce", (count) => broker.announce(aServer(0), busy.slice(0, count), 10_000));
  await perPiece("extend", (count) => broker.extend(leases.slice(0, count), Date.now() + 3_600_000));
  await perCall("storeTime", () => broker.storeTime());
  await perCall("forwardDue", () => broker.forwardDue({ queue: "idle", limit: 200 }));
  await perCall("takeOver", () => broker.takeOver({ queue: "idle", limit: 50, serverId: "measured", leaseMs: 30_000 }));
  await perCall("sweep", () => broker.sweep("idle", 100, archive));
  await perCall("queues", () => broker.queues());
  byMethod.set("claim", { call: nothing, piece: await measure(() => broker.claim(idle)) });
  await perCall("silentServers", () => broker.silentServers());
  await measureServers(broker, byMethod, measure);
  const slices = await reconcileOnce(broker, archive);
  const pass = await measure(() => reconcileOnce(broker, archive));
  byMethod.set("reconcile", { call: combined(nothing, pass, 1 / slices), piece: nothing });
  byMethod.set("waitForWork", { call: nothing, piece: await costOfWaiting(broker, port) });
  await client.close();
  await broker.close();
  return { byMethod, reconcileSlices: slices };
}

/** Reading the records of servers, of which each look reads all. */
async function measureServers(
  broker: Broker,
  byMethod: Map<string, CallCost>,
  measure: (call: () => Promise<unknown>) => Promise<Cost>,
): Promise<void> {
  await broker.announce(aServer(0), [], 3_600_000);
  const one = await measure(() => broker.servers());
  for (let number = 1; number < many; number++) await broker.announce(aServer(number), [], 3_600_000);
  const all = await measure(() => broker.servers());
  const piece = combined(nothing, combined(all, one, -1), 1 / (many - 1));
  byMethod.set("servers", { call: combined(one, piece, -1), piece });
}

async function reconcileOnce(broker: Broker, archive: { maxCount: number; maxAgeMs: number }): Promise<number> {
  let cursor: string | undefined;
  let slices = 0;
  do {
    const request = { queue: "idle", limit: 500, repair: true, readMessages: false, archive, graceMs: 2_000 };
    ({ nextCursor: cursor } = await broker.reconcile(cursor === undefined ? request : { ...request, cursor }));
    slices++;
  } while (cursor !== undefined);
  return slices;
}

/** What a millisecond of waiting costs: one blocking command lasts as long as its last argument says. */
async function costOfWaiting(broker: Broker, port: number): Promise<Cost> {
  const monitor = await listen(port);
  await broker.waitForWork(["empty"], { timeoutMs: 300 });
  const line = (await monitor.stop()).find(({ name }) => name === "blmove")?.line ?? "";
  const seconds = Number(/"(\d+)"\s*$/.exec(line)?.[1]);
  if (!(seconds > 0)) throw new Error(`expected waiting to be a BLMOVE with seconds at its end, got ${line}`);
  const perCommand = { commands: 1, inner: 0, bytesIn: line.length, bytesOut: 5, cpuMicros: 10 };
  return combined(nothing, perCommand, 1 / (seconds * 1_000));
}

async function costOf(port: number, call: () => Promise<unknown>): Promise<Cost> {
  const repeat = async (times: number): Promise<void> => {
    for (let round = 0; round < times; round++) await call();
  };
  await repeat(1);
  const counted = async (times: number) => {
    const before = await redisCounts(port);
    await repeat(times);
    const after = await redisCounts(port);
    return subtract(after, before);
  };
  // What the looking itself costs is in both.
  const [empty, full] = [await counted(0), await counted(rounds)];
  const monitor = await listen(port);
  await repeat(10);
  const heard = await monitor.stop();
  return {
    commands: heard.filter(({ inScript }) => !inScript).length / 10,
    inner: heard.filter(({ inScript }) => inScript).length / 10,
    bytesIn: (full.bytesIn - empty.bytesIn) / rounds,
    bytesOut: (full.bytesOut - empty.bytesOut) / rounds,
    cpuMicros: Math.max(0, ((full.cpuSeconds - empty.cpuSeconds) * 1e6) / rounds),
  };
}

type Counts = Awaited<ReturnType<typeof redisCounts>>;

function subtract(after: Counts, before: Counts): Pick<Counts, "bytesIn" | "bytesOut" | "cpuSeconds"> {
  return {
    bytesIn: after.bytesIn - before.bytesIn,
    bytesOut: after.bytesOut - before.bytesOut,
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
  };
}

/** A server's word of itself, as long as most are. */
export function aServer(number: number): ServerRecord {
  return {
    serverId: `6f1c2f5e-8f0e-4a53-9d5b-${String(number).padStart(12, "0")}`,
    host: `host-${number}`,
    pid: 1,
    concurrency: 10,
    strictPriority: false,
    queues: { critical: 6, default: 3, low: 1 },
    status: "active",
    startedAt: Date.now(),
    activeWorkers: 0,
    details: {
      version: "1.0.0",
      directory: "/srv/application/current",
      commandLine: "/usr/local/bin/node --enable-source-maps /srv/application/current/dist/worker.js",
      handles: { kind: "some", exact: ["email:send", "report:build", "image:resize"], prefixes: [] },
      lastClaimAt: Date.now(),
    },
  };
}
