import type { WorkFacet } from "../../broker/work-facet.ts";
import { Backoff, type Random } from "../../runtime/backoff.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";

/** A wait of this length was no false alarm, whatever the next claim found. */
const realWaitMs = 1_000;
const longestWaitMs = 12_000;

interface WatchedQueue {
  readonly queue: string;
  readonly backoff: Backoff;
  /** The pauses after failed waits. They stay short: the store may be back at any moment, and we must notice soon. */
  readonly failing: Backoff;
  mayHaveWork: boolean;
  waiting: boolean;
  /** Whether the last wait ended at once. An empty claim after it means that nobody here may take the queue's tasks. */
  wokenAtOnce: boolean;
  waitFailed: boolean;
  pause: Timer | undefined;
}

export interface QueueWatchOptions {
  readonly broker: Pick<WorkFacet, "waitForWork">;
  readonly clock: Clock;
  readonly random: Random;
  readonly queues: readonly string[];
  /** Called when an empty queue may have work again. */
  readonly onWork: () => void;
}

/**
 * Knows which queues are worth asking. An empty queue is left alone until the store says that it got a task. Each queue
 * is waited for on its own. So a paused queue, or one full of tasks that this server can't run, does not slow down the
 * others. It is looked at less and less often, at least once a second.
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

  /** Marks a queue that surely has work now. */
  wake(queue: string): void {
    const watched = this.#queues.get(queue);
    if (watched === undefined || watched.mayHaveWork) return;
    watched.pause?.cancel();
    watched.pause = undefined;
    watched.wokenAtOnce = false;
    watched.mayHaveWork = true;
    this.#options.onWork();
  }

  /** The store is back. Nobody was told of the tasks that came meanwhile, so every queue may have work. */
  resume(): void {
    for (const watched of this.#queues.values()) {
      watched.backoff.reset();
      watched.failing.reset();
      watched.pause?.cancel();
      watched.pause = undefined;
      watched.mayHaveWork = true;
    }
  }

  /**
   * A claim found `count` tasks in the queue. `exhausted`: it could give no more. `lookAgainAt`: when to ask again, where the
   * store can't tell when the queue has something for us.
   */
  claimed(queue: string, count: number, exhausted: boolean, lookAgainAt?: number): void {
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
      void this.#wait(watched, lookAgainAt);
      return;
    }
    watched.pause?.cancel();
    watched.pause = this.#options.clock.setTimer(() => {
      watched.pause = undefined;
      if (!watched.waiting) void this.#wait(watched, lookAgainAt);
    }, pauseMs);
  }

  /** Ends all waiting; nothing is called back any more. */
  stop(): void {
    this.#stopping.abort();
    for (const watched of this.#queues.values()) watched.pause?.cancel();
  }

  async #wait(watched: WatchedQueue, lookAgainAt = Number.POSITIVE_INFINITY): Promise<void> {
    const { broker, clock } = this.#options;
    const { signal } = this.#stopping;
    const timeoutMs = Math.min(longestWaitMs, Math.max(1, lookAgainAt - clock.now()));
    const startedAt = clock.monotonic();
    watched.waiting = true;
    watched.waitFailed = false;
    try {
      await broker.waitForWork([watched.queue], { signal, timeoutMs });
      watched.failing.reset();
    } catch {
      // The next claim meets the same trouble. It reports the trouble and pauses for all queues at once.
      watched.waitFailed = true;
    }
    watched.waiting = false;
    if (signal.aborted) return;
    // Timers may end a little early.
    watched.wokenAtOnce = clock.monotonic() - startedAt < Math.min(realWaitMs, timeoutMs - 10);
    if (watched.wokenAtOnce === false) watched.backoff.reset();
    watched.mayHaveWork = true;
    this.#options.onWork();
  }
}
