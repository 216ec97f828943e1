import type { Logger } from "../../runtime/logger.ts";

/** No values at all. */
export type NoValues = Readonly<Record<never, never>>;

/** What a handler gets for one attempt of one task. */
export interface HandlerContext<Payload = unknown, Result = unknown, Values extends object = NoValues> {
  /** Parsed by the definition's schema. */
  readonly payload: Payload;
  /**
   * Fires when this attempt must stop: deadline, cancel, lost lease or shutdown. The code of its reason says which.
   * Pass it on to everything that takes it. A handler that ignores it keeps its slot until it returns.
   */
  readonly signal: AbortSignal;
  readonly type: string;
  readonly taskId: string;
  readonly queue: string;
  readonly headers: Readonly<Record<string, string>>;
  /** 1 for the first attempt. One more with each retry spent. */
  readonly attempt: number;
  readonly retried: number;
  readonly maxRetry: number;
  /** The end of this attempt. */
  readonly deadline: Date;
  /** The server's logger; each line carries the task's id, type and queue. */
  readonly logger: Logger;
  /** The server's `baseContext`, and what its middleware added. Frozen. */
  readonly values: Readonly<Values>;
  /**
   * Keeps a result while the task still runs. What the handler returns later replaces it, for a task with a retention.
   * @throws HikyakuError `lease_lost` when this server does not hold the task any more; `invalid_payload`, also where the
   * result is larger than the server's `maxResultBytes`.
   */
  writeResult(result: Result): Promise<void>;
}

/**
 * Runs one attempt. Returning means success; any thrown value means failure and a retry later, `SkipRetry` that no
 * retry shall be made, `Revoke` that the task is to be dropped.
 */
export type Handler<Payload = unknown, Result = unknown, Values extends object = NoValues> = (
  context: HandlerContext<Payload, Result, Values>,
) => Result | Promise<Result>;
