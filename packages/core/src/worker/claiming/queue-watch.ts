import type { WorkFacet } from "../../broker/work-facet.ts";
import { Backoff, type Random } from "../../runtime/backoff.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";

/** A wait that lasted this long was no false alarm, whatever the claim after it found. */
const realWaitMs = 1_000;
const longestWaitMs = 12_000;

interface WatchedQueue {
  readonly queue: string;
  readonly backoff: Backoff;
  /** For waits that fail: the store may be back at any moment, and its return must not find us asleep for long. */
  readonly failing: Backoff;
  mayHaveWork: boolean;
  waiting: boolean;
  /** Whether the last wait ended so soon that an empty claim after it means tasks that nobody here may take. */
  wokenAtOnce: boolean;
  waitFailed: boolean;
  pause: Timer | undefined;
}

export interface QueueWatchOptions {
  readonly broker: Pick<WorkFacet, "waitForWork">;
  readonly clock: Clock;
  readonly random: Random;
  readonly queues: readonly string[];
  /** Called when a queue that was empty may have work again. */
  readonly onWork: () => void;
}

/**
 * Knows which queues are worth asking. A queue that was found empty is left alone until the store says that something
 * was put there. Each queue is waited for on its own, so one that is paused, or full of tasks that this server can't
 * run, is looked at less and less often (up to once a second) without slowing down the others.
 */
export class QueueWatch {
  readonly #options: QueueWatchOptions;
  readonly #queues: ReadonlyMap<string, WatchedQueue>;
  readonly #stopping = new AbortController();

  constructor(options: QueueWatchOptions) {
    this.#options = options;
    this.#queues = new Map(
      options.queues.map((queue) => [
        queue,
        {
          queue,
          backoff: new Backoff(10, 1_000, options.random),
          failing: new Backoff(10, 250, options.random),
          mayHaveWork: true,
          waiting: false,
          wokenAtOnce: false,
          waitFailed: false,
          pause: undefined,
        },
      ]),
    );
  }

  mayHaveWork(queue: string): boolean {
    return this.#queues.get(queue)?.mayHaveWork ?? false;
  }

  /** Someone knows that the queue has work now. */
  wake(queue: string): void {
    const watched = this.#queues.get(queue);
    if (watched === undefined || watched.mayHaveWork) return;
    watched.pause?.cancel();
    watched.pause = undefined;
    watched.wokenAtOnce = false;
    watched.mayHaveWork = true;
    this.#options.onWork();
  }

  /** The store is there again: what is there by now was put there without a word. */
  resume(): void {
    for (const watched of this.#queues.values()) {
      watched.backoff.reset();
      watched.failing.reset();
      watched.pause?.cancel();
      watched.pause = undefined;
      watched.mayHaveWork = true;
    }
  }

  /** A claim found `count` tasks in the queue; `exhausted` when that was all. */
  claimed(queue: string, count: number, exhausted: boolean): void {
    const watched = this.#queues.get(queue);
    if (watched === undefined) return;
    if (count > 0) watched.backoff.reset();
    if (!exhausted) return;
    watched.mayHaveWork = false;
    if (watched.waiting || this.#stopping.signal.aborted) return;
    const pauseMs = watched.waitFailed
      ? watched.failing.next()
      : count === 0 && watched.wokenAtOnce
        ? watched.backoff.next()
        : 0;
    if (pauseMs === 0) {
      void this.#wait(watched);
      return;
    }
    watched.pause?.cancel();
    watched.pause = this.#options.clock.setTimer(() => {
      watched.pause = undefined;
      if (!watched.waiting) void this.#wait(watched);
    }, pauseMs);
  }

  /** Ends all waiting; nothing is called back any more. */
  stop(): void {
    this.#stopping.abort();
    for (const watched of this.#queues.values()) watched.pause?.cancel();
  }

  async #wait(watched: WatchedQueue): Promise<void> {
    const { broker, clock } = this.#options;
    const { signal } = this.#stopping;
    const startedAt = clock.monotonic();
    watched.waiting = true;
    watched.waitFailed = false;
    try {
      await broker.waitForWork([watched.queue], { signal, timeoutMs: longestWaitMs });
      watched.failing.reset();
    } catch {
      // The claim that follows meets the same trouble, and reports it and pauses for all queues at once.
      watched.waitFailed = true;
    }
    watched.waiting = false;
    if (signal.aborted) return;
    watched.wokenAtOnce = clock.monotonic() - startedAt < realWaitMs;
    if (watched.wokenAtOnce === false) watched.backoff.reset();
    watched.mayHaveWork = true;
    this.#options.onWork();
  }
}
