import type { TaskMessage } from "../../broker/task-message.ts";
import type { Outcome } from "../../broker/work-facet.ts";
import { errorText } from "../../errors.ts";
import { callGuarded } from "../../runtime/guarded-call.ts";
import type { Logger } from "../../runtime/logger.ts";
import { readablePayload } from "../../task/payload.ts";
import type { TaskDefinition } from "../../task/task.ts";

/** One failed attempt, for `onError`. */
export interface FailedAttempt {
  readonly type: string;
  /**
   * The definition whose handler runs this type here. Undefined where the handler was registered by text or for bytes,
   * and where this server has none.
   */
  readonly definition: TaskDefinition | undefined;
  readonly taskId: string;
  readonly queue: string;
  /**
   * The payload as the handler got it. No handler gets one that does not fit its schema, or whose worker died. It is
   * then what is stored: read as JSON, or as bytes when it is not JSON.
   */
  readonly payload: unknown;
  readonly headers: Readonly<Record<string, string>>;
  /** 1 for the first attempt. One more with each retry spent. */
  readonly attempt: number;
  readonly retried: number;
  readonly maxRetry: number;
  /** Whether the task is not tried again: it is archived, or dropped because its handler revoked it. */
  readonly last: boolean;
}

/** `parsed`: what the handler got, if one did. `outcome`: what becomes of the task; undefined when others decide. */
export type ReportFailure = (
  error: unknown,
  message: TaskMessage,
  outcome: Outcome["kind"] | undefined,
  parsed?: { readonly payload: unknown },
) => void;

/** Tells `onError`, whose own failure ends nothing. Costs nothing without `onError`. */
export function failureReporter(
  onError: ((error: unknown, attempt: FailedAttempt) => unknown) | undefined,
  logger: Logger,
  definitionOf: (type: string) => TaskDefinition | undefined,
): ReportFailure {
  if (onError === undefined) return () => undefined;
  return (error, message, outcome, parsed) => {
    const { id: taskId, type, queue, headers, retried, maxRetry } = message;
    const payload = parsed === undefined ? readablePayload(message.payload) : parsed.payload;
    const last = outcome === "archived" || outcome === "done";
    const definition = definitionOf(type);
    const attempt = {
      type,
      definition,
      taskId,
      queue,
      payload,
      headers,
      attempt: retried + 1,
      retried,
      maxRetry,
      last,
    };
    callGuarded(
      () => onError(error, attempt),
      (thrown) => logger.error("onError failed", { taskId, type, queue, error: errorText(thrown) }),
    );
  };
}
