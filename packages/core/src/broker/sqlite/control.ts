import type { CallOptions } from "../call-options.ts";
import type { ControlFacet, EvictAnswer, EvictRequest, ServerOrder } from "../control-facet.ts";
import { ending, endLease } from "./lease.ts";
import { joinLine } from "./line.ts";
import type { Store } from "./store.ts";
import { withAttempt } from "./task-row.ts";
import type { Transaction } from "./transaction.ts";

export class SqliteControl implements ControlFacet {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  order(order: ServerOrder, ttlMs: number, call?: CallOptions): Promise<void> {
    return this.#store.write(call, 1, (transaction) => {
      const { db, now } = transaction;
      db.run(deleteOldOrders, now);
      db.run(upsertOrder, order.serverId, order.kind, now + ttlMs, JSON.stringify(order));
      transaction.signal({ kind: "server_order", order });
    });
  }

  orderedServers(call?: CallOptions): Promise<number> {
    return this.#store.read(call, (db) => Number(db.get(countOrdered, this.#store.clock.now())?.["servers"]));
  }

  evict(request: EvictRequest, call?: CallOptions): Promise<EvictAnswer> {
    const { queue, serverId, refuseForMs, limit } = request;
    return this.#store.write(call, limit, (transaction) => {
      const { db, now } = transaction;
      db.run(deleteOldEvictions, now);
      db.run(upsertEviction, serverId, queue, now + refuseForMs);
      const taskIds = freeHeld(transaction, request);
      return { taskIds, nextCursor: taskIds.length < limit ? undefined : "more" };
    });
  }
}

/** Whether claims of the server from the queue are refused. */
export function isEvicted({ db, now }: Transaction, serverId: string, queue: string): boolean {
  return db.get(selectEviction, serverId, queue, now) !== undefined;
}

function freeHeld(transaction: Transaction, { queue, serverId, limit, attempt }: EvictRequest): string[] {
  return transaction.db.rows(selectHeld, queue, `${serverId}/`, limit).map(([number, id, attempts]) => {
    endLease(transaction, number as number, endingEvicted, [withAttempt(attempts, attempt)]);
    joinLine(transaction, { queue, number: number as number, from: "active", end: "front" });
    return id as string;
  });
}

const upsertOrder = `
  INSERT INTO server_orders (server_id, kind, expires_at, server_order) VALUES (?, ?, ?, ?)
  ON CONFLICT (server_id, kind) DO UPDATE SET expires_at = excluded.expires_at, server_order = excluded.server_order`;
const deleteOldOrders = "DELETE FROM server_orders WHERE expires_at <= ?";
const countOrdered = "SELECT count(DISTINCT server_id) AS servers FROM server_orders WHERE expires_at > ?";
const upsertEviction = `
  INSERT INTO evicted_servers (server_id, queue, expires_at) VALUES (?, ?, ?)
  ON CONFLICT (server_id, queue) DO UPDATE SET expires_at = excluded.expires_at`;
const deleteOldEvictions = "DELETE FROM evicted_servers WHERE expires_at <= ?";
const selectEviction = "SELECT 1 FROM evicted_servers WHERE server_id = ? AND queue = ? AND expires_at > ?";
const selectHeld = `
  SELECT number, id, attempts FROM tasks INDEXED BY tasks_leased
  WHERE queue = ?1 AND lease_ends_at IS NOT NULL AND substr(lease_token, 1, length(?2)) = ?2 LIMIT ?3`;
const endingEvicted = ending("attempts = ?");
