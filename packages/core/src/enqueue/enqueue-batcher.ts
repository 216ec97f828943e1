import type { CallPacing } from "../broker/call-pacing.ts";
import type { EnqueueFacet, EnqueueItem, EnqueueOutcome } from "../broker/enqueue-facet.ts";
import { type ErrorCode, errorText, HikyakuError, isHikyakuError } from "../errors.ts";
import type { Clock, Timer } from "../runtime/clock.ts";
import { ownFieldsOf } from "../task/own-fields.ts";

/** One item on its way to the store, and where its answer goes. */
export interface Enqueueing {
  readonly item: EnqueueItem;
  /** The call that the item belongs to. `cancel` takes it. */
  readonly call: object;
  /** When its caller stops waiting, on the clock's monotonic scale. */
  readonly deadline: number;
  /** Called exactly once, with the store's answer or with why there is none. Must not throw. */
  settle(outcome: EnqueueOutcome): void;
  /** Must be false when the item is added. The batcher sets it. */
  settled: boolean;
}

export interface BatcherOptions {
  readonly broker: EnqueueFacet & CallPacing;
  readonly clock: Clock;
  /** Most items in one call to the store. */
  readonly maxItems: number;
  /** Most bytes in one call to the store. A larger item goes alone. */
  readonly maxBytes: number;
  /** How many calls may be on their way at once. */
  readonly maxInFlight: number;
  /** Called when the store has answered a call, with what was sent. Undefined: nobody asks. */
  readonly onAnswer: ((batch: readonly Enqueueing[], outcomes: readonly EnqueueOutcome[]) => void) | undefined;
}

/** What a task costs besides its payload and headers: names, numbers and keys. */
const itemOverheadBytes = 256;
/** The shortest deadline of a call. A call keeps its place for so long, so that little is sent to a store that hangs. */
const shortestCallMs = 1_000;
/** A store within this process gives up so long before its caller. So it can say that it has written nothing. */
const ownAnswerMs = 25;
/** To send fewer items than this as two calls costs more than it gains. */
const worthSplitting = 32;
/** The front of the line is cut off when it holds more taken items than this. */
const mostTakenKept = 4_096;

/**
 * Group commit: items that are added while a batch is on its way wait for the next batch. No timer fills a batch. An
 * idle batcher sends at the end of the queued microtasks, so the items of one turn of the event loop share a batch.
 * Under load, batches grow by themselves up to their bounds.
 *
 * To a store beside this process, one turn sends one batch: the store works on it while the next one is made. Two
 * batches that arrive together would be answered together, and the store would then wait for the next two.
 *
 * An item leaves by the store's answer, its deadline, `cancel` or `abandon`, whichever comes first. An item that leaves
 * before it was sent is never sent.
 */
export class EnqueueBatcher {
  readonly #options: BatcherOptions;
  readonly #inFlight = new Set<readonly Enqueueing[]>();
  #waiting: Enqueueing[] = [];
  /** Where the waiting items begin. The items before were taken. */
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

  /** Lets all items of one call go. They fail with `cancelled`. */
  cancel(call: object): void {
    this.#fail((enqueueing) => enqueueing.call === call, "cancelled", "the caller's signal fired");
  }

  /** Lets all items go. They fail with `closed`. */
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
   * When nothing is on its way and many callers wait, a batch takes half of the items. The store works on it while the
   * rest is sent. In one batch they would all be answered at once and ask again at once, so store and process would
   * take turns.
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
      this.#options.onAnswer?.(batch, outcomes);
    } catch (error) {
      for (const enqueueing of batch) if (!enqueueing.settled) settle(enqueueing, failedWith(error));
    }
    this.#inFlight.delete(batch);
    this.#flush();
  }

  /** The time until the last item's deadline. The batcher's own timer ends the other items, and the call goes on. */
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
      // The code `deadline_exceeded` would say that the task may have been enqueued.
      const unsent = code === "deadline_exceeded" ? "broker_unavailable" : code;
      settle(enqueueing, failure(enqueueing, unsent, `${why} before the task was sent: it was not enqueued`));
    }
  }

  #setTimer(at: number): void {
    this.#timer?.cancel();
    this.#timerAt = at;
    this.#timer = this.#options.clock.setTimer(this.#onTimer, at - this.#options.clock.monotonic());
  }

  /** An idle batcher must hold no timer, which would keep the process alive. */
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
 * Makes one error for each caller, so that no caller sees what another one does to it. An error that is not a
 * `HikyakuError` does not tell whether the task was stored: the code is `answer_lost`.
 */
function failedWith(thrown: unknown): EnqueueOutcome {
  const code = isHikyakuError(thrown) ? thrown.code : "answer_lost";
  return { kind: "failed", error: new HikyakuError(code, errorText(thrown), { cause: thrown }) };
}
