import type { FindingWorker, ReadinessFinding, WorkerWarning } from "@hikyaku/contract";
import type { Messages } from "../i18n/messages/en.ts";
import type { RichText } from "../i18n/rich-text.ts";
import { lengthText, momentText } from "../i18n/time-text.ts";

/** What a finding is written with. */
export interface FindingWriting {
  readonly messages: Messages;
  readonly locale: string;
  readonly nowMs: number;
}

/** What a check found, as a sentence. */
export function findingText(finding: ReadinessFinding, writing: FindingWriting): RichText {
  const { messages, locale, nowMs } = writing;
  const words = messages.readiness.finding;
  const moment = (text: string) => momentText(Date.parse(text), nowMs, locale);
  switch (finding.code) {
    case "store_answers":
      return words.store_answers(finding.store);
    case "store_away":
      return finding.since === null
        ? words.store_away(finding.store)
        : words.store_away_since(finding.store, moment(finding.since));
    case "reads_fail":
      return words.reads_fail(finding.store);
    case "writes_fail":
      return words.writes_fail(finding.store, moment(finding.since));
    case "calls_fail":
      return words.some_writes_fail(moment(finding.since));
    case "rate_limit_counts":
      return finding.store === null ? words.rate_limit_counts_here : words.rate_limit_counts(finding.store);
    case "rate_limit_off":
      return words.rate_limit_off;
    case "rate_limit_store_away":
      return words.rate_limit_store_away(finding.store);
    case "no_worker":
      return words.no_worker;
    case "one_worker":
      return words.one_worker(startedWorkerText(finding.worker, writing));
    case "several_processes":
      return words.several_processes(finding.count);
    case "several_workers":
      return words.several_workers(finding.count);
    case "worker_warning":
      return warningText(finding.warning, writing);
    case "more_worker_warnings":
      return words.more_worker_warnings(finding.count);
    case "workers_unknown":
      return words.workers_unknown;
    case "worker_server":
      return finding.level === "ok"
        ? words.worker_server(finding.running, finding.concurrency)
        : words.worker_server_idle;
    case "worker_processes":
      return words.worker_processes(finding.active, finding.count);
    case "worker_process_idle":
      return words.worker_process_idle(finding.process);
    case "check_failed":
      return words.check_failed;
  }
}

/** What should be looked at about one worker, as a sentence. */
export function warningText(warning: WorkerWarning, { messages, locale, nowMs }: FindingWriting): RichText {
  const words = messages.readiness.warnings;
  const worker = findingWorkerText(warning.worker, messages);
  const length = (ms: number) => lengthText(Math.abs(ms), messages.jobs.units, locale);
  switch (warning.kind) {
    case "silent":
      return words.silent(worker, momentText(Date.parse(warning.silent_since), nowMs, locale));
    case "other_build_than_api":
      return words.other_build_than_api(worker, warning.api_build);
    case "blocked":
      return words.blocked(worker, length(warning.loop_delay_ms));
    case "clock_offset":
      return words.clock_offset(worker, length(warning.clock_offset_ms));
    default:
      return words[warning.kind](worker, "");
  }
}

/** Who a worker is, in words, and since when. */
export function startedWorkerText(worker: FindingWorker, { messages, locale, nowMs }: FindingWriting): RichText {
  const started = messages.readiness.started(momentText(Date.parse(worker.started_at), nowMs, locale));
  return [...findingWorkerText(worker, messages), messages.readiness.comma, started];
}

function findingWorkerText({ pid, host, directory, build }: FindingWorker, { jobs }: Messages): RichText {
  return jobs.worker(String(pid), host, directory ?? undefined, build ?? undefined);
}

/** What the other side said, in its own words, where it said something. */
export function reasonOf(finding: ReadinessFinding): string | undefined {
  return "reason" in finding && finding.reason !== null ? finding.reason : undefined;
}
