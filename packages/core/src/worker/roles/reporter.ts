import { logLineText } from "../../broker/kept-log.ts";
import { type KeptProgress, percentTotal } from "../../broker/kept-progress.ts";
import type { HeldReport, ReportFacet } from "../../broker/report-facet.ts";
import type { TaskMessage } from "../../broker/task-message.ts";
import { cutText, longestShownError } from "../../cut-text.ts";
import { errorText } from "../../errors.ts";
import { shown } from "../../option-names.ts";
import type { Clock } from "../../runtime/clock.ts";
import { fieldsJson, type LogFields, type Logger } from "../../runtime/logger.ts";
import type { Role } from "../../runtime/periodic.ts";
import type { HeldTask } from "../leases/held-task.ts";
import { PendingReport } from "../leases/pending-report.ts";

/** Reports of all tasks go together, at most so often. */
export const reportMs = 250;
/** Nothing is left to write, until somebody reports again. */
export const idleReportMs = 60_000;

const callTimeoutMs = 2_000;
const mostReports = 256;
const mostBytes = 1_048_576;
/** Longest text of a line, longest fields of a line as JSON, in characters. */
const longestPart = 4_000;

export interface ReporterOptions {
  readonly broker: ReportFacet;
  readonly clock: Clock;
  /** For lines about single tasks. */
  readonly taskLog: Logger;
  readonly serverId: string;
  /** Called when there is something to write. */
  readonly onReport: () => void;
  /** Called when the store has written how far a task is, as it keeps it. */
  readonly onProgress: (message: TaskMessage, progress: string) => void;
}

/**
 * Takes what handlers say of their tasks, and writes it for all tasks together. A handler never waits for it and never
 * fails by it. While the store does not answer, the newest is kept, bounded, for the next try. What is left when a
 * task's outcome is decided is written with the outcome.
 */
export class Reporter implements Role {
  readonly name = "writing progress and log lines of tasks";
  readonly #options: ReporterOptions;
  readonly #waiting = new Set<HeldTask>();

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** A number is a percentage. */
  progress(task: HeldTask, value: unknown): void {
    const { clock, serverId: by } = this.#options;
    const told = progressOf(value);
    if (told === undefined) {
      const got = cutText(shown(value), longestShownError);
      const expected = "expected a number of percent, or { done, total?, message? }";
      this.#refuse(task, `progress was not kept: ${expected}`, { got });
      return;
    }
    const pending = this.#pendingOf(task, "progress");
    pending?.setProgress({ ...told, at: clock.now(), by, attempt: attemptOf(task) });
  }

  log(task: HeldTask, text: unknown, fields: unknown): void {
    const { clock, serverId: by } = this.#options;
    try {
      const line = { at: clock.now(), by, attempt: attemptOf(task), text: cutText(textOf(text), longestPart) };
      this.#pendingOf(task, "log")?.addLine(logLineText(line, keptFields(fields)));
    } catch (error) {
      this.#refuse(task, "a log line was not kept: it can't be read", { error: errorText(error) });
    }
  }

  async runOnce(signal?: AbortSignal): Promise<number> {
    const waiting = [...this.#waiting];
    for (let from = 0; from < waiting.length; ) {
      const [batch, reports] = this.#batch(waiting, from);
      from += batch.length;
      await this.#write(batch, reports, signal);
    }
    return this.#waiting.size > 0 ? reportMs : idleReportMs;
  }

  /** The next tasks to write, as many as fit into one call. Those that were settled meanwhile have nothing to say. */
  #batch(waiting: readonly HeldTask[], from: number): [readonly HeldTask[], readonly HeldReport[]] {
    const batch: HeldTask[] = [];
    const reports: HeldReport[] = [];
    let bytes = 0;
    for (let at = from; at < waiting.length && batch.length < mostReports && bytes < mostBytes; at++) {
      const task = waiting[at];
      if (task === undefined) break;
      batch.push(task);
      if (isOver(task) || task.pendingReport === undefined) {
        this.#waiting.delete(task);
        continue;
      }
      bytes += task.pendingReport.bytes;
      reports.push({ lease: task.claimed.lease, ...task.pendingReport.report() });
    }
    return [batch, reports];
  }

  async #write(
    batch: readonly HeldTask[],
    reports: readonly HeldReport[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    if (reports.length === 0) return;
    const call = { timeoutMs: callTimeoutMs, ...(signal !== undefined && { signal }) };
    const answers = await this.#options.broker.report(reports, call);
    const byLease = new Map(reports.map((report, index) => [report.lease, { report, answer: answers[index] }]));
    for (const task of batch) {
      const told = byLease.get(task.claimed.lease);
      if (told === undefined) continue;
      if (told.answer === "written") {
        task.pendingReport?.written(told.report);
        const { progress } = told.report;
        if (progress !== undefined) this.#options.onProgress(task.claimed.message, progress);
      } else {
        // The task's new holder reports from now on.
        task.pendingReport = undefined;
      }
      if (task.pendingReport?.isEmpty !== false) this.#waiting.delete(task);
    }
  }

  #pendingOf(task: HeldTask, what: string): PendingReport | undefined {
    if (isOver(task)) {
      this.#refuse(task, "a handler reported after its attempt was over; it was not kept", { what });
      return undefined;
    }
    task.pendingReport ??= new PendingReport();
    if (!this.#waiting.has(task)) {
      this.#waiting.add(task);
      this.#options.onReport();
    }
    return task.pendingReport;
  }

  #refuse(task: HeldTask, message: string, fields: LogFields): void {
    const { id: taskId, type, queue } = task.claimed.message;
    this.#options.taskLog.warn(message, { taskId, type, queue, ...fields });
  }
}

function isOver(task: HeldTask): boolean {
  return task.returned || task.lost || task.settlement !== undefined;
}

function attemptOf(task: HeldTask): number {
  return task.claimed.message.retried + 1;
}

function progressOf(value: unknown): Pick<KeptProgress, "done" | "total" | "message"> | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? { done: value, total: percentTotal } : undefined;
  try {
    const { done, total, message } = value as Partial<KeptProgress>;
    if (typeof done !== "number" || !Number.isFinite(done)) return undefined;
    if (total !== undefined && (typeof total !== "number" || !Number.isFinite(total))) return undefined;
    if (message !== undefined && typeof message !== "string") return undefined;
    return {
      done,
      ...(total !== undefined && { total }),
      ...(message !== undefined && { message: cutText(message, longestShownError) }),
    };
  } catch {
    return undefined;
  }
}

function textOf(text: unknown): string {
  if (typeof text === "string") return text;
  return text instanceof Error ? errorText(text) : shown(text);
}

/** JSON. Fields that are too long become their beginning, under a name that says so. Undefined when there are none. */
function keptFields(fields: unknown): string | undefined {
  if (fields === undefined) return undefined;
  const isPlain = typeof fields === "object" && fields !== null && !(fields instanceof Error);
  const text: string | undefined = fieldsJson(isPlain ? (fields as LogFields) : { value: fields });
  // A list, and an object that is something else as JSON, are values without a name.
  const json = text === undefined || text.startsWith("{") ? text : `{"value":${text}}`;
  if (json === undefined || json === "{}") return undefined;
  return json.length > longestPart ? JSON.stringify({ "…": cutText(json, longestPart) }) : json;
}
