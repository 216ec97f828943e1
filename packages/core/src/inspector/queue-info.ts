import type { GroupNumbers } from "../broker/group-facet.ts";
import type { MemoryEstimate, QueueNumbers, QueuePause } from "../broker/inspect-facet.ts";
import type { TaskState } from "../broker/task-message.ts";

/** A queue at one moment. */
export interface QueueSummary {
  readonly queue: string;
  readonly paused: boolean;
  /** Since when, for whom and why it is paused, as far as that is known. Undefined while it is not. */
  readonly pause?: QueuePause | undefined;
  /** By what claims take from it, such as `ordered:strict`. Undefined for an open queue. */
  readonly policy?: string | undefined;
  /** Tasks in all states together. */
  readonly size: number;
  readonly counts: Readonly<Record<TaskState, number>>;
  /** Attempts finished today (UTC) and altogether. A task that fails twice and then succeeds adds 3. */
  readonly processedToday: number;
  readonly processedTotal: number;
  /** Counted failures among them. */
  readonly failedToday: number;
  readonly failedTotal: number;
  /** How long the next task in line has waited. 0 when none waits. */
  readonly latencyMs: number;
  /**
   * How many scheduled and retry tasks are due but not in line yet, because no server brings them. Counted up to 10000.
   */
  readonly due: number;
  /** How long the first of them has been due. 0 when none is due. */
  readonly overdueMs: number;
}

/** A queue with numbers that take a little longer to find. */
export interface QueueInfo extends QueueSummary {
  /** How much room its tasks take, estimated from a few of them. */
  readonly memory: MemoryEstimate;
  /** Its groups that hold tasks, by name. */
  readonly groups: readonly GroupInfo[];
}

export interface GroupInfo {
  readonly group: string;
  readonly size: number;
}

/** A group with the moments at which tasks joined it. Redis keeps them to the second. */
export interface GroupDetail extends GroupInfo {
  readonly oldestAt: Date;
  readonly newestAt: Date;
}

/** The numbers of one day. */
export interface DayInfo {
  /** As in `2026-01-31`, UTC. */
  readonly day: string;
  readonly processed: number;
  readonly succeeded: number;
  readonly failed: number;
}

export function queueSummaryOf(numbers: QueueNumbers): QueueSummary {
  const size = Object.values(numbers.counts).reduce((sum, count) => sum + count, 0);
  return { ...numbers, size };
}

export function queueInfoOf(numbers: QueueNumbers, memory: MemoryEstimate, groups: readonly GroupNumbers[]): QueueInfo {
  return { ...queueSummaryOf(numbers), memory, groups: groups.map(({ group, size }) => ({ group, size })) };
}
