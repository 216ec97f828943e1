import type { CallOptions } from "./call-options.ts";

/** The calls that write while tasks come and go. */
export type WriteKind = "enqueue" | "claim" | "settle" | "extend" | "announce";

/** Calls of one kind that all failed. They begin after the last success, or after 15 s without a failure. */
export interface FailingWrites {
  readonly kind: WriteKind;
  readonly since: number;
  /** When the last of these calls failed. */
  readonly latest: number;
  readonly calls: number;
  /** Why the last of these calls failed, in words. */
  readonly reason: string;
}

/** How writing goes, as this broker's calls show. */
export interface WriteHealth {
  /** How many calls have written tasks so far. It rises while writing works. */
  readonly written: number;
  /** Only the kinds whose last call failed. */
  readonly failing: readonly FailingWrites[];
}

/**
 * Whether the store takes what is written. A store that answers may still refuse every write. Reasons: a full disk or
 * memory, a missing permission, somebody else's lock, a replica, a key of a queue that holds something else.
 */
export interface WriteHealthFacet {
  /** Known from calls that were made anyway. Sends nothing to the store. */
  writeHealth(): WriteHealth;
  /**
   * Does on the store what the tasks of these queues need it to do, and leaves no trace. With no queues: what any queue
   * needs.
   * @throws HikyakuError with the reason why it can't be done, even when only one of the queues is concerned.
   */
  probeWrites(queues: readonly string[], call?: CallOptions): Promise<void>;
}
