import { errorText, HikyakuError } from "../errors.ts";
import { jsonLogger, type LogFields, type Logger, type LogLevel } from "./logger.ts";

/**
 * Calls a function that we were handed, for its effect alone. What it throws, or the promise that it answers rejects with,
 * goes to `failed` and no further.
 */
export function callGuarded(call: () => unknown, failed: (error: unknown) => void): void {
  try {
    const answer = call();
    if (isThenable(answer)) Promise.resolve(answer).then(undefined, failed);
  } catch (error) {
    failed(error);
  }
}

/**
 * What a function that we were handed answers, where that is needed at once.
 * @throws HikyakuError `invalid_option` when it answers with a promise, whatever becomes of that one; what it throws itself.
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

/** Tells all of them; one that fails keeps the news from nobody else. Where it fails is said on standard error. */
export function tellAll<News>(listeners: Iterable<(news: News) => unknown>, news: News, what: string): void {
  for (const listener of [...listeners]) callGuarded(() => listener(news), logOf(what));
}

/** For who has no logger: says on standard error that a function that we were handed failed. */
export function logOf(what: string): (error: unknown) => void {
  return (error) => lastResort.error(`${what} failed`, { error: errorText(error) });
}

const lastResort = jsonLogger("warn");

/**
 * The same logger, whose failures end nothing. A warning or error that it fails to write is written on standard error; of
 * lesser lines the first one is told there.
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

/** The same numbers; `Math.random` in place of what is none from 0 up to 1, which is said once. */
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
