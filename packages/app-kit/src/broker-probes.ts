import { type FindingWorker, momentText, type ReadinessFinding, type WorkerWarning } from "@hikyaku/contract";
import {
  type Broker,
  errorText,
  isGone,
  isStoreAway,
  type ServerRecord,
  type ServerWarning,
  serverWarnings,
} from "hikyaku";
import { PROBE_TIMEOUT_MS, type ReadinessProbe } from "./readiness.ts";
import { WriteCheck, type WriteTrouble } from "./write-check.ts";

/** Leaves time to report the store's answers, and the refusals of a silent store. */
const storeAnswerMs = PROBE_TIMEOUT_MS - 50;
/** The least time that a write gets. */
const leastProbeMs = 100;

/** The parts of the broker that the probe of the store needs. */
export type ProbedStore = Pick<
  Broker,
  "location" | "reachability" | "ready" | "queues" | "writeHealth" | "probeWrites"
>;
/** The parts of the broker that the probe of the workers needs. */
export type ProbedWorkers = Pick<Broker, "servers" | "silentServers">;

/** Whether the job queue's store answers, and takes what this process writes to its queues. */
export function storeProbe(broker: ProbedStore, queues: readonly string[]): ReadinessProbe {
  const { location: store } = broker;
  const writes = new WriteCheck(broker, queues);
  const away = (reason: string): ReadinessFinding => {
    const { reachable, since } = broker.reachability();
    return { code: "store_away", level: "error", store, reason, since: reachable ? null : momentText(since) };
  };
  return {
    name: "job_queue_store",
    required: true,
    async ask() {
      const { reachable, reason } = broker.reachability();
      if (!reachable && reason !== undefined) return [away(reason)];
      const endsAt = performance.now() + storeAnswerMs;
      const left = (): number => Math.max(leastProbeMs, endsAt - performance.now());
      try {
        await broker.ready({ timeoutMs: left() });
        await broker.queues({ timeoutMs: left() });
      } catch (error) {
        const text = errorText(error);
        return [isStoreAway(error) ? away(text) : { code: "reads_fail", level: "error", store, reason: text }];
      }
      const findings: ReadinessFinding[] = [{ code: "store_answers", level: "ok", store }];
      const trouble = await writes.ask(left());
      if (trouble !== undefined) findings.push(troubleFinding(store, trouble));
      return findings;
    },
    failed: away,
  };
}

function troubleFinding(store: string, trouble: WriteTrouble): ReadinessFinding {
  if (trouble.kind === "writes") {
    const { reason, since } = trouble;
    return { code: "writes_fail", level: "error", store, reason, since: momentText(since) };
  }
  const { kind: call, calls: count, reason, since } = trouble.calls;
  return { code: "calls_fail", level: "warning", store, call, count, reason, since: momentText(since) };
}

/**
 * Who runs the jobs. No worker, or more than one, is a warning: no reason to turn requests away. The second worker is
 * often a forgotten one, which runs old code and prints where nobody looks. `apiBuild` is the build of the API server
 * itself: it shows that a worker is outdated even when it is the only one.
 */
export function workersProbe(broker: ProbedWorkers, apiBuild?: string): ReadinessProbe {
  return {
    name: "workers",
    required: false,
    async ask() {
      const call = { timeoutMs: PROBE_TIMEOUT_MS };
      const [{ servers }, silent] = await Promise.all([broker.servers(call), broker.silentServers(call)]);
      const live = servers.filter((server) => !isGone(server));
      const warnings = serverWarnings(servers, silent).map(warningOf);
      return [presenceOf(live), ...warningFindings([...warnings, ...strangersTo(apiBuild, live, warnings)])];
    },
    failed: (reason) => ({ code: "workers_unknown", level: "warning", reason }),
  };
}

/** Without a limit, the answer about a busy fleet would be endless. */
const mostNamed = 20;

function presenceOf(servers: readonly ServerRecord[]): ReadinessFinding {
  const [first] = servers;
  if (first === undefined) return { code: "no_worker", level: "warning" };
  if (servers.length === 1) return { code: "one_worker", level: "ok", worker: workerOf(first) };
  const facts = { count: servers.length, workers: servers.slice(0, mostNamed).map(workerOf) };
  const program = programOf(first);
  return program !== undefined && servers.every((server) => programOf(server) === program)
    ? { code: "several_processes", level: "ok", ...facts }
    : { code: "several_workers", level: "warning", ...facts };
}

/**
 * The worker program that a server is one process of. Undefined for a program of its own. A common parent is not
 * enough: two programs started from one shell have that too. `worker-process.ts` ends its command line with its number
 * and the pid of its starter.
 */
function programOf({ host, details }: ServerRecord): string | undefined {
  const [, parentPid] = /[\\/]worker-process\.ts \d+ (\d+)$/.exec(details?.commandLine ?? "") ?? [];
  return parentPid !== undefined && Number(parentPid) === details?.parentPid ? `${host} ${parentPid}` : undefined;
}

/**
 * Workers of another build than the API server. Leaves out those that differ from another worker: they are named for
 * that.
 */
function strangersTo(
  apiBuild: string | undefined,
  servers: readonly ServerRecord[],
  warnings: readonly WorkerWarning[],
): WorkerWarning[] {
  if (apiBuild === undefined) return [];
  const named = new Set(warnings.filter(({ kind }) => kind === "other_build").map(({ worker }) => worker.id));
  return servers
    .filter(({ serverId, details }) => !named.has(serverId) && (details?.build ?? apiBuild) !== apiBuild)
    .map((server) => ({ kind: "other_build_than_api", worker: workerOf(server), api_build: apiBuild }));
}

function warningFindings(warnings: readonly WorkerWarning[]): ReadinessFinding[] {
  const findings: ReadinessFinding[] = warnings
    .slice(0, mostNamed)
    .map((warning) => ({ code: "worker_warning", level: "warning", warning }));
  const count = warnings.length - mostNamed;
  if (count > 0) findings.push({ code: "more_worker_warnings", level: "warning", count });
  return findings;
}

function warningOf(warning: ServerWarning): WorkerWarning {
  const worker = workerOf(warning.server);
  switch (warning.kind) {
    case "other_build":
    case "other_directory":
    case "older_process":
      return { kind: warning.kind, worker, beside: workerOf(warning.beside), queues: [...warning.queues] };
    case "gone":
      return { kind: "gone", worker };
    case "silent":
      return { kind: "silent", worker, silent_since: momentText(warning.silentSince) };
    case "blocked":
      return { kind: "blocked", worker, loop_delay_ms: warning.loopDelayMs };
    case "clock_offset":
      return { kind: "clock_offset", worker, clock_offset_ms: warning.clockOffsetMs };
    case "foreign":
      return { kind: "foreign", worker, queues: [...warning.queues] };
  }
}

function workerOf({ serverId, host, pid, startedAt, details }: ServerRecord): FindingWorker {
  const { directory = null, version = null, build = null } = details ?? {};
  return { id: serverId, host, pid, directory, version, build, started_at: momentText(startedAt) };
}
