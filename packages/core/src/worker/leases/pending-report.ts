import { type KeptProgress, progressText } from "../../broker/kept-progress.ts";
import { logBytesKept, logLinesKept } from "../../broker/limits.ts";
import type { TaskReport } from "../../broker/task-report.ts";

/**
 * What a handler has said of its task and the store has not answered for. Holds the newest log lines only, and no more
 * of them than the store would keep; their numbers tell the store which ones are missing.
 */
export class PendingReport {
  #progress: KeptProgress | undefined;
  readonly #lines: string[] = [];
  /** The number of the first of these lines. */
  #from = 1;
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#progress === undefined && this.#lines.length === 0;
  }

  /** How many bytes it holds, about. */
  get bytes(): number {
    return this.#bytes + (this.#progress?.message?.length ?? 0);
  }

  /** The newest progress counts. */
  setProgress(progress: KeptProgress): void {
    this.#progress = progress;
  }

  addLine(line: string): void {
    this.#lines.push(line);
    this.#bytes += Buffer.byteLength(line);
    while (this.#lines.length > logLinesKept || this.#bytes > logBytesKept) this.#dropFirst();
  }

  /** All of it, to be sent. It stays here until `written` says that the store has it. */
  report(): TaskReport {
    const lines = [...this.#lines];
    return {
      ...(this.#progress !== undefined && { progress: progressText(this.#progress) }),
      ...(lines.length > 0 && { log: { from: this.#from, lines } }),
    };
  }

  /** The store has what this report said. */
  written({ progress, log }: TaskReport): void {
    if (this.#progress !== undefined && progressText(this.#progress) === progress) this.#progress = undefined;
    if (log === undefined) return;
    const next = log.from + log.lines.length;
    while (this.#from < next && this.#lines.length > 0) this.#dropFirst();
  }

  #dropFirst(): void {
    this.#bytes -= Buffer.byteLength(this.#lines.shift() ?? "");
    this.#from++;
  }
}
