import type { CallOptions } from "../call-options.ts";
import type { ServerOrder } from "../control-facet.ts";
import { shownPayloadBytes } from "../limits.ts";
import { readOrder } from "../order-check.ts";
import {
  type BusyWorker,
  longestWordMs,
  type PresenceFacet,
  type PresentServers,
  type ServerRecord,
  type SilentServer,
  saidAt,
  silentForMs,
} from "../presence-facet.ts";
import { readServerRecord } from "../server-record.ts";
import type { Row } from "./database.ts";
import { emptyForgotten } from "./events.ts";
import type { Store } from "./store.ts";
import { base64, bytesOfBase64 } from "./task-row.ts";

export class SqlitePresence implements PresenceFacet {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  announce(
    server: ServerRecord,
    workers: readonly BusyWorker[],
    ttlMs: number,
    call?: CallOptions,
  ): Promise<readonly ServerOrder[]> {
    const told = JSON.stringify(workers.map(storedWorker));
    return this.#store.write(call, 1, ({ db, now }) => {
      emptyForgotten(db, now);
      db.run(deleteForgotten, now - silentForMs, now + longestWordMs);
      db.run(
        upsertServer,
        server.host,
        server.pid,
        server.serverId,
        now + ttlMs,
        JSON.stringify({ ...server, said: now }),
        told,
      );
      const orders = db.rows(selectOrders, server.serverId, now);
      return orders.flatMap(([order]) => readOrder(String(order)) ?? []);
    });
  }

  withdraw(server: ServerRecord, call?: CallOptions): Promise<void> {
    return this.#store.write(call, 1, ({ db }) => {
      db.run(deleteServer, server.host, server.pid, server.serverId);
    });
  }

  servers(call?: CallOptions): Promise<PresentServers> {
    return this.#store.read(call, (db) => {
      const now = this.#store.clock.now();
      const rows = db.all(selectServers, now, now + longestWordMs);
      const unreadable = rows.filter((row) => serverOf(row) === undefined).map((row) => String(row["server_id"]));
      const servers = rows.flatMap((row) => serverOf(row) ?? []);
      return { servers, workers: rows.flatMap(workersOf), ...(unreadable.length > 0 && { unreadable }) };
    });
  }

  silentServers(call?: CallOptions): Promise<readonly SilentServer[]> {
    return this.#store.read(call, (db) => {
      const now = this.#store.clock.now();
      const rows = db.all(selectSilent, now, now - silentForMs);
      return rows.flatMap((row) => {
        const server = serverOf(row);
        return server === undefined ? [] : { server, silentSince: lastWordOf(row) };
      });
    });
  }

  /** A file has no clock of its own. */
  async storeTime(): Promise<undefined> {
    return undefined;
  }
}

interface StoredWorker extends Omit<BusyWorker, "payload"> {
  /** base64 */
  readonly payload: string;
}

function storedWorker(worker: BusyWorker): StoredWorker {
  return { ...worker, payload: base64(worker.payload.subarray(0, shownPayloadBytes)) };
}

/** Undefined when the row is not a server's record: it must not hide the others. */
function serverOf(row: Row): ServerRecord | undefined {
  const server = readServerRecord(storedServer(row).record);
  if (server?.details === undefined) return server;
  const { lastClaimAt, loopDelayMs, clockOffsetMs, processIdentity } = server.details;
  return { ...server, details: { ...server.details, lastClaimAt, loopDelayMs, clockOffsetMs, processIdentity } };
}

function lastWordOf(row: Row): number {
  return saidAt(storedServer(row).said, Number(row["expires_at"]));
}

/** What was stored of a server, apart from the moment of its announcement. */
function storedServer(row: Row): { readonly said: unknown; readonly record: unknown } {
  const stored = parsed(row["server"]);
  if (typeof stored !== "object" || stored === null) return { said: undefined, record: stored };
  const { said, ...record } = stored as { readonly said?: unknown };
  return { said, record };
}

function workersOf(row: Row): BusyWorker[] {
  const workers = parsed(row["workers"]);
  if (!Array.isArray(workers) || serverOf(row) === undefined) return [];
  return workers.filter(isStoredWorker).map((worker) => ({ ...worker, payload: bytesOfBase64(worker.payload) }));
}

function isStoredWorker(value: unknown): value is StoredWorker {
  if (typeof value !== "object" || value === null) return false;
  const { serverId, taskId, taskType, payload, queue, startedAt } = value as Partial<StoredWorker>;
  return (
    [serverId, taskId, taskType, payload, queue].every((word) => typeof word === "string") && Number.isFinite(startedAt)
  );
}

/** Undefined when it is not JSON. */
function parsed(json: unknown): unknown {
  try {
    return JSON.parse(String(json));
  } catch {
    return undefined;
  }
}

const upsertServer = `
  INSERT INTO servers (host, pid, server_id, expires_at, server, workers) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (host, pid, server_id) DO UPDATE
    SET expires_at = excluded.expires_at, server = excluded.server, workers = excluded.workers`;
const deleteServer = "DELETE FROM servers WHERE host = ? AND pid = ? AND server_id = ?";
const deleteForgotten = "DELETE FROM servers WHERE expires_at <= ? OR expires_at > ?";
const selectOrders = "SELECT server_order FROM server_orders WHERE server_id = ? AND expires_at > ? ORDER BY kind";
const selectServers = `
  SELECT * FROM servers WHERE expires_at > ? AND expires_at <= ? ORDER BY host, pid, server_id`;
const selectSilent = `
  SELECT * FROM servers WHERE expires_at <= ? AND expires_at > ? ORDER BY host, pid, server_id`;
