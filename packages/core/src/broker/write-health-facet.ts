import type { CallOptions } from "./call-options.ts";

/** The calls that write while tasks come and go. */
export type WriteKind = "enqueue" | "claim" | "settle" | "extend" | "announce";

/** Calls of one kind that all failed, from the first one after the last that did not, or after 15 s without a failure. */
export interface FailingWrites {
  readonly kind: WriteKind;
  readonly since: number;
  /** When the last of them failed. */
  readonly latest: number;
  readonly calls: number;
  /** Why the last of them failed, in words. */
  readonly reason: string;
}

/** How writing goes, as far as the calls of this broker tell. */
export interface WriteHealth {
  /** How many calls have written tasks so far: it rises while writing works. */
  readonly written: number;
  /** Only the kinds whose last call failed. */
  readonly failing: readonly FailingWrites[];
}

/**
 * Whether the store takes what is written. A store that answers may still refuse every write: a full disk, a full memory,
 * a missing permission, somebody else's lock, a replica, something else in the place of a queue's keys.
 */
export interface WriteHealthFacet {
  /** Known from calls that were made anyway; asks nothing of the store. */
  writeHealth(): WriteHealth;
  /**
   * Does what tasks of these queues need the store to do, on the store itself, and leaves no trace of it. Where there are no
   * queues, what any queue needs.
   * @throws HikyakuError with the reason why it can't be done, also where only one of the queues is concerned.
   */
  probeWrites(queues: readonly string[], call?: CallOptions): Promise<void>;
}
