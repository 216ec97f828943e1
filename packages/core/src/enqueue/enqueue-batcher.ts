import type { CallPacing } from "../broker/call-pacing.ts";
import type { EnqueueFacet, EnqueueItem, EnqueueOutcome } from "../broker/enqueue-facet.ts";
import { type ErrorCode, errorText, HikyakuError, isHikyakuError } from "../errors.ts";
import type { Clock, Timer } from "../runtime/clock.ts";
import { ownFieldsOf } from "../task/own-fields.ts";

/** One item on its way to the store, and who wants to know what became of it. */
export interface Enqueueing {
  readonly item: EnqueueItem;
  /** The call that it belongs to: what `cancel` goes by. */
  readonly call: object;
  /** When its caller stops waiting, on the clock's monotonic scale. */
  readonly deadline: number;
  /** Called exactly once, with the store's answer or with why there is none. Must not throw. */
  settle(outcome: EnqueueOutcome): void;
  /** False when it is handed to the batcher, which sets it. */
  settled: boolean;
}

export interface BatcherOptions {
  readonly broker: EnqueueFacet & CallPacing;
  readonly clock: Clock;
  /** Most items in one call to the store. */
  readonly maxItems: number;
  /** Most bytes in one call to the store; an item that is larger goes alone. */
  readonly maxBytes: number;
  /** How many calls may be on their way at once. */
  readonly maxInFlight: number;
}

/** What a task costs besides its payload and headers: names, numbers and keys. */
const itemOverheadBytes = 256;
/** A caller in a hurry must not cost the others their connection: an adapter may drop one that does not answer. */
const shortestCallMs = 1_000;
/** A store within this process gives up for itself so long before its caller: it knows that it has written nothing. */
const ownAnswerMs = 25;
/** Fewer than these cost more as two calls than is gained. */
const worthSplitting = 32;
/** Taken items at the front of the line are let go of when there are this many. */
const mostTakenKept = 4_096;

/**
 * Group commit: items that are asked for while a batch is on its way wait for the next one. There is no timer to fill a
 * batch. An idle batcher sends at the end of the microtasks that are queued already, so what one turn of the event loop
 * asks for shares a batch, and under load batches grow by themselves up to their bounds. To a store beside
 * this process, one turn sends one batch: the store begins with it while the next one is made, where two that arrive
 * together would be answered together, and the store would wait while this process makes both anew.
 *
 * An item leaves by the store's answer, by its deadline, by `cancel` or by `abandon`, whichever is first. One that
 * leaves before it was sent is never sent.
 */
