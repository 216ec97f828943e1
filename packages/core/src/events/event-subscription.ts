import type { WatchedEvent } from "./watched-event.ts";

/** Most events that wait to be taken. What comes beyond them is counted and dropped. */
const mostWaiting = 1_000;

export interface SubscriptionOptions {
  readonly wants: (event: WatchedEvent) => boolean;
  /** Pages of events that lie before those that are pushed. Absent: there are none. */
  readonly earlier?: AsyncIterator<readonly WatchedEvent[]>;
  /** Each of them ends it. */
  readonly signals: readonly AbortSignal[];
  /** Called once, at its end. */
  readonly onEnd: (subscription: EventSubscription) => void;
}

/** One who watches: gets the wanted events in order, at its own pace. Holds a bounded number of them. */
export class EventSubscription implements AsyncIterableIterator<WatchedEvent, undefined> {
  readonly #options: SubscriptionOptions;
  readonly #waiting: WatchedEvent[] = [];
  /** What has come of the earlier ones, and is not taken yet. */
  readonly #page: WatchedEvent[] = [];
  #earlier: SubscriptionOptions["earlier"];
  #missed: { count: number; position: string } | undefined;
  #wake: (() => void) | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #over = Promise.withResolvers<IteratorResult<never, undefined>>();
  #ended = false;
  #failure: unknown;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
    this.#earlier = options.earlier;
    for (const signal of options.signals) signal.addEventListener("abort", this.#end, { once: true });
    if (options.signals.some(({ aborted }) => aborted)) this.#end();
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  push(event: WatchedEvent): void {
    if (this.#ended || !this.#options.wants(event)) return;
    if (this.#missed === undefined && this.#waiting.length < mostWaiting) this.#waiting.push(event);
    else this.#drop(event);
    this.#wake?.();
  }

  /** Ends it. What waits is not taken any more. With a failure: the next who asks gets it. */
  end(failure?: unknown): void {
    if (!this.#ended) this.#failure = failure;
    this.#end();
  }

  next(): Promise<IteratorResult<WatchedEvent, undefined>> {
    const turn = this.#turn.then(() => this.#next());
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async return(): Promise<IteratorResult<WatchedEvent, undefined>> {
    this.#end();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #next(): Promise<IteratorResult<WatchedEvent, undefined>> {
    for (;;) {
      const event = await this.#take();
      if (event !== undefined) return { done: false, value: event };
      if (this.#ended) break;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
    return { done: true, value: undefined };
  }

  async #take(): Promise<WatchedEvent | undefined> {
    while (this.#earlier !== undefined && this.#page.length === 0 && !this.#ended) {
      const { done, value } = await Promise.race([this.#earlier.next(), this.#over.promise]);
      if (done === true) this.#earlier = undefined;
      else this.#page.push(...value.filter(this.#options.wants));
    }
    if (this.#ended) return undefined;
    const event = this.#page.shift() ?? this.#waiting.shift();
    if (event !== undefined || this.#missed === undefined) return event;
    const { count, position } = this.#missed;
    this.#missed = undefined;
    return count === Number.POSITIVE_INFINITY ? { kind: "reset", position } : { kind: "gap", missed: count, position };
  }

  /** Events of a gap are all counted, since nobody knows which of them were wanted. */
  #drop(event: WatchedEvent): void {
    const more = event.kind === "reset" ? Number.POSITIVE_INFINITY : event.kind === "gap" ? event.missed : 1;
    this.#missed = { count: (this.#missed?.count ?? 0) + more, position: event.position };
  }

  readonly #end = (): void => {
    if (this.#ended) return;
    this.#ended = true;
    this.#waiting.length = 0;
    this.#page.length = 0;
    for (const signal of this.#options.signals) signal.removeEventListener("abort", this.#end);
    this.#wake?.();
    this.#over.resolve({ done: true, value: undefined });
    this.#options.onEnd(this);
  };
}
