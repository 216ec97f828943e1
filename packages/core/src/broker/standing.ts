import type { GroupNumbers } from "./group-facet.ts";

/** How many tasks of a line are counted at most. */
export const mostAheadCounted = 10_000;

/** What the others of its queue mean to a task. */
export interface Standing {
  /** How many tasks are before it in line, counted up to 10000. Undefined when it does not wait in line. */
  readonly ahead: number | undefined;
  /** A task of the queue that is being worked on: of an ordered queue the only one. */
  readonly running: string | undefined;
  /** The retry and the scheduled task that are due first. */
  readonly nextRetry: AwaitedTask | undefined;
  readonly nextScheduled: AwaitedTask | undefined;
  /**
   * The group that it waits in, its size counted up to 10000 as well. Undefined when it waits in none, or when it was
   * taken out to be aggregated.
   */
  readonly group: GroupNumbers | undefined;
}

/** A task that waits for its moment. */
export interface AwaitedTask {
  readonly taskId: string;
  readonly dueAt: number;
}
