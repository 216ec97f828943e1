import type { TaskMessage } from "../../broker/task-message.ts";
import type { Outcome } from "../../broker/work-facet.ts";
import { cutText, longestShownError } from "../../cut-text.ts";
import type { LogFields, Logger } from "../../runtime/logger.ts";

/**
 * Logs an unsuccessful attempt once the store has written its outcome: at `info` when the task will be tried again, at
 * `warn` when it ended without success. `more` belongs to the line too. `error` is what the handler threw.
 */
export function logOutcome(
  logger: Logger,
  message: TaskMessage,
  outcome: Outcome,
  { error, ...more }: LogFields & { readonly error?: string | undefined } = {},
): void {
  const { id: taskId, type, queue, retried, maxRetry } = message;
  const task = { taskId, type, queue, attempts: retried + 1, maxRetry, ...more };
  switch (outcome.kind) {
    case "retry":
      logger.info("an attempt failed; the task is tried again", {
        ...task,
        retryAt: new Date(outcome.at).toISOString(),
        error: cutText(outcome.error, longestShownError),
      });
      break;
    case "archived":
      logger.warn("a task failed for good and was archived", {
        ...task,
        error: cutText(outcome.error, longestShownError),
      });
      break;
    case "done":
      if (error === undefined) return;
      logger.warn("a task was revoked by its handler and removed", {
        ...task,
        error: cutText(error, longestShownError),
      });
      break;
    default:
  }
}
