import { type DestinationStream, destination, type Logger, pino } from "pino";
import { prettyLine } from "./pretty-line.ts";

export interface LoggerOptions {
  readonly level: "trace" | "debug" | "info" | "warn" | "error" | "fatal";
  /** `json`: one object a line, for machines. `pretty`: one line of words, for people. */
  readonly format: "json" | "pretty";
}

/** A logger that writes to stderr, each line at once: stdout belongs to what handlers print. */
export function makeLogger({ level, format }: LoggerOptions): Logger {
  const stderr = destination({ fd: 2, sync: true });
  // When whoever read stderr has gone there is nowhere left to say so, and the work matters more than its log.
  stderr.on("error", () => undefined);
  const stream: DestinationStream = format === "json" ? stderr : { write: (line) => stderr.write(prettyLine(line)) };
  return pino({ level, base: format === "json" ? { pid: process.pid } : null }, stream);
}
