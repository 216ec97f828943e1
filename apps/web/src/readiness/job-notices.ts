import type { DemoJobsView, FindingWorker, Readiness, WorkerWarning } from "@hikyaku/contract";

/** How one of several workers may differ from another one, the worst first. */
const DIFFERENCES = ["other_build", "other_directory", "older_process", "foreign"] as const;

/** What a person should know before registering a job, the most urgent first. */
export type JobNotice =
  | { readonly code: "server_away" }
  | { readonly code: "store_away" }
  | { readonly code: "writes_fail" }
  | { readonly code: "no_worker" }
  | { readonly code: "queue_paused" }
  | {
      readonly code: "several_workers";
      readonly count: number;
      /** The worst of how they differ. */
      readonly difference: (typeof DIFFERENCES)[number] | undefined;
      /** Who they are; empty where that may not be told. */
      readonly workers: readonly FindingWorker[];
    }
  | { readonly code: "gone_worker"; readonly warnings: readonly WorkerWarning[] }
  | { readonly code: "silent_worker"; readonly warnings: readonly WorkerWarning[] }
  | { readonly code: "worker_warning"; readonly warnings: readonly WorkerWarning[] };

/** Warnings of workers that say nothing any more. */
const SILENT = ["gone", "silent"];

/**
 * What the queue's part of an answer and the server's readiness come to for somebody who registers jobs. `"none"` means
 * that the server gave no answer; undefined, that it was not asked yet.
 */
export function noticesOf(
  queue: DemoJobsView["queue"] | undefined,
  answer: Readiness | "none" | undefined,
): readonly JobNotice[] {
  if (answer === "none") return [{ code: "server_away" }];
  const readiness = answer;
  const findings = readiness?.checks.flatMap((check) => check.findings ?? []) ?? [];
  const warnings = findings.flatMap((finding) => (finding.code === "worker_warning" ? [finding.warning] : []));
  const several = findings.find((finding) => finding.code === "several_workers");
  const count = queue?.workers ?? several?.count ?? 0;
  const gone = warnings.filter(({ kind }) => kind === "gone");
  const silent = warnings.filter(({ kind }) => kind === "silent");
  const compares = (kind: WorkerWarning["kind"]) => DIFFERENCES.some((difference) => difference === kind);
  const others = warnings.filter(({ kind }) => !SILENT.includes(kind) && !compares(kind));
  const nobody = queue?.workers === 0 || (queue === undefined && findings.some(({ code }) => code === "no_worker"));
  const notices: JobNotice[] = [];
  if (findings.some(({ code, level }) => code === "writes_fail" && level === "error")) {
    notices.push({ code: "writes_fail" });
  } else if (readiness?.checks.some(({ name, level }) => name === "job_queue_store" && level === "error")) {
    // Who works there can't be known either.
    return [{ code: "store_away" }];
  }
  if (nobody) notices.push({ code: "no_worker" });
  if (queue?.paused) notices.push({ code: "queue_paused" });
  const difference = DIFFERENCES.find((kind) => warnings.some((warning) => warning.kind === kind));
  if (count > 1 && (difference !== undefined || !isOnPurpose(readiness))) {
    notices.push({ code: "several_workers", count, difference, workers: several?.workers ?? [] });
  }
  if (gone.length > 0) notices.push({ code: "gone_worker", warnings: gone });
  if (silent.length > 0) notices.push({ code: "silent_worker", warnings: silent });
  if (others.length > 0) notices.push({ code: "worker_warning", warnings: others });
  return notices;
}

/** Processes of one worker program. Who may not know who works is told of the level alone. */
function isOnPurpose(readiness: Readiness | undefined): boolean {
  const workers = readiness?.checks.find(({ name }) => name === "workers");
  return workers?.level === "ok" || workers?.findings?.some(({ code }) => code === "several_processes") === true;
}

/** Stands for who works, as far as an answer tells: it changes when a worker comes or goes. */
export function workersIn(answer: Readiness | "none" | undefined): string | undefined {
  if (answer === undefined || answer === "none") return undefined;
  const check = answer.checks.find(({ name }) => name === "workers");
  const presence = check?.findings?.map((finding) => [finding.code, "count" in finding ? finding.count : undefined]);
  return JSON.stringify([check?.level, presence]);
}
