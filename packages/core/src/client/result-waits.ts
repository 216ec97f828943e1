import type { InspectFacet } from "../broker/inspect-facet.ts";
import { errorText, HikyakuError, isStoreAway } from "../errors.ts";
import type { Clock, Timer } from "../runtime/clock.ts";
import { lookAtResult, type NamedTask, parsedResult } from "./task-result.ts";

const firstPauseMs = 50;
const longestPauseMs = 1_000;
/** A look that is due within this time goes along with one that is due now. */
const togetherMs = 10;
/** Bounds how long one look keeps the store busy. */
const mostTogether = 100;
const lookTimeoutMs = 5_000;
const never = Number.POSITIVE_INFINITY;

interface Wait {
  readonly task: NamedTask;
  readonly endsAt: number;
  readonly end: (give: (settle: PromiseWithResolvers<unknown>) => void) => void;
  nextLookAt: number;
  pauseMs: number;
  /** What the last look found, in words. */
  lastSeen: string;
  lastError: unknown;
}

/**
 * Waits for results by looking at their tasks: at once, then after pauses that grow from 50 ms to a second. All waits
 * of a client that are due together share a look. If the store is away, it is asked again later.
 */
export class ResultWaits {
  readonly #broker: Pick<InspectFacet, "get">;
  readonly #clock: Clock;
  readonly #waits = new Set<Wait>();
  #timer: Timer | undefined;
  #firesAt = never;

  constructor(broker: Pick<InspectFacet, "get">, clock: Clock) {
    this.#broker = broker;
    this.#clock = clock;
  }

  /** The parsed result, once the task has completed. */
  wait(task: NamedTask, timeMs: number, signal: AbortSignal | undefined): Promise<unknown> {
    const settling = Promise.withResolvers<unknown>();
    const now = this.#clock.monotonic();
    const onAbort = (): void => {
      wait.end(({ reject }) => reject(givenUp("cancelled", wait, "the caller's signal fired")));
    };
    const wait: Wait = {
      task,
      endsAt: now + timeMs,
      nextLookAt: now,
      pauseMs: firstPauseMs,
      lastSeen: "was not looked at",
      lastError: undefined,
      end: (give) => {
        if (!this.#waits.delete(wait)) return;
        signal?.removeEventListener("abort", onAbort);
        give(settling);
        this.#setTimer();
      },
    };
    this.#waits.add(wait);
    if (signal?.aborted === true) onAbort();
    else {
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#setTimer();
    }
    return settling.promise;
  }

  /** Ends all waits with `closed`. */
  close(): void {
    for (const wait of this.#waits) wait.end(({ reject }) => reject(givenUp("closed", wait, "the client was closed")));
  }

  #setTimer(): void {
    let next = never;
    for (const { nextLookAt, endsAt } of this.#waits) next = Math.min(next, nextLookAt, endsAt);
    if (next === this.#firesAt) return;
    this.#timer?.cancel();
    this.#firesAt = next;
    this.#timer = next === never ? undefined : this.#timerIn(next - this.#clock.monotonic());
  }

  /** A look that is due now does not wait for the clock: a test's clock may stand still. */
  #timerIn(delayMs: number): Timer {
    if (delayMs > 0) return this.#clock.setTimer(() => this.#fire(), delayMs);
    let isCancelled = false;
    queueMicrotask(() => {
      if (!isCancelled) this.#fire();
    });
    return {
      cancel: () => {
        isCancelled = true;
      },
    };
  }

  #fire(): void {
    this.#firesAt = never;
    const now = this.#clock.monotonic();
    const due = new Map<string, Wait[]>();
    for (const wait of this.#waits) {
      if (wait.endsAt <= now) {
        wait.end(({ reject }) => reject(givenUp("deadline_exceeded", wait, "the time given to the call ran out")));
      } else if (wait.nextLookAt <= now + togetherMs) {
        wait.nextLookAt = never;
        const { queue } = wait.task;
        const ofQueue = due.get(queue);
        if (ofQueue === undefined) due.set(queue, [wait]);
        else ofQueue.push(wait);
      }
    }
    for (const [queue, waits] of due) {
      for (let from = 0; from < waits.length; from += mostTogether) {
        void this.#look(queue, waits.slice(from, from + mostTogether));
      }
    }
    this.#setTimer();
  }

  async #look(queue: string, waits: readonly Wait[]): Promise<void> {
    const ids = waits.map(({ task }) => task.id);
    try {
      const entries = await this.#broker.get(queue, ids, { timeoutMs: lookTimeoutMs });
      for (const [index, wait] of waits.entries()) this.#found(wait, entries[index]);
    } catch (error) {
      for (const wait of waits) {
        if (isStoreAway(error)) this.#pause(wait, "could not be looked at", error);
        else wait.end(({ reject }) => reject(error));
      }
    }
    this.#setTimer();
  }

  #found(wait: Wait, entry: Parameters<typeof lookAtResult>[2]): void {
    try {
      const look = lookAtResult("waitForResult", wait.task, entry);
      if (look.kind === "completed") wait.end(({ resolve }) => resolve(parsedResult(wait.task, look.result)));
      else this.#pause(wait, `was ${look.state}`, undefined);
    } catch (error) {
      wait.end(({ reject }) => reject(error));
    }
  }

  #pause(wait: Wait, lastSeen: string, lastError: unknown): void {
    wait.nextLookAt = this.#clock.monotonic() + wait.pauseMs;
    wait.pauseMs = Math.min(longestPauseMs, wait.pauseMs * 2);
    wait.lastSeen = lastSeen;
    wait.lastError = lastError;
  }
}

function givenUp(
  code: "cancelled" | "closed" | "deadline_exceeded",
  { task, lastSeen, lastError }: Wait,
  why: string,
): HikyakuError {
  const text = `${why} before task "${task.id}" of queue "${task.queue}" had a result: it ${lastSeen} at the last look`;
  if (lastError === undefined) return new HikyakuError(code, text);
  return new HikyakuError(code, `${text} (${errorText(lastError)})`, { cause: lastError });
}
