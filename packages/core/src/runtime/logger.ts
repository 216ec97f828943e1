import { errorText, HikyakuError } from "../errors.ts";
import { shown } from "../option-names.ts";
import { visibleText } from "../visible-text.ts";

/** Facts that belong to one line of a log. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Where the library says what happens inside it. Any structured logger fits behind it. A logger with its own names for
 * a line's time, level or process passes the fields through `fieldsBeside` first.
 */
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
const namesOfLine: ReadonlySet<string> = new Set(["time", "level", "message"]);

/**
 * Writes one JSON object a line for everything from `level` up. It writes to standard error by default, because
 * standard output belongs to the program that uses the library.
 * - When nobody reads, lines are lost and the process goes on.
 * - Errors among the fields become their text. A field that JSON can't hold is replaced by the reason.
 * - A field with the name of one that every line has gets another name: see `fieldsBeside`.
 * - A terminal that shows a line obeys nothing in it: see `visibleText`.
 */
export function jsonLogger(level: LogLevel, write: (line: string) => unknown = toStandardError): Logger {
  if (!order.includes(level)) throw invalid("level", `one of ${order.join(", ")}`, level);
  if (typeof write !== "function") throw invalid("write", "a function", write);
  const line =
    (own: LogLevel) =>
    // The answer goes on to the guard of the logger: a promise of the writer's may reject.
    (message: string, fields: LogFields = {}): unknown => {
      if (order.indexOf(own) < order.indexOf(level)) return undefined;
      const entry = { time: new Date().toISOString(), level: own, message };
      return write(`${visibleText(jsonOf(entry, fields))}\n`);
    };
  return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
}

function invalid(option: string, expected: string, value: unknown): HikyakuError {
  return new HikyakuError("invalid_option", `jsonLogger: expected ${option} to be ${expected}, got ${shown(value)}`);
}

function jsonOf(entry: LogFields, fields: LogFields): string {
  return fieldsJson(fields, (some) => ({ ...entry, ...fieldsBeside(namesOfLine, some) }));
}

/** The fields as JSON, inside `line`. A field that JSON can't hold is replaced by the reason. */
export function fieldsJson(fields: LogFields, line = (some: LogFields): LogFields => some): string {
  const json = (some: LogFields) => JSON.stringify(line(some), readable);
  try {
    return json(fields);
  } catch {
    return json(Object.fromEntries(Object.keys(fields).map((name) => [name, printable(() => fields[name])])));
  }
}

function printable(read: () => unknown): unknown {
  try {
    const json = JSON.stringify(read(), readable);
    return json === undefined ? undefined : JSON.parse(json);
  } catch (error) {
    return `a value that can't be shown: ${errorText(error)}`;
  }
}

/**
 * A stream tells its listeners that nobody reads. Without a listener that would end the process. We go on, as `console`
 * does.
 */
function toStandardError(line: string): void {
  const { stderr } = process;
  stderr.write(line, (error) => {
    if (error && stderr.listenerCount("error") === 0) stderr.once("error", () => undefined);
  });
}

function readable(_key: string, value: unknown): unknown {
  if (value instanceof Error) return value.message === "" ? value.name : value.message;
  return typeof value === "bigint" ? value.toString() : value;
}

/**
 * The same logger with fields that every line carries. A line's own field of the same name gets another name, unless
 * its value is the same.
 */
export function withFields(logger: Logger, own: LogFields): Logger {
  const names = Object.keys(own);
  const all = (fields: LogFields | undefined): LogFields => {
    const different = new Set(names.filter((name) => own[name] !== fields?.[name]));
    return { ...own, ...fieldsBeside(different, fields ?? {}) };
  };
  return {
    debug: (message, fields) => logger.debug(message, all(fields)),
    info: (message, fields) => logger.info(message, all(fields)),
    warn: (message, fields) => logger.warn(message, all(fields)),
    error: (message, fields) => logger.error(message, all(fields)),
  };
}

/**
 * Fields that may stand beside taken names. A field with such a name is called `field_…`, so that neither hides the
 * other. The same object when there is no such field.
 */
export function fieldsBeside(taken: ReadonlySet<string>, fields: LogFields): LogFields {
  let free: Record<string, unknown> | undefined;
  for (const name of Object.keys(fields)) {
    if (!taken.has(name)) continue;
    free ??= { ...fields };
    let other = `field_${name}`;
    while (taken.has(other) || Object.hasOwn(free, other)) other = `field_${other}`;
    free[other] = free[name];
    delete free[name];
  }
  return free ?? fields;
}
