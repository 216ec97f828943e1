import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { openStore } from "./logged-broker.ts";
import type { ChaosStore } from "./store.ts";

/** A file in a folder of its own. */
export function startSqliteStore(): ChaosStore {
  const folder = mkdtempSync(join(tmpdir(), "hikyaku-chaos-"));
  const address = join(folder, "tasks.db");
  const observer = openStore(address);
  return {
    address,
    observe: () => observer,
    inflict: ({ ms }) => keepBusy(address, ms),
    async close() {
      await observer.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Holds the file's write lock, as another program would that has much to write. */
async function keepBusy(path: string, ms: number): Promise<number> {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    while (!tries(() => database.exec("BEGIN IMMEDIATE"))) await delay(1);
    await delay(ms);
    database.exec("ROLLBACK");
    return Date.now();
  } finally {
    database.close();
  }
}

function tries(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (error instanceof Error && "errcode" in error && error.errcode === sqliteBusy) return false;
    throw error;
  }
}

const sqliteBusy = 5;
