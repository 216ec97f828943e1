import type { ReadinessCheckName, WorkerWarning } from "@hikyaku/contract";
import { code, type RichText, rich } from "../rich-text.ts";

const whole = new Intl.NumberFormat("en");

const checks: Readonly<Record<ReadinessCheckName, string>> = {
  job_queue_store: "The jobs’ store",
  rate_limit_store: "Request limits",
  workers: "Workers",
  worker_server: "Worker server",
  worker_processes: "Worker processes",
};

type WarningTexts = Readonly<Record<WorkerWarning["kind"], (worker: RichText, fact: string) => RichText>>;

const warnings: WarningTexts = {
  other_build: (worker) => rich`It runs another build than the newest worker: ${worker}`,
  other_directory: (worker) => rich`It runs from another directory than the newest worker: ${worker}`,
  older_process: (worker) => rich`It is older than another worker of the same code, perhaps left behind: ${worker}`,
  other_build_than_api: (worker, build) => rich`It runs another build than this server’s ${code(build)}: ${worker}`,
  gone: (worker) => rich`Its process has ended without taking leave: ${worker}`,
  silent: (worker, time) => rich`Not heard of since ${time}: ${worker}`,
  blocked: (worker, length) => rich`Its event loop was blocked for ${length}: ${worker}`,
  clock_offset: (worker, length) => rich`Its clock is off by ${length}: ${worker}`,
  foreign: (worker) => rich`It is of another library, so it can’t tell what it runs: ${worker}`,
};

function several(count: number): RichText {
  return rich`${count === 2 ? "Two" : whole.format(count)} workers take from ${code("default")}`;
}

/** The English texts about the server's readiness. */
export const enReadiness = {
  title: "Server status",
  asking: "Asking the server…",
  summary: {
    ok: "Ready",
    warning: "Ready, but something needs a look",
    error: "Not ready",
    broken: "Ready, but something is broken",
  },
  noAnswer: "No answer from the API server. This page asks again every 10 seconds.",
  withheld: "What was found is shown only to whoever may use the operations API.",
  level: { ok: "ok", warning: "warning", error: "error" },
  checks,
  finding: {
    store_answers: (store: string) => rich`It answers: ${code(store)}`,
    store_away: (store: string) => rich`It does not answer: ${code(store)}`,
    store_away_since: (store: string, time: string) => rich`It has not answered since ${time}: ${code(store)}`,
    reads_fail: (store: string) => rich`It answers, and refuses to be read: ${code(store)}`,
    some_writes_fail: (time: string) => rich`Writes of this server have failed over and over since ${time}`,
    writes_fail: (store: string, time: string) => rich`Nothing can be written since ${time}: ${code(store)}`,
    rate_limit_counts: (store: string) => rich`Requests are counted in ${code(store)}`,
    rate_limit_counts_here: rich`Requests are counted in the memory of the API server`,
    rate_limit_off: rich`Requests are not limited`,
    rate_limit_store_away: (store: string) => rich`Requests pass uncounted: ${code(store)} does not answer`,
    no_worker: rich`Nobody works: jobs wait until a worker is started with ${code("npm run start:worker")}`,
    one_worker: (worker: RichText) => rich`One works: ${worker}`,
    several_processes: (count: number) =>
      rich`One worker program works, with ${whole.format(count)} processes; any of them may run the next job`,
    several_workers: (count: number) =>
      rich`${whole.format(count)} work, and any of them may run the next job. Is one of them forgotten?`,
    more_worker_warnings: (count: number) =>
      rich`${whole.format(count)} more warnings; ${code("hikyaku servers")} shows all`,
    workers_unknown: rich`It is not known who works: the store gave no answer`,
    worker_server: (running: number, concurrency: number) =>
      rich`It runs ${whole.format(running)} of at most ${whole.format(concurrency)} jobs`,
    worker_server_idle: rich`It takes no jobs`,
    worker_processes: (active: number, count: number) =>
      rich`${whole.format(active)} of ${whole.format(count)} processes take jobs`,
    worker_process_idle: (process: number) => rich`Process ${process} takes no jobs`,
    check_failed: rich`It could not be looked at`,
  },
  comma: ", ",
  started: (time: string) => `started ${time}`,
  warnings,
  notice: {
    several: {
      none: (count: number) => rich`${several(count)}: any of them may print your line`,
      other_build: (count: number) => rich`${several(count)}: one of them runs another build`,
      other_directory: (count: number) => rich`${several(count)}: one of them was started elsewhere`,
      older_process: (count: number) => rich`${several(count)}: one of them is older, and may run old code`,
      foreign: (count: number) => rich`${several(count)}: one of them is of another library`,
    },
    severalText: "The line is printed on the stdout of the one that takes the job. Stop those that you don’t mean.",
    gone: (count: number) =>
      count === 1
        ? rich`A worker has ended without taking leave (process gone)`
        : rich`${whole.format(count)} workers have ended without taking leave (process gone)`,
    silent: (count: number) => rich`${whole.format(count)} workers have not been heard of for a while`,
    silentSince: (time: string) => rich`A worker has not been heard of since ${time}`,
    look: rich`A worker needs a look`,
    serverAway: rich`The API server does not answer`,
    serverAwayText: "What you see of your jobs is as of its last answer. This page keeps asking.",
    storeAway: rich`The store does not answer`,
    storeAwayText:
      "What you register now is not stored, or only perhaps. What you see of your jobs is as of the last answer.",
    writesFail: rich`The store can’t be written to: nothing can be registered`,
  },
};

/** The shape of a language's texts about readiness. */
export type ReadinessMessages = typeof enReadiness;
