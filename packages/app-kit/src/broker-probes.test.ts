import { readinessFinding } from "@hikyaku/contract";
import { HikyakuError, type Reachability, type ServerDetails, type ServerRecord, type SilentServer } from "hikyaku";
import { describe, expect, it } from "vitest";
import { type ProbedStore, type ProbedWorkers, storeProbe, workersProbe } from "./broker-probes.ts";

const start = Date.UTC(2026, 0, 31, 12);
const there: Reachability = { reachable: true, since: start, reason: undefined };

function aStore(overrides: Partial<ProbedStore> = {}): ProbedStore {
  return {
    location: "tasks.db",
    reachability: () => there,
    ready: async () => undefined,
    queues: async () => [],
    writeHealth: () => ({ written: 0, failing: [] }),
    probeWrites: async () => undefined,
    ...overrides,
  };
}

/** What the probe finds; each finding is what the contract says. */
async function foundIn(overrides: Partial<ProbedStore>) {
  const findings = await storeProbe(aStore(overrides), ["default"]).ask();
  for (const finding of findings) expect(readinessFinding.parse(finding)).toEqual(finding);
  return findings;
}

describe("the probe of the job queue's store", () => {
  const answers = { code: "store_answers", level: "ok", store: "tasks.db" };

  it("finds a store that answers and takes writes to the process's queues", async () => {
    const asked: (readonly string[])[] = [];
    expect(await foundIn({ probeWrites: async (queues) => void asked.push(queues) })).toEqual([answers]);
    expect(asked).toEqual([["default"]]);
  });

  it("finds one that is known to be away, without asking it", async () => {
    const away: Reachability = { reachable: false, since: start, reason: "refused" };
    const ready = () => Promise.reject(new Error("asked"));
    expect(await foundIn({ reachability: () => away, ready })).toEqual([
      { code: "store_away", level: "error", store: "tasks.db", reason: "refused", since: "2026-01-31T12:00:00.000Z" },
    ]);
  });

  it("tells one that gives no answer from one that refuses to be read", async () => {
    const silent = new HikyakuError("deadline_exceeded", "no answer");
    expect(await foundIn({ ready: () => Promise.reject(silent) })).toEqual([
      { code: "store_away", level: "error", store: "tasks.db", reason: "no answer", since: null },
    ]);
    const corrupt = new HikyakuError("corrupt_data", "no sound database");
    expect(await foundIn({ queues: () => Promise.reject(corrupt) })).toEqual([
      { code: "reads_fail", level: "error", store: "tasks.db", reason: "no sound database" },
    ]);
  });

  it("tells writes that fail from calls that do", async () => {
    const full = new HikyakuError("store_rejected", "full");
    expect(await foundIn({ probeWrites: () => Promise.reject(full) })).toMatchObject([
      answers,
      { code: "writes_fail", level: "error", reason: "full" },
    ]);
    const failing = [
      { kind: "enqueue" as const, since: start, latest: Date.now(), calls: 7, reason: "not acknowledged" },
    ];
    expect(await foundIn({ writeHealth: () => ({ written: 0, failing }) })).toMatchObject([
      answers,
      { code: "calls_fail", level: "warning", call: "enqueue", count: 7, reason: "not acknowledged" },
    ]);
  });
});

