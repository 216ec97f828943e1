import type { AttemptServer, WorkFacet } from "../../broker/work-facet.ts";
import { HikyakuError, isHikyakuError } from "../../errors.ts";
import { instruments } from "../../instruments/index.ts";
import { isThenable } from "../../runtime/guarded-call.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { StatisticsTally } from "../../statistics/statistics-tally.ts";
import { parsePayload } from "../../task/payload.ts";
import { storedText } from "../leases/abort-cause.ts";
import type { HeldTask } from "../leases/held-task.ts";
import type { Handlers, RegisteredHandler } from "./handler.ts";
import { keptResult } from "./kept-result.ts";
import type { Middlewares } from "./middleware.ts";
import { type Verdict, verdictAfterAbort } from "./outcome.ts";
import { type Reports, TaskContext } from "./task-context.ts";
import type { TaskEvents } from "./task-events.ts";

const success: Verdict = { kind: "success", result: undefined };

export interface AttemptRunnerOptions {
  readonly broker: Pick<WorkFacet, "writeResult">;
  readonly logger: Logger;
  readonly reports: Reports;
  readonly handlers: Handlers;
  readonly middlewares: Middlewares;
  /** What every handler's context carries. */
  readonly baseContext: object;
  readonly worker: AttemptServer;
  readonly events: Pick<TaskEvents, "started">;
  readonly maxResultBytes: number;
  /** Undefined: nobody counts. */
  readonly statistics: StatisticsTally | undefined;
}

/** Takes a held task through its handler. Turns every result or error into a verdict. */
export class AttemptRunner {
  readonly #options: AttemptRunnerOptions;
  readonly #onEnd: (task: HeldTask, verdict: Verdict) => void;

  /** `onEnd` is called exactly once for each task that is run, when its handler has returned. That may be at once. */
  constructor(options: AttemptRunnerOptions, onEnd: (task: HeldTask, verdict: Verdict) => void) {
    this.#options = options;
    this.#onEnd = onEnd;
  }

  run(task: HeldTask): void {
    const { message } = task.claimed;
    const handler = this.#options.handlers.find(message.type);
    if (handler === undefined) {
      const text = `handler not found for task "${message.type}"`;
      this.#onEnd(task, { kind: "failure", error: new HikyakuError("invalid_option", text), stored: text });
      return;
    }
    if (task.isExpired()) {
      task.abort("deadline");
      this.#onEnd(task, { kind: "failure", error: task.abortReason, stored: storedText.deadline });
      return;
    }
    let payload: unknown;
    try {
      payload = parsePayload(handler.definition, message.payload);
    } catch (error) {
      this.#onEnd(task, unusable(error));
      return;
    }
    if (payload instanceof Promise) {
      payload.then(
        (parsed) => this.#call(task, handler, parsed),
        (error) => this.#onEnd(task, unusable(error)),
      );
    } else {
      this.#call(task, handler, payload);
    }
  }

  #call(task: HeldTask, handler: RegisteredHandler, payload: unknown): void {
    const { middlewares, broker, logger, reports, baseContext, maxResultBytes } = this.#options;
    const parts = { held: task, payload, handler, broker, logger, reports, maxResultBytes, values: baseContext };
    task.parsed = parts;
    this.#options.statistics?.started(task.claimed.message, task.startedAt, task.claimed.pendingSince);
    if (instruments.started.isHeard) {
      instruments.started.tell({ server: this.#options.worker, task: task.claimed.message });
    }
    this.#options.events.started(task.claimed.message);
    let returned: unknown;
    let settling: Promise<unknown> | undefined;
    try {
      returned = middlewares.run(handler, new TaskContext(parts));
      // To look at the returned value can throw too.
      if (isThenable(returned)) settling = Promise.resolve(returned);
    } catch (error) {
      this.#onEnd(task, verdictOn(task, error));
      return;
    }
    if (settling === undefined) {
      this.#keep(task, handler, returned);
      return;
    }
    settling.then(
      (value) => this.#keep(task, handler, value),
      (error) => this.#onEnd(task, verdictOn(task, error)),
    );
  }

  #keep(task: HeldTask, handler: RegisteredHandler, value: unknown): void {
    if (value === undefined || task.claimed.message.retentionMs <= 0) {
      this.#onEnd(task, success);
      return;
    }
    try {
      const result = keptResult(handler.definition, value, this.#options.maxResultBytes);
      if (result instanceof Promise) {
        result.then(
          (bytes) => this.#onEnd(task, { kind: "success", result: bytes }),
          (error) => this.#onEnd(task, unusable(error)),
        );
      } else {
        this.#onEnd(task, { kind: "success", result });
      }
    } catch (error) {
      this.#onEnd(task, unusable(error));
    }
  }
}

/** A payload or result that does not fit will not fit next time either. A schema that fails by itself may work then. */
function unusable(error: unknown): Verdict {
  return isHikyakuError(error, "invalid_payload") ? { kind: "hopeless", error } : { kind: "failure", error };
}

function verdictOn(task: HeldTask, thrown: unknown): Verdict {
  return task.abortKind === undefined
    ? { kind: "failure", error: thrown }
    : verdictAfterAbort(thrown, task.abortKind, task.abortReason);
}
