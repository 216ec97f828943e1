import type { Clock, Timer } from "../../runtime/clock.ts";
import type { LogFields, Logger, LogLevel } from "../../runtime/logger.ts";

const windowMs = 10_000;
const mostLines = 20;
/** So many types get a line of their own in a window, even when another type has used up the lines. */
const mostTypes = 50;

/** The lines of one wording since the window began. */
interface Window {
  readonly level: LogLevel;
  readonly message: string;
  readonly began: number;
  readonly types: Set<string>;
  lines: number;
  readonly leftOut: Map<string, number>;
}

/**
 * A log for lines about single tasks, of which there may be any number. In ten seconds it writes 20 lines of each
 * wording, and the first line of each type. It counts the others: one line at the end of the ten seconds says how many
 * of which type were left out.
 */
export class TaskLog implements Logger {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #windows = new Map<string, Window>();
  #timer: Timer | undefined;

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  debug(message: string, fields?: LogFields): void {
    this.#write("debug", message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#write("info", message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#write("warn", message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#write("error", message, fields);
  }

  /** Logs at once what was left out so far, and cancels the timer. The log can be used further. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const window of this.#windows.values()) this.#tell(window);
    this.#windows.clear();
  }

  #write(level: LogLevel, message: string, fields: LogFields | undefined): void {
    const window = this.#windowOf(level, message);
    const type = String(fields?.["type"] ?? "unknown");
    const isFirst = !window.types.has(type) && window.types.size < mostTypes;
    if (window.lines < mostLines || isFirst) {
      if (isFirst) window.types.add(type);
      window.lines++;
      this.#logger[level](message, fields);
      return;
    }
    const named = window.leftOut.has(type) || window.leftOut.size < mostTypes ? type : "other types";
    window.leftOut.set(named, (window.leftOut.get(named) ?? 0) + 1);
    this.#timer ??= this.#clock.setTimer(() => this.flush(), windowMs);
  }

  #windowOf(level: LogLevel, message: string): Window {
    const now = this.#clock.monotonic();
    const known = this.#windows.get(message);
    if (known !== undefined) {
      if (now - known.began < windowMs) return known;
      this.#tell(known);
    }
    const window = { level, message, began: now, types: new Set<string>(), lines: 0, leftOut: new Map() };
    this.#windows.set(message, window);
    return window;
  }

  #tell({ level, message, began, leftOut }: Window): void {
    if (leftOut.size === 0) return;
    let lines = 0;
    for (const count of leftOut.values()) lines += count;
    this.#logger[level](`${message}: ${lines} more such lines were left out`, {
      leftOut: lines,
      byType: Object.fromEntries(leftOut),
      forMs: Math.round(this.#clock.monotonic() - began),
    });
  }
}
