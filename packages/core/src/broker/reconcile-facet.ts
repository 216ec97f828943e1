import { HikyakuError } from "../errors.ts";
import type { CallOptions } from "./call-options.ts";
import type { Finding } from "./finding.ts";
import type { ArchiveLimits } from "./maintain-facet.ts";

export interface ReconcileRequest {
  readonly queue: string;
  /** The cursor of the slice before. Absent for the first. */
  readonly cursor?: string;
  /** About how many entries one slice looks at: 1 to 1000. */
  readonly limit: number;
  /** Carries out the repairs that are safe. Without it nothing is written. */
  readonly repair: boolean;
  /**
   * Whether messages are read too, to find those that can't be decoded. That moves every body over the network, so the
   * background pass leaves it to the claims.
   */
  readonly readMessages: boolean;
  readonly archive: ArchiveLimits;
  /**
   * What looks broken is looked at again after this time, and counts only if it still does. Without the pause, a
   * program that writes a task in several steps could be caught between them. 0: the second look comes at once.
   */
  readonly graceMs: number;
}

export interface ReconcileAnswer {
  /** What is wrong in this slice. Another slice of the same pass may find the same thing again. */
  readonly findings: readonly Finding[];
  /** Undefined when the whole queue was looked at. */
  readonly nextCursor: string | undefined;
}

/** One server, or one file, that holds tasks. */
export interface StorePart {
  /** For people; without secrets. */
  readonly location: string;
  /** With its name, such as `Valkey 9.1.0`. Undefined where it does not tell. */
  readonly version: string | undefined;
  /** How much room everything in it takes. Undefined where it does not tell. */
  readonly bytes: number | undefined;
  /** How much it may take. Undefined for no limit, and where it does not tell. */
  readonly bytesLimit: number | undefined;
}

export interface StoreFacts {
  readonly kind: "redis" | "sqlite";
  /** One, or each master of a cluster. */
  readonly parts: readonly StorePart[];
}

/**
 * Compares what the store says twice about the same thing, and repairs what does not agree. Each repair tests once more
 * that the thing is still broken, in one atomic step with its writes. No repair throws a task away: when nobody can
 * know what was meant, the task is archived with the reason.
 */
export interface ReconcileFacet {
  /**
   * Looks at one slice of a queue.
   * @throws HikyakuError `invalid_option` for a limit or cursor that can't be used.
   */
  reconcile(request: ReconcileRequest, call?: CallOptions): Promise<ReconcileAnswer>;
  /** Names of queues that hold something, slice by slice. It also finds queues that are not in the store's list. */
  findQueues(
    page: { readonly limit: number; readonly cursor?: string },
    call?: CallOptions,
  ): Promise<{ readonly queues: readonly string[]; readonly nextCursor: string | undefined }>;
  /** Settings of the store under which it can lose tasks that it accepted. */
  checkSettings(call?: CallOptions): Promise<readonly Finding[]>;
  /** Which store it is, and how large. */
  facts(call?: CallOptions): Promise<StoreFacts>;
}

const mostReconciled = 1_000;

/** Something overdue for longer than this shows that nobody takes care of it. */
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
