import type { StandardSchemaV1 } from "@standard-schema/spec";
import { Client, type ClientOptions, type EnqueueCallOptions, type EnqueueResult } from "../client/client.ts";
import type { EnqueuedTask } from "../enqueue/enqueued-task.ts";
import type { EnqueueArguments, EnqueueRequest, TaskDefinition } from "../task/task.ts";
import type { EnqueueOptions } from "../task/task-options.ts";

/** Runs the first attempt of a task to its end. Rejects with what the handler threw. */
export type RunTask = (task: EnqueuedTask) => Promise<void>;

/**
 * A client whose enqueues resolve when the task has run. A task that is due later, or joins a group, is only enqueued.
 */
export class InlineClient extends Client {
  readonly #run: RunTask;

  constructor(options: ClientOptions, run: RunTask) {
    super(options);
    this.#run = run;
  }

  override async enqueue<Payload extends StandardSchemaV1, Result extends StandardSchemaV1>(
    task: TaskDefinition<Payload, Result>,
    ...args: EnqueueArguments<StandardSchemaV1.InferInput<Payload>, EnqueueOptions & EnqueueCallOptions>
  ): Promise<EnqueuedTask<StandardSchemaV1.InferOutput<Result>>> {
    const enqueued = await super.enqueue(task, ...args);
    if (enqueued.state === "pending") await this.#run(enqueued);
    return enqueued;
  }

  /** Runs the tasks one after the other. The first one that throws ends that; the others wait in their queue. */
  override async enqueueMany(
    requests: readonly EnqueueRequest[],
    options?: EnqueueCallOptions,
  ): Promise<readonly EnqueueResult[]> {
    const results = await super.enqueueMany(requests, options);
    for (const result of results) if (result.ok && result.task.state === "pending") await this.#run(result.task);
    return results;
  }
}
