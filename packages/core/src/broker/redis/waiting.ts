import { HikyakuError } from "../../errors.ts";
import { type CallOptions, checkCallOptions } from "../call-options.ts";
import { queueKeys } from "./keys.ts";
import { runCommand } from "./run-script.ts";
import type { Link } from "./wire/link.ts";
import type { Links } from "./wire/links.ts";

/** One blocking call lasts this long at most, so that a dead connection is noticed. */
const blockSeconds = 6;
/**
 * Nobody waits for a queue that is never empty, or whose server has stopped. Its connection is closed after this time.
 */
const keptIdleMs = 60_000;

/**
 * Waits for tasks without polling. `BLMOVE pending pending RIGHT RIGHT` moves the last id onto its own place. That
 * changes nothing, and returns as soon as anybody pushes, even a Go program. Each queue has its own connection, which
 * is closed when nobody has waited for a minute. When a waiter goes away, its call stays under way and serves the next
 * waiter.
 */
export class Waiting {
  readonly #links: Links;
  readonly #keptIdleMs: number;
  readonly #lines = new Map<string, WaitingLine>();
  /** Until when nothing may be taken from a queue, whatever waits there. In the machine's monotonic time. */
  readonly #closedUntil = new Map<string, number>();
  #closed = false;

  constructor(links: Links, idleMs = keptIdleMs) {
    this.#links = links;
    this.#keptIdleMs = idleMs;
  }

  wait(queues: readonly string[], call: CallOptions): Promise<void> {
    if (this.#closed) return Promise.reject(new HikyakuError("closed", "the broker is closed"));
    return new Promise((resolve, reject) => {
      checkCallOptions(call);
      const { signal } = call;
      const leave: (() => void)[] = [];
      const timer = setTimeout(() => finish(), call.timeoutMs ?? 30_000);
      const finish = (error?: unknown): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        for (const step of leave) step();
        if (error === undefined) resolve();
        else reject(error);
      };
      const onAbort = (): void =>
        finish(new HikyakuError("cancelled", "the caller stopped waiting for work", { cause: signal?.reason }));
      if (signal?.aborted === true) {
        onAbort();
        return;
      }
      signal?.addEventListener("abort", onAbort, { once: true });
      for (const queue of queues) leave.push(this.#line(queue).join(finish));
    });
  }

  /**
   * A claim was told that nothing may be taken from the queue now. Waits for it sleep for so long. 0: something may be
   * taken.
   */
  noteClosed(queue: string, forMs: number): void {
    if (forMs > 0) this.#closedUntil.set(queue, performance.now() + forMs);
    else if (this.#closedUntil.delete(queue)) this.#lines.get(queue)?.wake();
  }

  close(): void {
    this.#closed = true;
    for (const line of this.#lines.values()) line.close();
    this.#lines.clear();
  }

  #line(queue: string): WaitingLine {
    let line = this.#lines.get(queue);
    if (line === undefined) {
      const key = queueKeys(queue).pending;
      line = new WaitingLine({
        key,
        connection: this.#links.blocking(key),
        idleMs: this.#keptIdleMs,
        onClosed: () => this.#lines.delete(queue),
        closedUntil: () => this.#closedUntil.get(queue) ?? 0,
      });
      this.#lines.set(queue, line);
    }
    return line;
  }
}

type Waiter = (error?: unknown) => void;

interface WaitingLineOptions {
  readonly key: string;
  readonly connection: Link;
  readonly idleMs: number;
  /** Called when it closes because nobody has waited for so long. */
  readonly onClosed: () => void;
  /** Until when nothing may be taken from the queue, in the machine's monotonic time. */
  readonly closedUntil: () => number;
}

class WaitingLine {
  readonly #options: WaitingLineOptions;
  readonly #waiters = new Set<Waiter>();
  #waiting = false;
  #idle: NodeJS.Timeout | undefined;
  #wake: (() => void) | undefined;

  constructor(options: WaitingLineOptions) {
    this.#options = options;
  }

  join(waiter: Waiter): () => void {
    clearTimeout(this.#idle);
    this.#waiters.add(waiter);
    if (!this.#waiting) void this.#block();
    return () => void this.#waiters.delete(waiter);
  }

  /** The queue is open again. */
  wake(): void {
    this.#wake?.();
  }

  close(): void {
    clearTimeout(this.#idle);
    this.wake();
    this.#options.connection.close();
  }

  async #block(): Promise<void> {
    this.#waiting = true;
    try {
      while (this.#waiters.size > 0) {
        if (await this.#wasClosed()) {
          this.#release();
          continue;
        }
        const { connection, key } = this.#options;
        const found = await runCommand(connection, ["BLMOVE", key, key, "RIGHT", "RIGHT", String(blockSeconds)], {
          timeoutMs: blockSeconds * 1_000 + 2_000,
        });
        if (found !== null) this.#release();
      }
    } catch (error) {
      this.#release(error);
    } finally {
      this.#waiting = false;
      // All that wait on have been told by now, and join again if need be.
      this.#idle = setTimeout(() => this.#end(), this.#options.idleMs).unref();
    }
  }

  /** Sleeps until the queue may be open again. Returns false when it was not closed. */
  async #wasClosed(): Promise<boolean> {
    const leftMs = this.#options.closedUntil() - performance.now();
    if (leftMs <= 0) return false;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, leftMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
    return true;
  }

  #end(): void {
    this.close();
    this.#options.onClosed();
  }

  #release(error?: unknown): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const waiter of waiters) waiter(error);
  }
}
