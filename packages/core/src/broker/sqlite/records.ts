import type { CallOptions } from "../call-options.ts";
import { recordsKept } from "../limits.ts";
import {
  checkIds,
  checkPuts,
  checkQuery,
  checkRemovals,
  type ExpectedRecord,
  type RecordFacet,
  type RecordOutcome,
  type RecordPage,
  type RecordPut,
  type RecordQuery,
  type RecordRemoval,
  type RemovalOutcome,
  type StoredRecord,
} from "../record-facet.ts";
import type { Row } from "./database.ts";
import type { Store } from "./store.ts";
import type { Transaction } from "./transaction.ts";

export class SqliteRecords implements RecordFacet {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async putRecords(
    collection: string,
    puts: readonly RecordPut[],
    call?: CallOptions,
  ): Promise<readonly RecordOutcome[]> {
    checkPuts(collection, puts);
    if (puts.length === 0) return [];
    return this.#store.write(call, puts.length, (transaction) => {
      transaction.db.run(deleteEnded, collection, transaction.now);
      let room = recordsKept - Number(transaction.db.get(countRecords, collection)?.["records"]);
      return puts.map((put): RecordOutcome => {
        const before = liveRevision(transaction, collection, put.id);
        if (!isExpected(before, put.expected)) return { kind: "conflict", revision: before };
        if (before === undefined && room-- <= 0) return { kind: "full" };
        return { kind: "written", revision: write(transaction, collection, put, before) };
      });
    });
  }

  async getRecords(
    collection: string,
    ids: readonly string[],
    call?: CallOptions,
  ): Promise<readonly (StoredRecord | undefined)[]> {
    checkIds(collection, ids);
    const now = this.#store.clock.now();
    return this.#store.read(call, (db) => ids.map((id) => recordOf(db.get(selectRecord, collection, id, now))));
  }

  async removeRecords(
    collection: string,
    removals: readonly RecordRemoval[],
    call?: CallOptions,
  ): Promise<readonly RemovalOutcome[]> {
    checkRemovals(collection, removals);
    if (removals.length === 0) return [];
    return this.#store.write(call, removals.length, (transaction) => {
      transaction.db.run(deleteEnded, collection, transaction.now);
      return removals.map(({ id, expected }): RemovalOutcome => {
        const before = liveRevision(transaction, collection, id);
        if (before === undefined) return { kind: "not_found" };
        if (!isExpected(before, expected)) return { kind: "conflict", revision: before };
        transaction.db.run(deleteRecord, collection, id);
        return { kind: "removed" };
      });
    });
  }

  async listRecords(query: RecordQuery, call?: CallOptions): Promise<RecordPage> {
    checkQuery(query);
    const { collection, limit, order, cursor } = query;
    const now = this.#store.clock.now();
    const rows = await this.#store.read(call, (db) => {
      if (order === "ascending") return db.all(selectAscending, collection, cursor ?? "", now, limit);
      return cursor === undefined
        ? db.all(selectLast, collection, now, limit)
        : db.all(selectDescending, collection, cursor, now, limit);
    });
    const records = rows.map(recordOf).filter((record) => record !== undefined);
    return { records, nextCursor: records.length < limit ? undefined : records.at(-1)?.id };
  }
}

function liveRevision({ db, now }: Transaction, collection: string, id: string): number | undefined {
  return recordOf(db.get(selectRecord, collection, id, now))?.revision;
}

function isExpected(revision: number | undefined, expected: ExpectedRecord): boolean {
  return expected === "any" || revision === (expected === "absent" ? undefined : expected);
}

function write(
  { db, now }: Transaction,
  collection: string,
  { id, value, endsAt }: RecordPut,
  before: number | undefined,
): number {
  const writtenAt = Math.floor(now);
  const revision = Math.max((before ?? 0) + 1, writtenAt);
  const end = endsAt === undefined ? null : Math.floor(endsAt);
  db.run(upsertRecord, collection, id, revision, writtenAt, end, value);
  return revision;
}

function recordOf(row: Row | undefined): StoredRecord | undefined {
  if (row === undefined) return undefined;
  const end = row["ends_at"];
  return {
    id: String(row["id"]),
    value: String(row["value"]),
    revision: Number(row["revision"]),
    writtenAt: Number(row["written_at"]),
    endsAt: end === null ? undefined : Number(end),
  };
}

const columns = "id, revision, written_at, ends_at, value";
const isLive = "(ends_at IS NULL OR ends_at > ?)";
const selectRecord = `SELECT ${columns} FROM records WHERE collection = ? AND id = ? AND ${isLive}`;
const selectAscending = `
  SELECT ${columns} FROM records WHERE collection = ? AND id > ? AND ${isLive} ORDER BY id LIMIT ?`;
const selectDescending = `
  SELECT ${columns} FROM records WHERE collection = ? AND id < ? AND ${isLive} ORDER BY id DESC LIMIT ?`;
const selectLast = `SELECT ${columns} FROM records WHERE collection = ? AND ${isLive} ORDER BY id DESC LIMIT ?`;
const countRecords = "SELECT count(*) AS records FROM records INDEXED BY records_ending WHERE collection = ?";
const upsertRecord = `
  INSERT INTO records (collection, id, revision, written_at, ends_at, value) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (collection, id) DO UPDATE SET
    revision = excluded.revision, written_at = excluded.written_at, ends_at = excluded.ends_at, value = excluded.value`;
const deleteEnded = "DELETE FROM records WHERE collection = ? AND ends_at <= ?";
const deleteRecord = "DELETE FROM records WHERE collection = ? AND id = ?";
