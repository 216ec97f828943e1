import type { Clock, Timer } from "../runtime/clock.ts";
import type { CallOptions } from "./call-options.ts";
import type { KeptEvent } from "./event-facet.ts";
import type { QueueEvent } from "./queue-event.ts";

/** What an outbox asks of its store. */
export interface EventStore {
  /** For how long somebody still watches. 0 or less: nobody does. */
  watchedForMs(call?: CallOptions): Promise<number>;
  /** Appends events to the feed, in order. */
  publish(events: readonly KeptEvent["event"][], call?: CallOptions): Promise<void>;
}

/** How often it asks whether somebody watches. */
const lookMs = 5_000;
/** How often it publishes. */
const publishMs = 100;
/** Most events of one message, and most that wait for theirs: what is told faster is counted and dropped. */
const mostPublished = 500;
const mostWaiting = 2_000;
const callTimeoutMs = 2_000;
const lastCallTimeoutMs = 500;

/**
 * Gathers what the users of one broker tell, and publishes it while somebody watches: several events a message, at most
 * ten messages a second. While nobody watches, a look at the clock is all it costs, and a small question to the store
 * every five seconds in which something happens.
 */
export class EventOutbox {
  readonly #clock: Clock;
  readonly #store: EventStore;
  readonly #waiting: QueueEvent[] = [];
  #missed = 0;
  /** On the monotonic scale, as all moments here. */
  #watchedUntil = Number.NEGATIVE_INFINITY;
  #lookAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;
  #timer: Timer | undefined;
  #publishing: Promise<void> | undefined;
  #closed = false;

  constructor(clock: Clock, store: EventStore) {
    this.#clock = clock;
    this.#store = store;
  }

  mayBeWatched(): boolean {
    const now = this.#clock.monotonic();
    if (now >= this.#lookAt) void this.look();
    return now < this.#watchedUntil || this.#looking !== undefined;
  }

  tell(event: QueueEvent): void {
    if (!this.mayBeWatched()) return;
    if (this.#waiting.length >= mostWaiting) this.#missed++;
    else this.#waiting.push(event);
    if (this.#isWatched()) this.#publishSoon();
  }

  /** Asks the store whether somebody watches. What is told meanwhile waits for the answer. */
  look(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#lookAt = this.#clock.monotonic() + lookMs;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** Publishes what waits, within half a second, and is quiet from then on. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#lookAt = Number.POSITIVE_INFINITY;
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#publishing;
    if (this.#isWatched()) await this.#publish(lastCallTimeoutMs);
    this.#watchedUntil = Number.NEGATIVE_INFINITY;
  }

  #isWatched(): boolean {
    return this.#clock.monotonic() < this.#watchedUntil;
  }

  async #look(): Promise<void> {
    try {
      const ms = await this.#store.watchedForMs({ timeoutMs: callTimeoutMs });
      this.#watchedUntil = this.#clock.monotonic() + ms;
    } catch {
      // Whoever told has its own way to learn that the store is away.
    }
    if (!this.#isWatched()) this.#forget();
    else if (this.#waiting.length > 0) this.#publishSoon();
  }

  #forget(): void {
    this.#waiting.length = 0;
    this.#missed = 0;
  }

  #publishSoon(): void {
    if (this.#closed) return;
    this.#timer ??= this.#clock.setTimer(() => {
      this.#publishing = this.#publish(callTimeoutMs).finally(() => {
        this.#publishing = undefined;
        this.#timer = undefined;
        if (this.#waiting.length > 0 && this.#isWatched()) this.#publishSoon();
      });
    }, publishMs);
  }

  async #publish(timeoutMs: number): Promise<void> {
    const missed = this.#missed;
    const events: KeptEvent["event"][] = this.#waiting.splice(0, mostPublished);
    if (missed > 0 && this.#waiting.length === 0) events.push({ kind: "missed", count: missed });
    if (events.length === 0) return;
    if (events.at(-1)?.kind === "missed") this.#missed -= missed;
    try {
      await this.#store.publish(events, { timeoutMs });
    } catch {
      // Perhaps published, perhaps not: to tell a gap that is none is harmless.
      this.#missed += events.reduce((sum, event) => sum + (event.kind === "missed" ? event.count : 1), 0);
    }
  }
}
