import { type Duration, durationMs } from "../duration.ts";
import { HikyakuError } from "../errors.ts";
import { shown } from "../option-names.ts";

/** What a retry's delay may depend on. */
export interface RetryContext {
  readonly type: string;
  readonly queue: string;
  readonly taskId: string;
  /** Retries used up before this failure. */
  readonly retried: number;
  readonly maxRetry: number;
  readonly error: unknown;
}

/** How long to wait before a failed task is tried again. */
export type RetryDelayFunction = (context: RetryContext) => Duration;

/**
 * A function of the failure, or a list. The list's first entry is for the first retry, its second for the second, its
 * last for all further ones.
 */
export type RetryDelay = RetryDelayFunction | readonly Duration[];

/**
 * The delay as a function; undefined for undefined.
 * @throws HikyakuError `invalid_option` when it is neither a function nor a list of at least one duration.
 */
export function retryDelayFunction(option: string, delay: RetryDelay | undefined): RetryDelayFunction | undefined {
  if (delay === undefined || typeof delay === "function") return delay;
  if (!Array.isArray(delay) || delay.length === 0) {
    throw new HikyakuError(
      "invalid_option",
      `option "${option}": expected a function or a list of durations such as ["10s", "1m"], got ${shown(delay)}`,
    );
  }
  const delays = delay.map((entry, index) => ({ ms: durationMs(`${option}[${index}]`, entry) }));
  const last = { ms: delays.at(-1)?.ms ?? 0 };
  return ({ retried }) => delays[retried] ?? last;
}
