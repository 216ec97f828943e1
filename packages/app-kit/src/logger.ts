import { fieldsBeside, visibleText } from "hikyaku";
import { type Bindings, type ChildLoggerOptions, type DestinationStream, destination, type Logger, pino } from "pino";
import { prettyLine } from "./pretty-line.ts";

export interface LoggerOptions {
  readonly level: "trace" | "debug" | "info" | "warn" | "error" | "fatal";
  /** `json`: one object a line, for machines. `pretty`: one line of words, for people. */
  readonly format: "json" | "pretty";
}

/** The names that a line has, or may have, itself: its level and time, its writer, its message. */
const namesOfLine: ReadonlySet<string> = new Set(["level", "time", "pid", "hostname", "name", "msg", "v"]);

/**
 * A logger that writes to stderr, each line at once: stdout belongs to what handlers print. No field hides another one:
 * a field (also one of a child logger) with a name that the line already has is called `field_…`. A terminal that shows
 * a line obeys nothing in it.
 */
export function makeLogger(options: LoggerOptions): Logger {
  const stderr = destination({ fd: 2, sync: true });
  // When nobody reads stderr any more, that can be reported nowhere, and the work matters more than its log.
  stderr.on("error", () => undefined);
  return loggerTo(stderr, options);
}

/** The same, to another destination. */
export function loggerTo(destination: DestinationStream, { level, format }: LoggerOptions): Logger {
  const show = format === "json" ? visibleLine : prettyLine;
  const base = format === "json" ? { pid: process.pid } : null;
  const stream: DestinationStream = { write: (line) => destination.write(show(line)) };
  const logger = pino({ level, base, ...keepingApart(namesOfLine) }, stream);
  return withChildrenApart(logger, namesOfLine);
}

function keepingApart(taken: ReadonlySet<string>) {
  return { formatters: { log: (fields: object) => fieldsBeside(taken, { ...fields }) } };
}

type Child = Logger["child"];

/** Child loggers add names, such as a request's id. The fields of their lines must not hide these. */
function withChildrenApart(logger: Logger, taken: ReadonlySet<string>, plain: Child = logger.child): Logger {
  const child = (bindings: Bindings, options?: ChildLoggerOptions): Logger => {
    const own = fieldsBeside(taken, bindings);
    const known = new Set([...taken, ...Object.keys(own)]);
    const made: Logger = Reflect.apply(plain, logger, [own, { ...options, ...keepingApart(known) }]);
    return withChildrenApart(made, known, plain);
  };
  return Object.assign(logger, { child });
}

function visibleLine(line: string): string {
  return `${visibleText(line.replace(/\n$/, ""))}\n`;
}
