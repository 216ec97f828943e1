import { durationMs } from "../../duration.ts";
import { errorText } from "../../errors.ts";
import { answerAtOnce } from "../../runtime/guarded-call.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { RetryDelayFunction } from "../../task/retry-delay.ts";
import type { Handlers } from "./handler.ts";
import type { OutcomePolicy } from "./outcome.ts";

type RetryDelayMs = OutcomePolicy["retryDelayMs"];

/** A delay function that fails must not lose the task. The other one takes its place, and the log says so. */
export function guardedRetryDelay(
  own: RetryDelayFunction | undefined,
  otherwise: RetryDelayMs,
  logger: Logger,
): RetryDelayMs {
  if (own === undefined) return otherwise;
  return (context, random) => {
    try {
      return durationMs(
        "retryDelay",
        answerAtOnce("retryDelay", () => own(context)),
      );
    } catch (error) {
      const { type, queue, taskId } = context;
      logger.error("retryDelay gave no delay; the default is used", { type, queue, taskId, error: errorText(error) });
      return otherwise(context, random);
    }
  };
}

/** The delay of the definition that handles a task's type, if it has one, otherwise the server's. */
export function retryDelayByType(handlers: Handlers, otherwise: RetryDelayMs, logger: Logger): RetryDelayMs {
  return (context, random) => {
    const own = handlers.find(context.type)?.definition.retryDelay;
    return guardedRetryDelay(own, otherwise, logger)(context, random);
  };
}