describe("the probe of the workers", () => {
  const details: ServerDetails = {
    version: "1.0.0",
    build: "b1",
    directory: "/app",
    commandLine: "node",
    handles: { kind: "all" },
    lastClaimAt: undefined,
  };

  function aServer(number: number, more: Partial<ServerRecord> = {}): ServerRecord {
    return {
      serverId: `server-${number}`,
      host: `box-${number}`,
      pid: number,
      concurrency: 1,
      queues: { default: 1 },
      strictPriority: false,
      status: "active",
      startedAt: start,
      activeWorkers: 0,
      details,
      ...more,
    };
  }

  async function found(servers: readonly ServerRecord[], silent: readonly SilentServer[] = [], apiBuild?: string) {
    const store: ProbedWorkers = {
      servers: async () => ({ servers, workers: [] }),
      silentServers: async () => silent,
    };
    const findings = await workersProbe(store, apiBuild).ask();
    for (const finding of findings) expect(readinessFinding.parse(finding)).toEqual(finding);
    return findings;
  }

  it("warns of nobody, and finds nothing wrong with one", async () => {
    expect(await found([])).toEqual([{ code: "no_worker", level: "warning" }]);
    expect(await found([aServer(1)])).toMatchObject([{ code: "one_worker", level: "ok", worker: { pid: 1 } }]);
  });

  it("finds nothing wrong with several processes of one worker program, and warns of another beside them", async () => {
    const aProcess = (number: number, parentPid: number, commandLine: string): ServerRecord =>
      aServer(number, { host: "box", details: { ...details, parentPid, commandLine } });
    const ofSupervisor = (number: number) =>
      aProcess(number, 77, `node /app/apps/worker/src/worker-process.ts ${number} 77`);
    const program = [ofSupervisor(1), ofSupervisor(2)];
    expect(await found(program)).toMatchObject([
      { code: "several_processes", level: "ok", count: 2, workers: [{ pid: 1 }, { pid: 2 }] },
    ]);
    const others = [
      aServer(3, { host: "box" }),
      aProcess(3, 78, "node /app/apps/worker/src/worker-process.ts 3 78"),
      { ...ofSupervisor(3), host: "another" },
      aProcess(3, 78, "node /app/apps/worker/src/worker-process.ts 3 77"),
    ];
    for (const other of others) {
      expect((await found([...program, other]))[0]).toMatchObject({ code: "several_workers", count: 3 });
    }
    const fromOneShell = [1, 2].map((number) => aProcess(number, 77, "node /app/apps/worker/src/main.ts"));
    expect(await found(fromOneShell)).toMatchObject([{ code: "several_workers", level: "warning" }]);
  });

  it("warns of one that fell silent, also beside one that is well", async () => {
    const silent = [{ server: aServer(2), silentSince: start + 10_000 }];
    expect(await found([aServer(1)], silent)).toMatchObject([
      { code: "one_worker", level: "ok" },
      { code: "worker_warning", warning: { kind: "silent", silent_since: "2026-01-31T12:00:10.000Z" } },
    ]);
  });

  it("names a worker of another build than the API server's, also where it is alone, and once", async () => {
    const yesterdays = aServer(1, { details: { ...details, build: "b0" } });
    expect(await found([yesterdays], [], "b1")).toMatchObject([
      { code: "one_worker" },
      { code: "worker_warning", warning: { kind: "other_build_than_api", worker: { build: "b0" }, api_build: "b1" } },
    ]);
    expect(await found([aServer(1)], [], "b1")).toHaveLength(1);
    expect(await found([yesterdays])).toHaveLength(1);
    expect(await found([aServer(2, { details: undefined })], [], "b1")).toMatchObject([
      { code: "one_worker" },
      { code: "worker_warning", warning: { kind: "foreign" } },
    ]);
    const beside = await found([yesterdays, aServer(2)], [], "b1");
    expect(beside).toMatchObject([{}, { warning: { kind: "other_build" } }]);
  });

  it("gives every kind of warning with its facts", async () => {
    const newest = aServer(9, { host: "box-1", startedAt: start + 3_600_000 });
    const odd = [
      aServer(1),
      aServer(2, { details: { ...details, build: "b0" } }),
      aServer(3, { details: { ...details, directory: "/old" } }),
      aServer(4, { details: { ...details, clockOffsetMs: -6_000, loopDelayMs: 7_000 } }),
      aServer(5, { details: undefined }),
    ];
    const [several, ...warnings] = await found([...odd, newest]);
    expect(several).toMatchObject({ code: "several_workers", level: "warning", count: 6 });
    expect(warnings.map((finding) => (finding.code === "worker_warning" ? finding.warning : finding))).toMatchObject([
      { kind: "older_process", worker: { pid: 1 }, beside: { pid: 9 }, queues: ["default"] },
      { kind: "other_build", worker: { build: "b0" }, beside: { build: "b1" } },
      { kind: "other_directory", worker: { directory: "/old" } },
      { kind: "clock_offset", clock_offset_ms: -6_000 },
      { kind: "blocked", loop_delay_ms: 7_000 },
      { kind: "foreign", worker: { version: null, build: null, directory: null } },
    ]);
  });

  it("names twenty of a large fleet, and says how many more there are", async () => {
    const fleet = Array.from({ length: 100 }, (_, index) => aServer(index, { details: undefined }));
    const findings = await found(fleet);
    expect(findings).toHaveLength(22);
    expect(findings[0]).toMatchObject({ code: "several_workers", count: 100 });
    expect(findings.at(-1)).toEqual({ code: "more_worker_warnings", level: "warning", count: 80 });
  });
});
