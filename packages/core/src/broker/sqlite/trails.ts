import type { CallOptions } from "../call-options.ts";
import { checkName } from "../record-facet.ts";
import {
  checkAppend,
  checkTrailQuery,
  leastPosition,
  type TrailAppend,
  type TrailFacet,
  type TrailPage,
  type TrailQuery,
} from "../trail-facet.ts";
import type { Store } from "./store.ts";
import type { Transaction } from "./transaction.ts";

export class SqliteTrails implements TrailFacet {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async appendToTrail(append: TrailAppend, call?: CallOptions): Promise<void> {
    checkAppend(append);
    const { values } = append;
    if (values.length === 0) return;
    await this.#store.write(call, values.length, (transaction) => {
      removeEnded(transaction);
      write(transaction, append);
    });
  }

  async readTrail(query: TrailQuery, call?: CallOptions): Promise<TrailPage> {
    checkTrailQuery(query);
    const { trail, limit, cursor = Number.MAX_SAFE_INTEGER } = query;
    const now = this.#store.clock.now();
    const rows = await this.#store.read(call, (db) => db.all(selectEntries, trail, now, trail, cursor, limit));
    const entries = rows.map(({ position, at, value }) => ({
      position: Number(position),
      at: Number(at),
      value: String(value),
    }));
    return { entries, nextCursor: entries.length < limit ? undefined : entries.at(-1)?.position };
  }

  async removeTrail(trail: string, call?: CallOptions): Promise<"removed" | "not_found"> {
    checkName("trail", trail);
    return this.#store.write(call, 1, (transaction) => {
      removeEnded(transaction);
      return remove(transaction, trail) ? "removed" : "not_found";
    });
  }
}

function write({ db, now }: Transaction, { trail, values, maxEntries, maxAgeMs }: TrailAppend): void {
  const at = Math.floor(now);
  const before = db.get(selectTrail, trail);
  let position = Math.max(leastPosition(at), Number(before?.["last_position"] ?? 0) + 1);
  for (const value of values) db.run(insertEntry, trail, position++, at, value);
  const tooOld = db.run(deleteTooOld, trail, leastPosition(at - maxAgeMs));
  let entries = Number(before?.["entries"] ?? 0) + values.length - tooOld;
  if (entries > maxEntries) entries -= db.run(deleteOldest, trail, trail, entries - maxEntries);
  db.run(upsertTrail, trail, entries, position - 1, at + Math.ceil(maxAgeMs));
}

/** Trails that nobody appends to end by themselves: some with each append to another one. */
function removeEnded(transaction: Transaction): void {
  for (const [trail] of transaction.db.rows(selectEnded, transaction.now)) remove(transaction, String(trail));
}

function remove({ db }: Transaction, trail: string): boolean {
  db.run(deleteEntries, trail);
  return db.run(deleteTrail, trail) > 0;
}

const selectEntries = `
  SELECT position, at, value FROM trail_entries
  WHERE EXISTS (SELECT 1 FROM trails WHERE trail = ? AND ends_at > ?) AND trail = ? AND position < ?
  ORDER BY position DESC LIMIT ?`;
const selectTrail = "SELECT entries, last_position FROM trails WHERE trail = ?";
const selectEnded = "SELECT trail FROM trails WHERE ends_at <= ? LIMIT 10";
const insertEntry = "INSERT INTO trail_entries (trail, position, at, value) VALUES (?, ?, ?, ?)";
const upsertTrail = `
  INSERT INTO trails (trail, entries, last_position, ends_at) VALUES (?, ?, ?, ?)
  ON CONFLICT (trail) DO UPDATE SET
    entries = excluded.entries, last_position = excluded.last_position, ends_at = excluded.ends_at`;
const deleteTooOld = "DELETE FROM trail_entries WHERE trail = ? AND position < ?";
const deleteOldest = `
  DELETE FROM trail_entries
  WHERE trail = ? AND position IN (SELECT position FROM trail_entries WHERE trail = ? ORDER BY position LIMIT ?)`;
const deleteEntries = "DELETE FROM trail_entries WHERE trail = ?";
const deleteTrail = "DELETE FROM trails WHERE trail = ?";
