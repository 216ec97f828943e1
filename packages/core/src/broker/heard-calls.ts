import { instruments } from "../instruments/index.ts";
import type { Broker } from "./broker.ts";
import type { EnqueueItem, EnqueueOutcome } from "./enqueue-facet.ts";
import type { FinishAnswer } from "./group-facet.ts";
import type { FireAnswer } from "./schedule-facet.ts";
import type { ClaimResult, SettleAnswer } from "./work-facet.ts";

type Calls = Pick<Broker, "enqueue" | "finish" | "fireTurn" | "claim" | "settle">;
type Args<Name extends keyof Calls> = Parameters<Calls[Name]>;

/** Tells the instruments of one broker's calls that enqueue, claim and settle tasks. */
export class HeardCalls implements Calls {
  readonly #calls: Calls;
  readonly #store: Pick<Broker, "location">;

  constructor(calls: Calls, store: Pick<Broker, "location">) {
    this.#calls = calls;
    this.#store = store;
  }

  enqueue(...args: Args<"enqueue">): ReturnType<Calls["enqueue"]> {
    if (!instruments.enqueued.isHeard) return this.#calls.enqueue(...args);
    const [items] = args;
    return this.#enqueued(items, this.#calls.enqueue(...args), (outcomes) => outcomes);
  }

  finish(...args: Args<"finish">): Promise<FinishAnswer> {
    const [, item] = args;
    if (item === undefined || !instruments.enqueued.isHeard) return this.#calls.finish(...args);
    return this.#enqueued([item], this.#calls.finish(...args), finishedOutcomes);
  }

  fireTurn(...args: Args<"fireTurn">): Promise<FireAnswer> {
    const [{ item }] = args;
    if (!instruments.enqueued.isHeard) return this.#calls.fireTurn(...args);
    return this.#enqueued([item], this.#calls.fireTurn(...args), (answer) =>
      answer.kind === "fired" ? [answer.outcome] : undefined,
    );
  }

  claim(...args: Args<"claim">): Promise<ClaimResult> {
    if (!instruments.claimed.isHeard) return this.#calls.claim(...args);
    const [request] = args;
    return this.#timed(
      this.#calls.claim(...args),
      (result, call) => instruments.claimed.tell({ ...call, request, result }),
      (call) => instruments.claimed.tell({ ...call, request, result: undefined }),
    );
  }

  settle(...args: Args<"settle">): Promise<SettleAnswer> {
    if (!instruments.settled.isHeard && !instruments.claimed.isHeard) return this.#calls.settle(...args);
    const [settlements, request] = args;
    return this.#timed(
      this.#calls.settle(...args),
      ({ results, claimed }, call) => {
        instruments.settled.tell({ ...call, settlements, results });
        if (request !== undefined) instruments.claimed.tell({ ...call, request, result: claimed });
      },
      (call) => {
        instruments.settled.tell({ ...call, settlements, results: [] });
        if (request !== undefined) instruments.claimed.tell({ ...call, request, result: undefined });
      },
    );
  }

  /** `outcomesOf` answers undefined when nothing was sent. */
  #enqueued<Answer>(
    items: readonly EnqueueItem[],
    answer: Promise<Answer>,
    outcomesOf: (answer: Answer) => readonly EnqueueOutcome[] | undefined,
  ): Promise<Answer> {
    return this.#timed(
      answer,
      (value, call) => {
        const outcomes = outcomesOf(value);
        if (outcomes !== undefined) instruments.enqueued.tell({ ...call, items, outcomes });
      },
      (call) => instruments.enqueued.tell({ ...call, items, outcomes: [] }),
    );
  }

  #timed<Answer>(
    answer: Promise<Answer>,
    answered: (answer: Answer, call: CallTold) => void,
    failed: (call: CallTold) => void,
  ): Promise<Answer> {
    const startedAt = performance.now();
    const call = (error: unknown): CallTold => ({
      store: this.#store.location,
      durationMs: performance.now() - startedAt,
      error,
    });
    answer.then(
      (value) => answered(value, call(undefined)),
      (error) => failed(call(error)),
    );
    return answer;
  }
}

interface CallTold {
  readonly store: string;
  readonly durationMs: number;
  readonly error: unknown;
}

export function finishedOutcomes(answer: FinishAnswer): readonly EnqueueOutcome[] | undefined {
  if (answer.kind === "refused") return [answer.outcome];
  if (answer.kind === "finished" && answer.state !== undefined) return [{ kind: "accepted", state: answer.state }];
  return undefined;
}
