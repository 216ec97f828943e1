/** Facts that belong to one line of a log. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where the library says what happens inside it. Any structured logger fits behind it. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export type LogLevel = "debug" | "info" | "warn" | "error";

/** Says nothing. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

const order: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/**
 * Writes one JSON object a line for everything from `level` up; to standard error unless told otherwise, because
 * standard output belongs to the program that uses the library. Errors among the fields become their text.
 */
export function jsonLogger(
  level: LogLevel,
  write: (line: string) => void = (line) => void process.stderr.write(line),
): Logger {
  const line =
    (own: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (order.indexOf(own) < order.indexOf(level)) return;
      write(`${JSON.stringify({ time: new Date().toISOString(), level: own, message, ...fields }, readable)}\n`);
    };
  return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
}

function readable(_key: string, value: unknown): unknown {
  if (value instanceof Error) return value.message === "" ? value.name : value.message;
  return typeof value === "bigint" ? value.toString() : value;
}

/** The same logger with fields that every line carries. */
export function withFields(logger: Logger, own: LogFields): Logger {
  return {
    debug: (message, fields) => logger.debug(message, { ...own, ...fields }),
    info: (message, fields) => logger.info(message, { ...own, ...fields }),
    warn: (message, fields) => logger.warn(message, { ...own, ...fields }),
    error: (message, fields) => logger.error(message, { ...own, ...fields }),
  };
}
