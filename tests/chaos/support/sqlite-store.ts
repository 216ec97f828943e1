import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import type { StoreFault } from "../schedule.ts";
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
    inflict: ({ kind, ms }) => {
      const names = removed[kind];
      return names === undefined ? keepBusy(address, ms) : removeFiles(address, names);
    },
    async close() {
      await observer.close();
      rmSync(folder, { recursive: true });
    },
  };
}

const removed: Partial<Record<StoreFault["kind"], readonly string[]>> = {
  log_removed: ["-wal"],
  index_removed: ["-shm"],
  log_and_index_removed: ["-wal", "-shm"],
};

/** The store is back once everybody who had the removed files has let go of them, and somebody has opened it anew. */
async function removeFiles(path: string, names: readonly string[]): Promise<number> {
  const before = names.map((name) => identityOf(`${path}${name}`));
  for (const name of names) rmSync(`${path}${name}`, { force: true });
  const isBack = (): boolean =>
    names.every((name, index) => ![undefined, before[index]].includes(identityOf(`${path}${name}`)));
  const end = performance.now() + backWithinMs;
  while (!isBack()) {
    if (performance.now() > end) throw new Error(`${path}: ${names} were not made anew within ${backWithinMs} ms`);
    await delay(5);
  }
  return Date.now();
}

/** With the moment of its birth, since a number is given again. */
function identityOf(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? undefined : `${found.ino} ${found.birthtimeNs}`;
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
/** A worker that is stopped has the files until it goes on. */
const backWithinMs = 30_000;
