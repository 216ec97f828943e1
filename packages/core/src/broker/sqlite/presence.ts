import { errorText, HikyakuError } from "../../errors.ts";
import type { CallOptions } from "../call-options.ts";
import type { BusyWorker, PresenceFacet, ServerRecord } from "../presence-facet.ts";
import type { Row } from "./database.ts";
import type { Store } from "./store.ts";
import { base64, bytesOfBase64 } from "./task-row.ts";

const mostPayloadBytes = 1_024;

export class SqlitePresence implements PresenceFacet {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  announce(server: ServerRecord, workers: readonly BusyWorker[], ttlMs: number, call?: CallOptions): Promise<void> {
    const told = JSON.stringify(workers.map(storedWorker));
    return this.#store.write(call, 1, ({ db, now }) => {
      db.run(deleteExpired, now);
      db.run(upsertServer, server.host, server.pid, server.serverId, now + ttlMs, JSON.stringify(server), told);
    });
  }

  withdraw(server: ServerRecord, call?: CallOptions): Promise<void> {
    return this.#store.write(call, 1, ({ db }) => {
      db.run(deleteServer, server.host, server.pid, server.serverId);
    });
  }

  servers(call?: CallOptions): Promise<{ servers: readonly ServerRecord[]; workers: readonly BusyWorker[] }> {
    return this.#store.read(call, (db) => {
      const rows = db.all(selectServers, this.#store.clock.now());
      return { servers: rows.map(serverOf), workers: rows.flatMap(workersOf) };
    });
  }

  /** A file has no clock. */
  async storeTime(): Promise<undefined> {
    return undefined;
  }
}

interface StoredWorker extends Omit<BusyWorker, "payload"> {
  /** base64 */
  readonly payload: string;
}

function storedWorker(worker: BusyWorker): StoredWorker {
  return { ...worker, payload: base64(worker.payload.subarray(0, mostPayloadBytes)) };
}

function serverOf(row: Row): ServerRecord {
  const server = parsed<ServerRecord>(row, "server");
  if (server.details === undefined) return { ...server, details: undefined };
  const { lastClaimAt, loopDelayMs, clockOffsetMs, processIdentity } = server.details;
  return { ...server, details: { ...server.details, lastClaimAt, loopDelayMs, clockOffsetMs, processIdentity } };
}

function workersOf(row: Row): BusyWorker[] {
  return parsed<StoredWorker[]>(row, "workers").map((worker) => ({
    ...worker,
    payload: bytesOfBase64(worker.payload),
  }));
}

function parsed<T>(row: Row, column: string): T {
  try {
    return JSON.parse(String(row[column])) as T;
  } catch (error) {
    throw new HikyakuError(
      "corrupt_data",
      `server ${String(row["server_id"])}: column "${column}" was expected to hold JSON: ${errorText(error)}`,
      { cause: error },
    );
  }
}

const upsertServer = `
  INSERT INTO servers (host, pid, server_id, expires_at, server, workers) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (host, pid, server_id) DO UPDATE
    SET expires_at = excluded.expires_at, server = excluded.server, workers = excluded.workers`;
const deleteServer = "DELETE FROM servers WHERE host = ? AND pid = ? AND server_id = ?";
const deleteExpired = "DELETE FROM servers WHERE expires_at <= ?";
const selectServers = "SELECT * FROM servers WHERE expires_at > ? ORDER BY host, pid, server_id";
