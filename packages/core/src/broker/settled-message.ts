import { cutText, longestStoredError } from "../cut-text.ts";
import type { TaskMessage } from "./task-message.ts";
import type { Outcome } from "./work-facet.ts";

/**
 * The message to store after an outcome. Only the fields that the outcome may change differ. The same object when
 * nothing changes.
 */
export function settledMessage(message: TaskMessage, outcome: Outcome, now: number): TaskMessage {
  switch (outcome.kind) {
    case "done":
    case "handed_back":
      return message;
    case "completed":
      return { ...message, completedAt: now };
    case "retry":
      return {
        ...message,
        retried: outcome.counted ? message.retried + 1 : message.retried,
        lastError: storableText(outcome.error),
        lastFailedAt: now,
      };
    case "archived":
      return { ...message, lastError: storableText(outcome.error), lastFailedAt: now };
  }
}

/**
 * Go refuses text that is not valid UTF-8, so lone surrogates are replaced. Long text is cut: an error is no place for
 * a dump.
 */
function storableText(text: string): string {
  return cutText(text, longestStoredError).toWellFormed();
}
