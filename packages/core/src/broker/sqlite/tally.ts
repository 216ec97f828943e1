import { type TaskState, taskStates } from "../task-message.ts";
import { utcDay } from "../utc-day.ts";
import type { Database } from "./database.ts";

interface QueueDelta {
  readonly counts: Record<TaskState, number>;
  processed: number;
  failed: number;
}

/**
 * How one transaction changes the numbers of queues. It collects while tasks move and writes once at the end: one row
 * per queue instead of one per task.
 */
export class Tally {
  readonly #deltas = new Map<string, QueueDelta>();

  /** A task came (`from` undefined), went (`to` undefined) or changed its state. */
  moved(queue: string, from: TaskState | undefined, to: TaskState | undefined, count = 1): void {
    const { counts } = this.#delta(queue);
    if (from !== undefined) counts[from] -= count;
    if (to !== undefined) counts[to] += count;
  }

  /** Attempts were finished. */
  finished(queue: string, attempt: { failed: boolean }): void {
    const delta = this.#delta(queue);
    delta.processed += 1;
    if (attempt.failed) delta.failed += 1;
  }

  /** Makes the queue known, even when nothing moved. */
  known(queue: string): void {
    this.#delta(queue);
  }

  /** The queue is gone, with all its numbers. */
  forget(queue: string): void {
    this.#deltas.delete(queue);
  }

  write(db: Database, now: number): void {
    for (const [queue, delta] of this.#deltas) {
      db.run(upsertQueue, queue, ...taskStates.map((state) => delta.counts[state]), delta.processed, delta.failed);
      if (delta.processed > 0) db.run(upsertDay, queue, utcDay(now), delta.processed, delta.failed);
    }
  }

  #delta(queue: string): QueueDelta {
    let delta = this.#deltas.get(queue);
    if (delta === undefined) {
      const counts = { pending: 0, scheduled: 0, active: 0, retry: 0, completed: 0, archived: 0, aggregating: 0 };
      delta = { counts, processed: 0, failed: 0 };
      this.#deltas.set(queue, delta);
    }
    return delta;
  }
}

/** The columns of `queues` that count states have the states' names. */
const counters = [...taskStates, "processed", "failed"];

const upsertQueue = `
  INSERT INTO queues (name, ${counters.join(", ")}) VALUES (?${", ?".repeat(counters.length)})
  ON CONFLICT (name) DO UPDATE SET ${counters.map((name) => `${name} = ${name} + excluded.${name}`).join(", ")}`;

const upsertDay = `
  INSERT INTO daily_counters (queue, day, processed, failed) VALUES (?, ?, ?, ?)
  ON CONFLICT (queue, day) DO UPDATE SET processed = processed + excluded.processed, failed = failed + excluded.failed`;
