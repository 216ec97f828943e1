import { errorText, HikyakuError } from "../errors.ts";
import { jsonLogger, type LogFields, type Logger, type LogLevel } from "./logger.ts";

/** Calls a user's function for its effect alone. `failed` gets what it throws, or what its promise rejects with. */
export function callGuarded(call: () => unknown, failed: (error: unknown) => void): void {
  try {
    const answer = call();
    if (isThenable(answer)) Promise.resolve(answer).then(undefined, failed);
  } catch (error) {
    failed(error);
  }
}

/**
 * The answer of a user's function, when it is needed at once.
 * @throws HikyakuError `invalid_option` when it answers with a promise, even one that never fails; what the function
 * throws.
 */
export function answerAtOnce<Answer>(option: string, call: () => Answer): Answer {
  const answer = call();
  if (!isThenable(answer)) return answer;
  Promise.resolve(answer).then(undefined, () => undefined);
  throw new HikyakuError("invalid_option", `option "${option}": expected an answer at once, got a promise`);
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** Tells all listeners. One that fails keeps the news from no other. Its failure is written to standard error. */
export function tellAll<News>(listeners: Iterable<(news: News) => unknown>, news: News, what: string): void {
  for (const listener of [...listeners]) callGuarded(() => listener(news), logOf(what));
}

/** For callers without a logger: writes to standard error that a user's function failed. */
export function logOf(what: string): (error: unknown) => void {
  return (error) => lastResort.error(`${what} failed`, { error: errorText(error) });
}

const lastResort = jsonLogger("warn");

/**
 * The same logger, whose failures end nothing. A warning or error that it fails to write goes to standard error. Of
 * lesser lines, only the first one does.
 */
export function guardedLogger(logger: Logger): Logger {
  let isTold = false;
  const write =
    (level: LogLevel) =>
    (message: string, fields?: LogFields): void =>
      callGuarded(
        () => logger[level](message, fields),
        (thrown) => {
          const loggerError = errorText(thrown);
          if (level === "warn" || level === "error") lastResort[level](message, { ...fields, loggerError });
          else if (!isTold) lastResort.warn("the logger failed at a line", { line: message, level, loggerError });
          isTold = true;
        },
      );
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}

/** The same numbers. A value outside of 0 up to 1 is replaced by one of `Math.random`, which is reported once. */
export function guardedRandom(random: () => number, logger: Logger): () => number {
  let isTold = false;
  return () => {
    let reason: string;
    try {
      const number = random();
      if (number >= 0 && number < 1) return number;
      callGuarded(
        () => number,
        () => undefined,
      );
      reason = `expected a number from 0 up to 1, got a ${typeof number}`;
    } catch (error) {
      reason = errorText(error);
    }
    if (!isTold) logger.error("random gave no number; Math.random is used", { error: reason });
    isTold = true;
    return Math.random();
  };
}
