import type { CallOptions } from "./call-options.ts";
import type { SetAside } from "./work-facet.ts";

export interface ForwardAnswer {
  /** How many tasks were moved to their queue or group. */
  readonly moved: number;
  /** When the next waiting task is due. Undefined when none waits. At or before now: there is more to move. */
  readonly nextDueAt: number | undefined;
  /** Whether a lease of the queue has ended that nobody gave back. Its task can perhaps be taken over. */
  readonly isLeaseOver: boolean;
  /** Due tasks that can't be put in line as they are stored, and what was done about them. */
  readonly setAside: readonly SetAside[];
}

export interface SweepAnswer {
  /** Completed tasks removed because their retention is over. */
  readonly completed: number;
  /** Archived tasks removed because they are too old or too many. */
  readonly archived: number;
  /** Whether another call would find more. */
  readonly more: boolean;
}

/** How much a queue's archive may hold. */
export interface ArchiveLimits {
  readonly maxCount: number;
  readonly maxAgeMs: number;
}

export interface ForwardRequest {
  readonly queue: string;
  readonly limit: number;
}

/** Housekeeping in bounded slices; safe to run on many servers at once. */
export interface MaintainFacet {
  /**
   * Moves up to `limit` scheduled and retry tasks that are due. None is moved early. They go behind all that wait. Retry tasks of
   * a queue whose policy is a strict order go in front.
   */
  forwardDue(request: ForwardRequest, call?: CallOptions): Promise<ForwardAnswer>;
  /** Removes up to `limit` tasks that nothing keeps any more, with bodies and locks. */
  sweep(queue: string, limit: number, archive: ArchiveLimits, call?: CallOptions): Promise<SweepAnswer>;
}
