import type { WorkFacet } from "../../broker/work-facet.ts";
import { HikyakuError } from "../../errors.ts";
import { type Logger, withFields } from "../../runtime/logger.ts";
import { abortReason } from "../leases/abort-cause.ts";
import type { HeldTask } from "../leases/held-task.ts";
import type { RegisteredHandler } from "./handler.ts";
import type { HandlerContext, NoValues } from "./handler-context.ts";
import { keptResult } from "./kept-result.ts";

const noBytes = new Uint8Array();

/** Takes what handlers say of their tasks. Whatever comes, it throws nothing. */
export interface Reports {
  progress(task: HeldTask, value: unknown): void;
  log(task: HeldTask, text: unknown, fields: unknown): void;
}

/** What a context shows. */
export interface ContextParts {
  readonly held: HeldTask;
  readonly payload: unknown;
  readonly handler: RegisteredHandler;
  readonly broker: Pick<WorkFacet, "writeResult">;
  readonly logger: Logger;
  readonly reports: Reports;
  readonly maxResultBytes: number;
  readonly values: object;
}

/** A held task as its handler sees it. Costs little for fields that the handler does not read. */
export class TaskContext implements HandlerContext {
  readonly #parts: ContextParts;

  constructor(parts: ContextParts) {
    this.#parts = parts;
  }

  /** The same context with more values. A new value replaces one of the same name. */
  with(values: object): TaskContext {
    return new TaskContext({ ...this.#parts, values: Object.freeze({ ...this.#parts.values, ...values }) });
  }

  get payload(): unknown {
    return this.#parts.payload;
  }
  get values(): NoValues {
    return this.#parts.values;
  }
  get signal(): AbortSignal {
    return this.#parts.held.signal;
  }
  get type(): string {
    return this.#parts.held.claimed.message.type;
  }
  get taskId(): string {
    return this.#parts.held.claimed.message.id;
  }
  get queue(): string {
    return this.#parts.held.claimed.message.queue;
  }
  get headers(): Readonly<Record<string, string>> {
    return this.#parts.held.claimed.message.headers;
  }
  get attempt(): number {
    return this.retried + 1;
  }
  get retried(): number {
    return this.#parts.held.claimed.message.retried;
  }
  get maxRetry(): number {
    return this.#parts.held.claimed.message.maxRetry;
  }
  get deadline(): Date {
    return new Date(this.#parts.held.deadlineAt);
  }
  get logger(): Logger {
    return withFields(this.#parts.logger, { taskId: this.taskId, type: this.type, queue: this.queue });
  }

  get progress(): HandlerContext["progress"] {
    return (value) => this.#parts.reports.progress(this.#parts.held, value);
  }
  get log(): HandlerContext["log"] {
    return (text, fields) => this.#parts.reports.log(this.#parts.held, text, fields);
  }

  /**
   * A getter, so that a handler may take the function out of the context. Yet not every task needs a function of its
   * own.
   */
  get writeResult(): (result: unknown) => Promise<void> {
    return (result) => this.#writeResult(result);
  }

  async #writeResult(result: unknown): Promise<void> {
    const { type, taskId } = this;
    const { held, handler, broker, maxResultBytes } = this.#parts;
    const bytes = (await keptResult(handler.definition, result, maxResultBytes)) ?? noBytes;
    if (held.returned || held.settlement !== undefined) {
      throw new HikyakuError("wrong_state", `task ${taskId} of type "${type}": writeResult was called after its end`);
    }
    const answer = held.lost ? "lost" : await broker.writeResult(held.claimed.lease, bytes);
    if (answer === "lost") throw abortReason("lease_lost", type, taskId);
  }
}
