import {
  brokerFromConfig,
  closeWithin,
  listen,
  logReachability,
  OperationsPermission,
  PROBE_TIMEOUT_MS,
  type ReadinessProbe,
  type Start,
} from "@hikyaku/app-kit";
import type { ReadinessFinding } from "@hikyaku/contract";
import { joinFamilies, labelled, type MetricFamily } from "@hikyaku/operations/metrics";
import { buildHealthApp } from "./health-app.ts";
import { workerStopTimeoutMs } from "./start-worker.ts";
import { SupervisedWorker, type WorkerCondition } from "./supervised-worker.ts";

/** Leaves time to name the processes that did not answer. */
const answerMs = PROBE_TIMEOUT_MS - 200;
const marginMs = 5_000;

/**
 * Several worker servers, each in its own process. This process runs none: it watches over them and answers for all on
 * the port of the settings. None outlives it: each stops when its channel to this process ends.
 */
export const superviseWorkers: Start = async ({ config, logger }) => {
  const { host, port, processes } = config.jobqueue;
  const stopTimeoutMs = workerStopTimeoutMs(config);
  const workers = Array.from(
    { length: processes },
    (_, index) => new SupervisedWorker({ number: index + 1, logger, stopTimeoutMs }),
  );
  const broker = brokerFromConfig(config);
  const endTelling = await logReachability(broker, logger);
  const app = buildHealthApp({
    broker,
    queues: Object.keys(config.jobqueue.queues),
    probe: processesProbe(workers),
    logger,
    permission: new OperationsPermission(config, broker),
    metrics: () => metricsOf(workers),
  });
  // The port first: if another worker has it, this one must not have taken any tasks.
  const address = await listen(app, { host, port, what: "the worker server", portKey: "jobqueue.port" });
  for (const worker of workers) worker.start();
  let stopping = false;
  process.once("exit", () => {
    // Hurried, or out of time. If this process fails by itself, the others may still stop in their own time.
    if (stopping) for (const worker of workers) worker.kill();
  });
  logger.info(
    { processes, store: broker.location },
    `the worker server runs: the health of its processes is at ${address}/readyz`,
  );
  return {
    stopTimeoutMs: stopTimeoutMs + marginMs,
    ended: Promise.all(workers.map((worker) => worker.stoppedFromElsewhere)).then(() => ({
      why: "all worker processes were told to stop from elsewhere",
      exitCode: 0,
    })),
    stop: async () => {
      stopping = true;
      await Promise.all(workers.map((worker) => worker.stop()));
      await closeWithin(app, 1000);
      endTelling();
      await broker.close();
    },
  };
};

/** The metrics of every process that answers, each under its number. */
async function metricsOf(workers: readonly SupervisedWorker[]): Promise<MetricFamily[]> {
  const conditions = await Promise.all(workers.map((worker) => worker.condition(answerMs, true)));
  const all = conditions.flatMap((condition, index) => {
    const families = condition.kind === "answers" ? (condition.report.metrics ?? []) : [];
    return families.map((family) => labelled(family, { process: String(index + 1) }));
  });
  return joinFamilies(all);
}

/** Whether any of the processes takes tasks, and what is wrong with those that do not. */
function processesProbe(workers: readonly SupervisedWorker[]): ReadinessProbe {
  return {
    name: "worker_processes",
    required: true,
    ask: async () => {
      const conditions = await Promise.all(workers.map((worker) => worker.condition(answerMs)));
      const active = conditions.filter(takesTasks);
      const sum = (of: "running" | "concurrency") => active.reduce((total, { report }) => total + report[of], 0);
      const findings: ReadinessFinding[] = [
        {
          code: "worker_processes",
          level: active.length > 0 ? "ok" : "error",
          active: active.length,
          count: workers.length,
          running: sum("running"),
          concurrency: sum("concurrency"),
        },
      ];
      for (const [index, condition] of conditions.entries()) {
        if (!takesTasks(condition)) findings.push(idle(index + 1, condition));
      }
      return findings;
    },
  };
}

function takesTasks(condition: WorkerCondition): condition is WorkerCondition & { kind: "answers" } {
  return condition.kind === "answers" && condition.report.state === "active";
}

function idle(process: number, condition: WorkerCondition): ReadinessFinding {
  const facts =
    condition.kind === "silent"
      ? { pid: null, state: null, reason: condition.reason }
      : { pid: condition.pid, state: condition.report.state, reason: null };
  return { code: "worker_process_idle", level: "warning", process, ...facts };
}
