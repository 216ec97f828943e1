import { mkdtempSync, rmSync, statSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { startRedisServer } from "@hikyaku/test-support";
import type { Broker } from "hikyaku";
import { redisBroker } from "hikyaku/redis";
import { sqliteBroker } from "hikyaku/sqlite";

export type StoreKind = "redis" | "sqlite";

/** A store of its own for one soak. */
export interface SoakStore {
  /** One more connection, as another process would have it. */
  open(): Broker;
  /** What the store takes: Redis's used memory, or the pages of the file that hold something. */
  bytesUsed(): Promise<number>;
  /** What lies on the disk, with the log; undefined for Redis. */
  bytesOnDisk(): number | undefined;
  remove(): Promise<void>;
}

export function openSoakStore(kind: StoreKind): Promise<SoakStore> {
  return kind === "redis" ? redisSoakStore() : sqliteSoakStore();
}

async function redisSoakStore(): Promise<SoakStore> {
  const server = await startRedisServer();
  return {
    open: () => redisBroker({ url: server.url }),
    bytesUsed: () => usedMemory(server.port),
    bytesOnDisk: () => undefined,
    remove: () => server.stop(),
  };
}

/** Asked in Redis's inline spelling, on a connection that lives as long as the question. */
function usedMemory(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect({ port, host: "127.0.0.1" }, () => socket.write("INFO memory\r\n"));
    socket.setTimeout(5_000, () => socket.destroy(new Error("Redis did not answer INFO within 5 s")));
    socket.on("error", reject);
    socket.on("data", (chunk) => {
      answer += chunk.toString();
      const [, bytes] = /^used_memory:(\d+)\r$/m.exec(answer) ?? [];
      if (bytes === undefined) return;
      socket.destroy();
      resolve(Number(bytes));
    });
  });
}

async function sqliteSoakStore(): Promise<SoakStore> {
  const folder = mkdtempSync(join(tmpdir(), "hikyaku-soak-"));
  const path = join(folder, "tasks.db");
  const first = sqliteBroker({ path });
  await first.ready();
  const raw = new DatabaseSync(path, { readOnly: true });
  const pragma = (name: string): number => Number(raw.prepare(`PRAGMA ${name}`).get()?.[name]);
  return {
    open: () => sqliteBroker({ path }),
    bytesUsed: async () => (pragma("page_count") - pragma("freelist_count")) * pragma("page_size"),
    bytesOnDisk: () =>
      [path, `${path}-wal`].reduce((sum, name) => sum + (statSync(name, { throwIfNoEntry: false })?.size ?? 0), 0),
    remove: async () => {
      raw.close();
      await first.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
