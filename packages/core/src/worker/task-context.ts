import type { WorkFacet } from "../broker/work-facet.ts";
import { HikyakuError } from "../errors.ts";
import { encodeResult } from "../payload.ts";
import { abortReason } from "./abort-cause.ts";
import type { HandlerContext, RegisteredHandler } from "./handler.ts";
import type { HeldTask } from "./held-task.ts";
import { type Logger, withFields } from "./logger.ts";

const noBytes = new Uint8Array();

/** The face of a held task towards its handler. Costs little for what the handler does not look at. */
export class TaskContext implements HandlerContext {
  readonly payload: unknown;
  readonly #held: HeldTask;
  readonly #handler: RegisteredHandler;
  readonly #broker: Pick<WorkFacet, "writeResult">;
  readonly #logger: Logger;

  constructor(
    held: HeldTask,
    payload: unknown,
    handler: RegisteredHandler,
    broker: Pick<WorkFacet, "writeResult">,
    logger: Logger,
  ) {
    this.payload = payload;
    this.#held = held;
    this.#handler = handler;
    this.#broker = broker;
    this.#logger = logger;
  }

  get signal(): AbortSignal {
    return this.#held.signal;
  }
  get type(): string {
    return this.#held.claimed.message.type;
  }
  get taskId(): string {
    return this.#held.claimed.message.id;
  }
  get queue(): string {
    return this.#held.claimed.message.queue;
  }
  get headers(): Readonly<Record<string, string>> {
    return this.#held.claimed.message.headers;
  }
  get attempt(): number {
    return this.retried + 1;
  }
  get retried(): number {
    return this.#held.claimed.message.retried;
  }
  get maxRetry(): number {
    return this.#held.claimed.message.maxRetry;
  }
  get deadline(): Date {
    return new Date(this.#held.deadlineAt);
  }
  get logger(): Logger {
    return withFields(this.#logger, { taskId: this.taskId, type: this.type, queue: this.queue });
  }

  /** A getter, so that handlers may take it out of the context, without a function of its own for each task. */
  get writeResult(): (result: unknown) => Promise<void> {
    return (result) => this.#writeResult(result);
  }

  async #writeResult(result: unknown): Promise<void> {
    const { type, taskId } = this;
    const bytes = (await encodeResult(this.#handler.definition, result)) ?? noBytes;
    if (this.#held.returned || this.#held.settlement !== undefined) {
      throw new HikyakuError("wrong_state", `task ${taskId} of type "${type}": writeResult was called after its end`);
    }
    const answer = this.#held.lost ? "lost" : await this.#broker.writeResult(this.#held.claimed.lease, bytes);
    if (answer === "lost") throw abortReason("lease_lost", type, taskId);
  }
}
