import type { DatabaseSync } from "node:sqlite";
import { HikyakuError } from "../../errors.ts";
import { migrations } from "./migrations/generated.ts";

/**
 * Brings the file to the newest version, in one transaction, so that processes that start together don't clash.
 * @throws HikyakuError `store_rejected` when a newer release of this library or another program wrote the file. The
 * file stays as it is.
 */
export function migrate(database: DatabaseSync, location: string): void {
  if (versionOf(database, location) === newest) return;
  database.exec("BEGIN IMMEDIATE");
  try {
    const version = versionOf(database, location);
    if (version === 0) refuseForeignTables(database, location);
    for (const migration of migrations) {
      if (migration.version > version) database.exec(migration.sql);
    }
    database.exec(`PRAGMA user_version = ${newest}`);
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

const newest = migrations.length;

function versionOf(database: DatabaseSync, location: string): number {
  const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
  if (version > newest) {
    throw new HikyakuError(
      "store_rejected",
      `${location} has version ${version}, expected at most ${newest}: a newer release of hikyaku wrote it; ` +
        "upgrade this program, or give it another file",
    );
  }
  return version;
}

function refuseForeignTables(database: DatabaseSync, location: string): void {
  const table = database.prepare("SELECT name FROM sqlite_schema LIMIT 1").get()?.["name"];
  if (table === undefined) return;
  throw new HikyakuError(
    "store_rejected",
    `${location} belongs to another program: expected an empty or new file, found a table "${table}"; give another path`,
  );
}
