import type { EnqueueItem } from "../broker/enqueue-facet.ts";
import type { AttemptRecord, Settlement } from "../broker/work-facet.ts";
import { type OwnFields, ownFieldsOf } from "../task/own-fields.ts";
import { readablePayload } from "../task/payload.ts";

/** A task as it was when it was enqueued. What happened to it since is not shown here. */
export interface EnqueuedRecord<Payload = unknown> extends OwnFields {
  readonly id: string;
  readonly type: string;
  readonly queue: string;
  /** What was stored: the payload's JSON, read back. Bytes for a payload that is not JSON; undefined for none. */
  readonly payload: Payload;
  /** Where it went: into its line, to wait for its moment, or into its group. */
  readonly state: "pending" | "scheduled" | "aggregating";
  readonly enqueuedAt: Date;
  /** When it may first run. */
  readonly dueAt: Date;
  readonly maxRetry: number;
  /** Undefined when only the deadline limits an attempt. */
  readonly timeoutMs: number | undefined;
  readonly deadline: Date | undefined;
  readonly retentionMs: number;
  readonly uniqueForMs: number | undefined;
  /** Empty when there is none. */
  readonly group: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** One finished attempt of one task. */
export interface AttemptReport {
  readonly taskId: string;
  readonly type: string;
  readonly queue: string;
  /** 1 for the first attempt. One more with each retry spent. */
  readonly attempt: number;
  /** How the attempt ended: `done`, `completed`, `retry`, `archived`, `handed_back`, or `lost` when its worker died. */
  readonly outcome: AttemptRecord["outcome"];
  /** The text that is stored with the task; undefined after a success. */
  readonly error: string | undefined;
  /** What the handler threw; undefined when it threw nothing. */
  readonly thrown: unknown;
  readonly startedAt: Date;
  readonly endedAt: Date;
}

/** What happened in a test queue, in order. */
export class TaskLog {
  readonly enqueued: EnqueuedRecord[] = [];
  readonly attempts: AttemptReport[] = [];
  readonly #thrown = new Map<string, unknown>();

  accepted({ message, placement, uniqueForMs }: EnqueueItem, state: EnqueuedRecord["state"], now: number): void {
    this.enqueued.push({
      id: message.id,
      type: message.type,
      queue: message.queue,
      payload: readablePayload(message.payload),
      state,
      enqueuedAt: new Date(now),
      dueAt: new Date(placement.kind === "at" ? placement.at : now),
      maxRetry: message.maxRetry,
      timeoutMs: message.timeoutMs > 0 ? message.timeoutMs : undefined,
      deadline: message.deadlineAt === undefined ? undefined : new Date(message.deadlineAt),
      retentionMs: message.retentionMs,
      uniqueForMs,
      group: message.group,
      headers: message.headers,
      ...ownFieldsOf(message),
    });
  }

  /** The handler threw this. Called before its attempt is settled. */
  threw(task: { readonly queue: string; readonly taskId: string }, thrown: unknown): void {
    this.#thrown.set(`${task.queue}/${task.taskId}`, thrown);
  }

  settled({ task, attempt }: Settlement): void {
    const { id, type, queue, retried } = task.message;
    const key = `${queue}/${id}`;
    const thrown = this.#thrown.get(key);
    this.#thrown.delete(key);
    if (attempt === undefined) return;
    this.attempts.push({
      taskId: id,
      type,
      queue,
      attempt: retried + 1,
      thrown,
      outcome: attempt.outcome,
      error: attempt.error,
      startedAt: new Date(attempt.startedAt),
      endedAt: new Date(attempt.endedAt),
    });
  }
}
