import type { Broker } from "../broker/broker.ts";
import { placeOfPosition, watchedForMs } from "../broker/event-facet.ts";
import { isHikyakuError } from "../errors.ts";
import { refuseUnknownOptions } from "../option-names.ts";
import { Backoff } from "../runtime/backoff.ts";
import { type Clock, sleep, systemClock } from "../runtime/clock.ts";
import { earlierEvents } from "./earlier-events.ts";
import { type EventFilter, eventTest } from "./event-filter.ts";
import { EventSubscription } from "./event-subscription.ts";
import { eventsOfPage, type WatchedEvent } from "./watched-event.ts";

export type WatchedBroker = Pick<Broker, "watch" | "readEvents">;

export interface WatchOptions extends EventFilter {
  /**
   * Goes on after this position, with what the store still has. It keeps the last 20,000 events until a minute after
   * nobody watches any more. Default: begins with what happens next.
   */
  readonly after?: string;
  /** Ends the iteration when it fires. */
  readonly signal?: AbortSignal;
}

const pollMs = 250;
const renewMs = watchedForMs / 3;
const pageSize = 1_000;
/** Events that are kept in memory, so that who comes back after a moment costs the store nothing. */
const mostRecent = 2_000;
const callTimeoutMs = 3_000;

const watchOptionNames: ReadonlySet<string> = new Set<keyof WatchOptions>([
  "kinds",
  "queues",
  "types",
  "after",
  "signal",
]);

const hubs = new WeakMap<object, EventHub>();

/** The one reader of a broker's events, whatever its users. Its first user's clock is its own. */
export function eventHubOf(broker: WatchedBroker, clock: Clock = systemClock): EventHub {
  let hub = hubs.get(broker);
  if (hub === undefined) {
    hub = new EventHub(broker, clock);
    hubs.set(broker, hub);
  }
  return hub;
}

/**
 * Reads the events of one broker, and hands each to all who watch. It reads, and leaves its mark, only while somebody
 * does. While the store is away, it waits for it.
 */
export class EventHub {
  readonly #broker: WatchedBroker;
  readonly #clock: Clock;
  readonly #backoff = new Backoff(100, 1_000, Math.random);
  readonly #all = new Set<EventSubscription>();
  #recent: WatchedEvent[] = [];
  #run: AbortController | undefined;
  /** Where it has read to. Undefined until it has begun. */
  #position: string | undefined;
  /** Tells where it begins; undefined when all have gone before. */
  #began: PromiseWithResolvers<string | undefined> = Promise.withResolvers();
  #markedAt = Number.NEGATIVE_INFINITY;
  /** Whoever goes on from here or before may have missed what nobody published. */
  #vouchesAfter: string | undefined;

  constructor(broker: WatchedBroker, clock: Clock) {
    this.#broker = broker;
    this.#clock = clock;
  }

  /**
   * Also ends when `ending` fires.
   * @throws HikyakuError `invalid_option`.
   */
  watch(options: WatchOptions, ending?: AbortSignal): EventSubscription {
    refuseUnknownOptions("events", options, watchOptionNames);
    const { after, signal, ...filter } = options;
    const test = eventTest(filter);
    if (after !== undefined) placeOfPosition(after);
    const isKnown = after === undefined ? () => false : beforeOrAt(after);
    const wants = (event: WatchedEvent): boolean =>
      event.kind === "reset" || (!isKnown(event) && (event.kind === "gap" || test(event)));
    const subscription = new EventSubscription({
      wants,
      signals: [signal, ending].filter((one) => one !== undefined),
      ...(after !== undefined && { earlier: this.#earlier(after) }),
      onEnd: (ended) => {
        if (this.#all.delete(ended) && this.#all.size === 0) this.#rest();
      },
    });
    if (subscription.hasEnded) return subscription;
    this.#all.add(subscription);
    if (this.#run === undefined) void this.#read();
    return subscription;
  }

  #earlier(after: string): AsyncIterator<readonly WatchedEvent[]> {
    return earlierEvents({
      after,
      until: this.#position ?? this.#began.promise,
      recent: () => this.#recent,
      vouchesAfter: () => this.#vouchesAfter,
      read: (from) => this.#broker.readEvents({ after: from, limit: pageSize }, { timeoutMs: callTimeoutMs }),
    });
  }

  #rest(): void {
    this.#run?.abort();
    this.#run = undefined;
    this.#position = undefined;
    this.#recent = [];
    this.#began.resolve(undefined);
    this.#began = Promise.withResolvers();
    this.#markedAt = Number.NEGATIVE_INFINITY;
  }

  async #read(): Promise<void> {
    const run = new AbortController();
    this.#run = run;
    const { signal } = run;
    while (!signal.aborted) {
      let pauseMs = pollMs;
      try {
        await this.#mark(signal);
        await this.#readOn(signal);
        this.#backoff.reset();
      } catch (error) {
        if (isFinal(error)) {
          for (const subscription of [...this.#all])
            subscription.end(isHikyakuError(error, "closed") ? undefined : error);
          return;
        }
        pauseMs = this.#backoff.next();
      }
      await sleep(this.#clock, pauseMs, signal);
    }
  }

  /** A mark that lapsed means that events may not have been published meanwhile. */
  async #mark(signal: AbortSignal): Promise<void> {
    const now = this.#clock.monotonic();
    if (now - this.#markedAt < renewMs) return;
    const answer = await this.#broker.watch(watchedForMs, { signal, timeoutMs: callTimeoutMs });
    if (signal.aborted) return;
    this.#markedAt = now;
    const position = this.#position;
    if (position === undefined) {
      const page = await this.#broker.readEvents({ limit: 1 }, { signal, timeoutMs: callTimeoutMs });
      if (signal.aborted) return;
      this.#position = page.position;
      this.#vouchesAfter = answer === "began" ? page.position : undefined;
      this.#began.resolve(page.position);
    } else if (answer === "began") {
      this.#vouchesAfter = position;
      this.#hand({ kind: "reset", position });
    }
  }

  async #readOn(signal: AbortSignal): Promise<void> {
    for (let after = this.#position; after !== undefined; ) {
      const page = await this.#broker.readEvents({ after, limit: pageSize }, { signal, timeoutMs: callTimeoutMs });
      if (signal.aborted) return;
      for (const event of eventsOfPage(page)) this.#hand(event);
      this.#position = page.position;
      if (page.events.length < pageSize) return;
      after = page.position;
    }
  }

  #hand(event: WatchedEvent): void {
    this.#recent.push(event);
    if (this.#recent.length > mostRecent * 2) this.#recent.splice(0, mostRecent);
    for (const subscription of this.#all) subscription.push(event);
  }
}

/** The store can't be asked any more, or refuses to be: to wait would be in vain. */
function isFinal(error: unknown): boolean {
  return isHikyakuError(error, "closed") || isHikyakuError(error, "store_rejected");
}

/** Tells events that somebody who goes on after a position has had. Another process may have read further than this one. */
function beforeOrAt(after: string): (event: WatchedEvent) => boolean {
  const { life, number } = placeOfPosition(after);
  return ({ position }) => {
    const place = placeOfPosition(position);
    return place.life === life && place.number <= number;
  };
}
