import { HikyakuError } from "../errors.ts";
import type { CallOptions } from "./call-options.ts";
import type { Finding } from "./finding.ts";
import type { ArchiveLimits } from "./maintain-facet.ts";

export interface ReconcileRequest {
  readonly queue: string;
  /** What the slice before answered; absent for the first one. */
  readonly cursor?: string;
  /** How many entries one slice looks at, about: 1 to 1000. */
  readonly limit: number;
  /** Carries out what is safe. Without it nothing is written. */
  readonly repair: boolean;
  /**
   * Whether messages are read too, to find those that are no message. It moves every body over the network, so the
   * background pass leaves it to those who claim.
   */
  readonly readMessages: boolean;
  readonly archive: ArchiveLimits;
  /**
   * What looks broken is looked at again after this time, and only counts when it still does: a program that writes a
   * task in several steps is caught between them otherwise. 0 means the second look comes at once.
   */
  readonly graceMs: number;
}

export interface ReconcileAnswer {
  /** What is wrong in this slice; the same thing may come again in another slice of the same pass. */
  readonly findings: readonly Finding[];
  /** Undefined when the whole queue was looked at. */
  readonly nextCursor: string | undefined;
}

/**
 * Compares what the store says twice about the same thing, and repairs what does not agree. Every repair tests again, in
 * one atomic step with its writes, that the thing is still broken; none throws a task away: where nobody can know what
 * was meant, the task is archived with the reason.
 */
export interface ReconcileFacet {
  /** Looks at one slice of a queue. @throws HikyakuError `invalid_option` for a limit or cursor that can't be used. */
  reconcile(request: ReconcileRequest, call?: CallOptions): Promise<ReconcileAnswer>;
  /** Names of queues that hold something, also those that the store's list of queues does not know, slice by slice. */
  findQueues(
    page: { readonly limit: number; readonly cursor?: string },
    call?: CallOptions,
  ): Promise<{ readonly queues: readonly string[]; readonly nextCursor: string | undefined }>;
  /** Settings of the store with which it can lose what it accepted. */
  checkSettings(call?: CallOptions): Promise<readonly Finding[]>;
}

const mostReconciled = 1_000;

/** How long something may be overdue before it shows that nobody takes care of it. */
export const neglectedMs = 60_000;

/** @throws HikyakuError `invalid_option`. */
export function checkReconcileLimit(limit: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= mostReconciled) return;
  throw new HikyakuError(
    "invalid_option",
    `option "limit": expected an integer from 1 to ${mostReconciled}, got ${limit}`,
  );
}

export function badReconcileCursor(cursor: string): HikyakuError {
  return new HikyakuError(
    "invalid_option",
    `option "cursor": expected what an earlier slice gave as nextCursor, got ${JSON.stringify(cursor)}`,
  );
}
