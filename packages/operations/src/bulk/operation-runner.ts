import { randomUUID } from "node:crypto";
import {
  type Clock,
  errorText,
  HikyakuError,
  type Inspector,
  isHikyakuError,
  isStoreAway,
  type Logger,
  systemClock,
} from "hikyaku";
import type { KeptOperation, OperationStore } from "./operation-store.ts";
import { type BulkBroker, leaseMs, OperationTurn, type TurnEnd } from "./operation-turn.ts";
import { hasEnded } from "./stored-operation.ts";

export interface RunnerParts {
  readonly broker: BulkBroker;
  readonly inspector: Inspector;
  readonly store: OperationStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How often a process looks for operations that others have begun. */
const lookEveryMs = 5_000;
const firstPauseMs = 250;
const longestPauseMs = 30_000;
const longestCloseMs = 3_000;
const shortestYieldMs = 2;
const longestYieldMs = 1_000;

/** Works on the operations of the store, turn by turn, in as many processes as there are: one at a time on each. */
export class OperationRunner {
  readonly #parts: RunnerParts;
  readonly #owner = randomUUID();
  readonly #closing = new AbortController();
  readonly #done: Promise<void>;
  #wake: (() => void) | undefined;
  #isWoken = false;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    this.#done = this.#run();
  }

  /** There is something to do. */
  wake(): void {
    this.#isWoken = true;
    this.#wake?.();
  }

  /** Ends after the slice that is under way, and waits for it no longer than three seconds. Another process goes on. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#wake?.();
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, longestCloseMs);
    await Promise.race([this.#done, late]);
    clearTimeout(timer);
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    let failures = 0;
    // Whoever makes Operations for one request pays nothing.
    let pauseMs = lookEveryMs * Math.random() * 0.2;
    while (!signal.aborted) {
      if (!this.#isWoken) await this.#sleep(pauseMs, true);
      this.#isWoken = false;
      if (signal.aborted) return;
      try {
        pauseMs = await this.#look();
        failures = 0;
      } catch (error) {
        if (isHikyakuError(error, "closed")) return;
        // Whoever has the broker tells of a store that is away, once.
        if (failures++ === 0 && !isStoreAway(error)) {
          this.#parts.logger.warn("operations: bulk operations wait for the store", { error: errorText(error) });
        }
        pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2);
      }
    }
  }

  /** Gives each operation a turn. Returns how long there is nothing to do then. */
  async #look(): Promise<number> {
    const { store, clock } = this.#parts;
    const ids = await store.openIds();
    let nextAt = clock.now() + lookEveryMs * (0.8 + Math.random() * 0.4);
    for (const id of ids) {
      if (this.#closing.signal.aborted) break;
      const kept = await store.get(id);
      if (kept === undefined) {
        await store.forgetOrphan(id);
        continue;
      }
      const { startsAt, lease, state } = kept.operation;
      const now = clock.now();
      const isOthers = lease !== null && lease.owner !== this.#owner && lease.until > now;
      // A lease from a clock that was far ahead holds nobody up.
      if (isOthers && lease.until <= now + 2 * leaseMs && !hasEnded(kept.operation)) {
        nextAt = Math.min(nextAt, lease.until);
        continue;
      }
      if (state === "waits" && startsAt > now) {
        nextAt = Math.min(nextAt, startsAt);
        continue;
      }
      if ((await this.#turn(kept)) === "later") nextAt = now;
    }
    return Math.max(0, nextAt - clock.now());
  }

  async #turn(kept: KeptOperation): Promise<TurnEnd> {
    const pause = (tookMs: number) => this.#sleep(Math.min(longestYieldMs, Math.max(shortestYieldMs, tookMs)), false);
    const turn = new OperationTurn({ ...this.#parts, owner: this.#owner, signal: this.#closing.signal, pause }, kept);
    try {
      return await turn.run();
    } catch (error) {
      if (mayPass(error)) throw error;
      this.#parts.logger.error("operations: a bulk operation failed", { id: kept.id, error: errorText(error) });
      await turn.fail(errorText(error).slice(0, 1_000));
      return "ended";
    }
  }

  #sleep(delayMs: number, isWakeable: boolean): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        timer.cancel();
        this.#wake = undefined;
        resolve();
      };
      const timer = setIdleTimer(this.#parts.clock, finish, delayMs);
      this.#wake = () => {
        if (isWakeable || this.#closing.signal.aborted) finish();
      };
      if (this.#closing.signal.aborted) finish();
    });
  }
}

/** Whether the store may be well again, so that another turn goes on. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof HikyakuError)) return false;
  return !lasting.has(error.code);
}

const lasting: ReadonlySet<string> = new Set(["invalid_option", "corrupt_data", "wrong_state"]);

/** A timer that keeps no process alive. */
function setIdleTimer(clock: Clock, callback: () => void, delayMs: number) {
  if (clock !== systemClock) return clock.setTimer(callback, delayMs);
  const handle = setTimeout(callback, delayMs).unref();
  return { cancel: () => clearTimeout(handle) };
}