export class EnqueueBatcher {
  readonly #options: BatcherOptions;
  readonly #inFlight = new Set<readonly Enqueueing[]>();
  #waiting: Enqueueing[] = [];
  /** Where the waiting begin: what is before it was taken. */
  #head = 0;
  #flushAsked = false;
  #turn: NodeJS.Immediate | undefined;
  #timer: Timer | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(options: BatcherOptions) {
    this.#options = options;
  }

  add(enqueueing: Enqueueing): void {
    this.#waiting.push(enqueueing);
    if (enqueueing.deadline < this.#timerAt) this.#setTimer(enqueueing.deadline);
    if (!this.#flushAsked && this.#inFlight.size < this.#options.maxInFlight) {
      this.#flushAsked = true;
      queueMicrotask(this.#flush);
    }
  }

  /** Lets go of all items of one call: they fail with `cancelled`. */
  cancel(call: object): void {
    this.#fail((enqueueing) => enqueueing.call === call, "cancelled", "the caller's signal fired");
  }

  /** Lets go of everything: what is here fails with `closed`. */
  abandon(): void {
    this.#fail(() => true, "closed", "the client was closed");
  }

  readonly #flush = (): void => {
    this.#flushAsked = false;
    if (this.#turn !== undefined) return;
    while (this.#inFlight.size < this.#options.maxInFlight) {
      const batch = this.#takeBatch();
      if (batch.length === 0) break;
      this.#inFlight.add(batch);
      void this.#send(batch);
      if (this.#options.broker.pacing === "apart") {
        this.#turn = setImmediate(this.#onTurn);
        break;
      }
    }
    if (this.#inFlight.size === 0) this.#stopTimer();
  };

  readonly #onTurn = (): void => {
    this.#turn = undefined;
    this.#flush();
  };

  #takeBatch(): Enqueueing[] {
    const { maxBytes } = this.#options;
    const maxItems = this.#mostItems();
    const batch: Enqueueing[] = [];
    let bytes = 0;
    while (batch.length < maxItems) {
      const enqueueing = this.#waiting[this.#head];
      if (enqueueing === undefined) break;
      if (!enqueueing.settled) {
        bytes += itemBytes(enqueueing.item);
        if (bytes > maxBytes && batch.length > 0) break;
        batch.push(enqueueing);
      }
      this.#head += 1;
    }
    if (this.#head === this.#waiting.length || this.#head > mostTakenKept) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
    return batch;
  }

  /**
   * Where nothing is on its way and many callers wait, half of what they ask for: the store works on that while the rest
   * is sent. Otherwise they would all be answered at once, ask again at once, and store and process would take turns.
   */
  #mostItems(): number {
    const { maxItems, maxInFlight, broker } = this.#options;
    const waiting = this.#waiting.length - this.#head;
    if (broker.pacing === "together" || maxInFlight < 2) return maxItems;
    if (this.#inFlight.size > 0 || waiting < worthSplitting) return maxItems;
    if (this.#waiting[this.#head]?.call === this.#waiting.at(-1)?.call) return maxItems;
    return Math.min(maxItems, Math.ceil(waiting / 2));
  }

  async #send(batch: readonly Enqueueing[]): Promise<void> {
    try {
      const outcomes = await this.#options.broker.enqueue(batch.map(itemOf), { timeoutMs: this.#timeLeft(batch) });
      for (let index = 0; index < batch.length; index++) {
        const enqueueing = batch[index];
        if (enqueueing !== undefined) settle(enqueueing, outcomes[index] ?? failure(enqueueing, ...noAnswer));
      }
    } catch (error) {
      for (const enqueueing of batch) if (!enqueueing.settled) settle(enqueueing, failedWith(error));
    }
    this.#inFlight.delete(batch);
    this.#flush();
  }

  /** Until the last of the batch gives up: the others give up by the batcher's own timer, and leave the call alone. */
  #timeLeft(batch: readonly Enqueueing[]): number {
    let latest = 0;
    for (const { deadline } of batch) if (deadline > latest) latest = deadline;
    const leftMs = Math.ceil(latest - this.#options.clock.monotonic());
    if (this.#options.broker.pacing === "together") return Math.max(1, leftMs - Math.min(ownAnswerMs, leftMs / 2));
    return Math.max(shortestCallMs, leftMs);
  }

  #fail(applies: (enqueueing: Enqueueing) => boolean, code: ErrorCode, why: string): void {
    for (const enqueueing of [...this.#inFlight].flat()) {
      if (enqueueing.settled || !applies(enqueueing)) continue;
      settle(
        enqueueing,
        failure(
          enqueueing,
          code,
          `${why} while the task was on its way to the store: it may have been accepted or not`,
        ),
      );
    }
    for (const enqueueing of this.#waiting.slice(this.#head)) {
      if (enqueueing.settled || !applies(enqueueing)) continue;
      // That code alone would say that it may have been.
      const unsent = code === "deadline_exceeded" ? "broker_unavailable" : code;
      settle(enqueueing, failure(enqueueing, unsent, `${why} before the task was sent: it was not enqueued`));
    }
  }

  #setTimer(at: number): void {
    this.#timer?.cancel();
    this.#timerAt = at;
    this.#timer = this.#options.clock.setTimer(this.#onTimer, at - this.#options.clock.monotonic());
  }

  /** An idle batcher holds no timer: it would keep the process alive. */
  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
  }

  readonly #onTimer = (): void => {
    this.#stopTimer();
    const now = this.#options.clock.monotonic();
    this.#fail((enqueueing) => enqueueing.deadline <= now, "deadline_exceeded", "the time given to the call ran out");
    let next = Number.POSITIVE_INFINITY;
    for (const { settled, deadline } of [...this.#inFlight].flat().concat(this.#waiting.slice(this.#head))) {
      if (!settled && deadline < next) next = deadline;
    }
    if (next < Number.POSITIVE_INFINITY) this.#setTimer(next);
  };
}

const noAnswer = ["answer_lost", "the store's answer leaves it out: it may have been accepted or not"] as const;

function itemOf(enqueueing: Enqueueing): EnqueueItem {
  return enqueueing.item;
}

function itemBytes({ message }: EnqueueItem): number {
  let bytes = itemOverheadBytes + (message.payload?.length ?? 0);
  for (const name in message.headers) bytes += name.length + (message.headers[name]?.length ?? 0);
  const own = ownFieldsOf(message);
  return own === undefined ? bytes : bytes + JSON.stringify(own).length;
}

function settle(enqueueing: Enqueueing, outcome: EnqueueOutcome): void {
  if (enqueueing.settled) return;
  enqueueing.settled = true;
  enqueueing.settle(outcome);
}

function failure({ item }: Enqueueing, code: ErrorCode, text: string): EnqueueOutcome {
  const error = new HikyakuError(code, `enqueue of task "${item.message.id}" (${item.message.type}): ${text}`);
  return { kind: "failed", error };
}

/**
 * An error of its own for each caller, so that none sees what another one does to it. What is no error of ours says nothing
 * of what was stored.
 */
function failedWith(thrown: unknown): EnqueueOutcome {
  const code = isHikyakuError(thrown) ? thrown.code : "answer_lost";
  return { kind: "failed", error: new HikyakuError(code, errorText(thrown), { cause: thrown }) };
}
