import type { UnhandledTasks } from "../../broker/work-facet.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";

const repeatAfterMs = 60_000;
const forgetAfter = 1_000;

/**
 * Warns of tasks that wait in a queue of this server though it has no handler for them. Once a minute for each type.
 */
export class UnhandledLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #warnedAt = new Map<string, number>();

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  note(found: readonly UnhandledTasks[]): void {
    if (found.length === 0) return;
    const now = this.#clock.monotonic();
    for (const { queue, type, count } of found) {
      const key = JSON.stringify([queue, type]);
      const warnedAt = this.#warnedAt.get(key);
      if (warnedAt !== undefined && now - warnedAt < repeatAfterMs) continue;
      if (this.#warnedAt.size >= forgetAfter) this.#warnedAt.clear();
      this.#warnedAt.set(key, now);
      this.#logger.warn("tasks wait that this server has no handler for; they stay in the queue", {
        queue,
        type,
        atLeast: count,
      });
    }
  }
}
