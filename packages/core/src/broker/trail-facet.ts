import { HikyakuError } from "../errors.ts";
import { shown } from "../option-names.ts";
import type { CallOptions } from "./call-options.ts";
import { mostTrailEntries, trailEntryBytes } from "./limits.ts";
import { checkCount, checkLimit, checkName, checkText } from "./record-facet.ts";

/** One entry of a trail. It is text, by convention JSON. */
export interface TrailEntry {
  /** Grows from entry to entry. Nothing else follows from the number. */
  readonly position: number;
  /** When it was appended. */
  readonly at: number;
  readonly value: string;
}

export interface TrailAppend {
  readonly trail: string;
  /** Up to 1000, the oldest first, each at most 64 KiB of text. */
  readonly values: readonly string[];
  /** The oldest entries beyond so many go. 1 to 100,000. */
  readonly maxEntries: number;
  /** Entries older than that go with the next append, and the whole trail so long after its last one. */
  readonly maxAgeMs: number;
}

export interface TrailQuery {
  readonly trail: string;
  /** 1 to 1000. */
  readonly limit: number;
  /** The position at which the page before ended. */
  readonly cursor?: number;
}

export interface TrailPage {
  /** The newest first. */
  readonly entries: readonly TrailEntry[];
  /** Undefined after the oldest entry. */
  readonly nextCursor: number | undefined;
}

/** Named logs of ours that are only appended to, and that are bounded in number and age. */
export interface TrailFacet {
  /**
   * Appends all values or none, and removes what is too old or too many.
   * @throws HikyakuError `invalid_option` for what can't be stored.
   */
  appendToTrail(append: TrailAppend, call?: CallOptions): Promise<void>;
  /** A cursor stays good while entries are appended. */
  readTrail(query: TrailQuery, call?: CallOptions): Promise<TrailPage>;
  removeTrail(trail: string, call?: CallOptions): Promise<"removed" | "not_found">;
}

/** @throws HikyakuError `invalid_option`. */
export function checkAppend({ trail, values, maxEntries, maxAgeMs }: TrailAppend): void {
  checkName("trail", trail);
  checkCount("entries", values.length);
  for (const value of values) checkText("an entry of a trail", value, trailEntryBytes);
  if (!(Number.isInteger(maxEntries) && maxEntries >= 1 && maxEntries <= mostTrailEntries)) {
    throw new HikyakuError(
      "invalid_option",
      `option "maxEntries": expected an integer from 1 to ${mostTrailEntries}, got ${shown(maxEntries)}`,
    );
  }
  if (!(Number.isFinite(maxAgeMs) && maxAgeMs > 0)) {
    throw new HikyakuError(
      "invalid_option",
      `option "maxAgeMs": expected a number of milliseconds above 0, got ${shown(maxAgeMs)}`,
    );
  }
}

/** @throws HikyakuError `invalid_option`. */
export function checkTrailQuery({ trail, limit, cursor }: TrailQuery): void {
  checkName("trail", trail);
  checkLimit(limit);
  if (cursor === undefined || Number.isSafeInteger(cursor)) return;
  throw new HikyakuError("invalid_option", `option "cursor": expected a position, got ${shown(cursor)}`);
}

/**
 * The least position that an entry of this moment can have. So a trail that ended and began anew goes on behind the
 * positions that it had before.
 */
export function leastPosition(at: number): number {
  return Math.floor(at) * positionsPerMs;
}

const positionsPerMs = 1_000;
