import { Backoff, type Random } from "./backoff.ts";
import type { Clock, Timer } from "./clock.ts";
import { FailureLog } from "./failure-log.ts";
import type { Logger } from "./logger.ts";

/** One background duty of a server. */
export interface Role {
  /** For logs: what it does, as a noun. */
  readonly name: string;
  /**
   * Does the duty once. Safe to run on many servers at once. Returns the milliseconds until it wants to run again, or
   * undefined for its usual period. The signal fires when the server stops.
   */
  runOnce(signal: AbortSignal): Promise<number | undefined>;
  /** Whether it runs together with the same role of other servers on its broker: see `PeriodicOptions.inStepWith`. */
  readonly isInStep?: true;
}

export interface PeriodicOptions {
  readonly role: Role;
  readonly everyMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Whether the store will probably answer, as in `FailureLogOptions`. */
  readonly isReachable: () => boolean;
  /**
   * Others of its kind, which can share a trip to the store, or an answer, in one turn of the event loop. When one of
   * them runs, all that are due soon run too. Each is in it from its first wake to its stop.
   */
  readonly inStepWith?: Set<Periodic> | undefined;
}

/** A role runs along with others of its kind when less than this share of its pause is left. */
const soonShare = 1 / 4;

/**
 * Runs a role again and again, one run at a time. The next run comes:
 * - after the role's period, varied by up to a tenth so that servers don't move in step;
 * - sooner when the role is woken;
 * - after a growing pause when the role failed. Only `retry` shortens that pause: a wake may come from the failure
 *   itself.
 */
export class Periodic {
  readonly #role: Role;
  readonly #everyMs: number;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #stopping = new AbortController();
  readonly #backoff: Backoff;
  readonly #failures: FailureLog;
  #timer: Timer | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  /** The end of the pause after a failure, in monotonic time. */
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #isRunning = false;
  #latestRun: Promise<void> | undefined;
  readonly #inStepWith: Set<Periodic> | undefined;
  /** The pause that was chosen after the last run. */
  #pauseMs: number;

  constructor(options: PeriodicOptions) {
    this.#role = options.role;
    this.#everyMs = options.everyMs;
    this.#pauseMs = options.everyMs;
    this.#inStepWith = options.inStepWith;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#backoff = new Backoff(50, Math.min(1_000, options.everyMs), options.random);
    const { logger, clock, isReachable } = options;
    this.#failures = new FailureLog({ logger, clock, isReachable, what: options.role.name });
  }

  /**
   * Brings the next run forward to `inMs` from now, or to the end of the pause after a failure. Does nothing when it is
   * due sooner.
   */
  wake(inMs = 0): void {
    if (this.#stopping.signal.aborted) return;
    this.#inStepWith?.add(this);
    const now = this.#clock.monotonic();
    const dueAt = Math.max(now + Math.max(0, inMs), this.#pausedUntil);
    if (dueAt >= this.#dueAt) return;
    this.#dueAt = dueAt;
    if (!this.#isRunning) this.#setTimer(dueAt - now);
  }

  /** Runs at once, even in the pause after a failure. For when the cause of the failure is over. */
  retry(): void {
    this.#pausedUntil = Number.NEGATIVE_INFINITY;
    this.wake();
  }

  /** Starts no further run and waits for the one under way, whose signal fires now. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#inStepWith?.delete(this);
    this.#timer?.cancel();
    await this.#latestRun;
  }

  #setTimer(inMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(() => {
      this.#latestRun = this.#run();
      for (const other of this.#inStepWith ?? []) other.#comeAlong();
    }, inMs);
  }

  #comeAlong(): void {
    const now = this.#clock.monotonic();
    if (this.#timer === undefined || now < this.#pausedUntil || this.#dueAt - now > this.#pauseMs * soonShare) return;
    this.#timer.cancel();
    this.#latestRun = this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    this.#timer = undefined;
    this.#dueAt = Number.POSITIVE_INFINITY;
    const nextInMs = await this.#attempt();
    this.#pauseMs = nextInMs;
    this.#isRunning = false;
    if (this.#stopping.signal.aborted) return;
    const now = this.#clock.monotonic();
    this.#dueAt = Math.max(Math.min(this.#dueAt, now + nextInMs), this.#pausedUntil);
    this.#setTimer(this.#dueAt - now);
  }

  async #attempt(): Promise<number> {
    try {
      const wanted = await this.#role.runOnce(this.#stopping.signal);
      this.#backoff.reset();
      this.#pausedUntil = Number.NEGATIVE_INFINITY;
      this.#failures.worked();
      return wanted ?? this.#everyMs * (0.9 + this.#random() / 5);
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#failures.failed(error);
      const pauseMs = this.#backoff.next();
      this.#pausedUntil = this.#clock.monotonic() + pauseMs;
      return pauseMs;
    }
  }
}
