import type { EnqueueItem, EnqueueOutcome } from "../broker/enqueue-facet.ts";
import type { HikyakuError } from "../errors.ts";
import type { Enqueueing } from "./enqueue-batcher.ts";
import type { EnqueueCall } from "./enqueue-call.ts";
import { answered, type EnqueuedTask, type PreparedTask } from "./enqueued-task.ts";

/** Where the answers to the requests of one call go. Each is named by its place in the call. */
export interface Answers {
  put(index: number, answer: EnqueuedTask | HikyakuError): void;
}

/** A request that was checked and encoded, until it is answered. */
export class ReadyRequest implements Enqueueing {
  readonly item: EnqueueItem;
  readonly call: EnqueueCall;
  readonly deadline: number;
  settled = false;
  readonly #prepared: PreparedTask;
  readonly #answers: Answers;
  readonly #index: number;

  constructor(prepared: PreparedTask, call: EnqueueCall, deadline: number, answers: Answers, index: number) {
    this.item = prepared.item;
    this.call = call;
    this.deadline = deadline;
    this.#prepared = prepared;
    this.#answers = answers;
    this.#index = index;
  }

  settle(outcome: EnqueueOutcome): void {
    const { item, dueAt, definition } = this.#prepared;
    this.#answers.put(this.#index, answered(outcome, item, dueAt, definition));
  }

  /** Called instead of handing it to the batcher. */
  refuse(error: HikyakuError): void {
    this.#answers.put(this.#index, error);
  }
}
