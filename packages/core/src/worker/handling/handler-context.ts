import type { LogFields, Logger } from "../../runtime/logger.ts";

/** How far a task is. */
export interface Progress {
  readonly done: number;
  /** How much there is to do, in the unit of `done`. Absent when nobody knows. */
  readonly total?: number;
  /** What it does now. Cut after 1,000 characters. */
  readonly message?: string;
}

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
  /**
   * The server's logger, for whoever runs the server; each line carries the task's id, type and queue. `log` is for
   * whoever looks at the task.
   */
  readonly logger: Logger;
  /** The server's `baseContext`, and what its middleware added. Frozen. */
  readonly values: Readonly<Values>;
  /**
   * Keeps a result while the task still runs. What the handler returns later replaces it, for a task with a retention.
   * @throws HikyakuError `lease_lost` when this server does not hold the task any more; `invalid_payload`, also where the
   * result is larger than the server's `maxResultBytes`.
   */
  writeResult(result: Result): Promise<void>;
  /**
   * Says how far the task is: percent, or so much done of a total. Kept with the task until it is removed, readable
   * while it runs and after. Only the last one counts, and several in a quarter of a second are written as one. Never
   * throws and never waits: what can't be kept is told in the server's log.
   */
  progress(value: number | Progress): void;
  /**
   * Adds a line to the task's own log, which is kept with the task until it is removed: its newest 200 lines, 64 KiB at
   * most. It tells how many older lines were dropped. A text is cut after 4,000 characters, and so are fields as JSON.
   * Never throws and never waits, as `progress`.
   */
  log(text: string, fields?: LogFields): void;
}

/**
 * Runs one attempt. Returning means success; any thrown value means failure and a retry later, `SkipRetry` that no
 * retry shall be made, `Revoke` that the task is to be dropped.
 */
export type Handler<Payload = unknown, Result = unknown, Values extends object = NoValues> = (
  context: HandlerContext<Payload, Result, Values>,
) => Result | Promise<Result>;
