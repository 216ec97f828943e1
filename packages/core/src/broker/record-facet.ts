import { HikyakuError } from "../errors.ts";
import { shown } from "../option-names.ts";
import type { CallOptions } from "./call-options.ts";
import { mostRecordsOfACall, recordBytes } from "./limits.ts";

/** A small document of ours, such as an API key. It is text, by convention JSON. */
export interface StoredRecord {
  readonly id: string;
  readonly value: string;
  /**
   * Grows with each write. A record that was removed and written again begins at the millisecond of the clock, so that a
   * revision of before is no longer the one that is stored.
   */
  readonly revision: number;
  readonly writtenAt: number;
  /** From then on it is gone. Undefined: it stays. */
  readonly endsAt: number | undefined;
}

/** What must be stored for a change to happen: anything or nothing, nothing, or the record of that revision. */
export type ExpectedRecord = "any" | "absent" | number;

export interface RecordPut {
  /** 1 to 256 bytes without control characters. */
  readonly id: string;
  /** At most 64 KiB of text. */
  readonly value: string;
  readonly expected: ExpectedRecord;
  /** From then on it is gone. Absent: it stays until it is removed. */
  readonly endsAt?: number;
}

export type RecordOutcome =
  | { readonly kind: "written"; readonly revision: number }
  /** Another one is stored than was expected. `revision` is of that one; undefined when there is none. */
  | { readonly kind: "conflict"; readonly revision: number | undefined }
  /** The collection holds as many as it may: nothing was written. */
  | { readonly kind: "full" };

export interface RecordRemoval {
  readonly id: string;
  readonly expected: Exclude<ExpectedRecord, "absent">;
}

export type RemovalOutcome =
  | { readonly kind: "removed" | "not_found" }
  | { readonly kind: "conflict"; readonly revision: number };

export interface RecordQuery {
  readonly collection: string;
  /** 1 to 1000. */
  readonly limit: number;
  /** By the bytes of their ids. */
  readonly order: "ascending" | "descending";
  /** The id at which the page before ended. */
  readonly cursor?: string;
}

/** A page may hold fewer records than asked for, or none, and still have a next one. */
export interface RecordPage {
  readonly records: readonly StoredRecord[];
  /** Undefined after the last record. */
  readonly nextCursor: string | undefined;
}

/**
 * Small documents of ours in named collections. A collection comes with its first record and goes with its last. It holds
 * at most 10,000 records. No decision about a task hangs on a record, and programs of other libraries never meet one.
 */
export interface RecordFacet {
  /**
   * Writes up to 1000 records of one collection, each by itself: one outcome per record, in order.
   * @throws HikyakuError `invalid_option` for a name, id or value that can't be stored. Nothing was written then.
   */
  putRecords(collection: string, puts: readonly RecordPut[], call?: CallOptions): Promise<readonly RecordOutcome[]>;
  /** Up to 1000 records by their ids, in order. Undefined where there is none. */
  getRecords(
    collection: string,
    ids: readonly string[],
    call?: CallOptions,
  ): Promise<readonly (StoredRecord | undefined)[]>;
  removeRecords(
    collection: string,
    removals: readonly RecordRemoval[],
    call?: CallOptions,
  ): Promise<readonly RemovalOutcome[]>;
  /** A cursor stays good whatever is written meanwhile: what was there all the time comes exactly once. */
  listRecords(query: RecordQuery, call?: CallOptions): Promise<RecordPage>;
}

/** @throws HikyakuError `invalid_option`. */
export function checkPuts(collection: string, puts: readonly RecordPut[]): void {
  checkName("collection", collection);
  checkCount("records", puts.length);
  for (const { id, value, expected, endsAt } of puts) {
    checkRecordId(id);
    checkText(`the value of record ${shown(id)}`, value, recordBytes);
    checkExpected(expected);
    if (endsAt !== undefined && !(Number.isFinite(endsAt) && endsAt > 0)) {
      throw new HikyakuError(
        "invalid_option",
        `option "endsAt": expected a moment in milliseconds, got ${shown(endsAt)}`,
      );
    }
  }
}

/** @throws HikyakuError `invalid_option`. */
export function checkRemovals(collection: string, removals: readonly RecordRemoval[]): void {
  checkName("collection", collection);
  checkCount("records", removals.length);
  for (const { id, expected } of removals) {
    checkRecordId(id);
    checkExpected(expected);
  }
}

/** @throws HikyakuError `invalid_option`. */
export function checkIds(collection: string, ids: readonly string[]): void {
  checkName("collection", collection);
  checkCount("ids", ids.length);
  for (const id of ids) checkRecordId(id);
}

/** @throws HikyakuError `invalid_option`. */
export function checkQuery({ collection, limit, cursor }: RecordQuery): void {
  checkName("collection", collection);
  checkLimit(limit);
  if (cursor !== undefined) checkRecordId(cursor);
}

/** @throws HikyakuError `invalid_option`. */
export function checkName(what: string, name: string): void {
  if (typeof name === "string" && namePattern.test(name)) return;
  throw new HikyakuError(
    "invalid_option",
    `option "${what}": expected 1 to 128 of a-z, 0-9 and _ : . -, got ${shown(name)}`,
  );
}

/** @throws HikyakuError `invalid_option`. */
export function checkLimit(limit: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= mostRecordsOfACall) return;
  throw new HikyakuError(
    "invalid_option",
    `option "limit": expected an integer from 1 to ${mostRecordsOfACall}, got ${shown(limit)}`,
  );
}

/** @throws HikyakuError `invalid_option`. */
export function checkCount(what: string, count: number): void {
  if (count <= mostRecordsOfACall) return;
  throw new HikyakuError("invalid_option", `expected at most ${mostRecordsOfACall} ${what} in a call, got ${count}`);
}

/** @throws HikyakuError `invalid_option`. */
export function checkText(what: string, text: string, mostBytes: number): void {
  if (typeof text !== "string" || !text.isWellFormed()) {
    throw new HikyakuError("invalid_option", `${what}: expected well-formed text, got ${shown(text)}`);
  }
  const bytes = Buffer.byteLength(text);
  if (bytes > mostBytes) {
    throw new HikyakuError("invalid_option", `${what}: expected at most ${mostBytes} bytes, got ${bytes}`);
  }
}

function checkRecordId(id: string): void {
  checkText("a record's id", id, mostIdBytes);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (id !== "" && !/[\u0000-\u001f\u007f]/.test(id)) return;
  throw new HikyakuError(
    "invalid_option",
    `a record's id: expected 1 to ${mostIdBytes} bytes without control characters, got ${shown(id)}`,
  );
}

function checkExpected(expected: ExpectedRecord): void {
  if (expected === "any" || expected === "absent" || Number.isSafeInteger(expected)) return;
  throw new HikyakuError(
    "invalid_option",
    `option "expected": expected "any", "absent" or a revision, got ${shown(expected)}`,
  );
}

const mostIdBytes = 256;
const namePattern = /^[a-z0-9_:.-]{1,128}$/;
