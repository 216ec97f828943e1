import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { redisServerPath, startRedisServer } from "@hikyaku/test-support";
import type { Broker } from "hikyaku";
import { redisBroker } from "hikyaku/redis";
import { sqliteBroker } from "hikyaku/sqlite";

/** A store of a test's own, and how to tell the applications of it. */
export interface TestStore {
  readonly settings: Readonly<Record<string, string>>;
  /** A broker on the same store, to look into it. The caller closes it. */
  broker(): Broker;
  /** What a power cut does to a store process; nothing for a file. */
  crash(): Promise<void>;
  restart(): Promise<void>;
  remove(): Promise<void>;
}

export interface StoreKind {
  readonly name: string;
  /** Why tests on it are skipped here, or undefined. */
  readonly missing: string | undefined;
  create(): Promise<TestStore>;
}

export const missingRedis = redisServerPath() === undefined ? "no redis-server on PATH" : undefined;

export const storeKinds: readonly StoreKind[] = [
  {
    name: "the embedded store",
    missing: undefined,
    async create() {
      const folder = await mkdtemp(join(tmpdir(), "hikyaku-store-"));
      const path = join(folder, "hikyaku.db");
      return {
        settings: { JOBQUEUE__STORE: "embedded", JOBQUEUE__EMBEDDED__PATH: path },
        broker: () => sqliteBroker({ path }),
        crash: async () => undefined,
        restart: async () => undefined,
        remove: () => rm(folder, { recursive: true, force: true }),
      };
    },
  },
  {
    name: "Redis",
    missing: missingRedis,
    async create() {
      const redis = await startRedisServer({ args: ["--appendonly", "yes", "--appendfsync", "always"] });
      const addr = `127.0.0.1:${redis.port}`;
      return {
        settings: { JOBQUEUE__STORE: "redis", REDIS__JOBQUEUE__ADDR: addr },
        broker: () => redisBroker({ addr }),
        crash: () => redis.kill(),
        restart: () => redis.restart(),
        remove: () => redis.stop(),
      };
    },
  },
];

/** The title of a suite that cannot run everywhere, with the reason where it cannot. */
export function titled(title: string, missing: string | undefined): string {
  return missing === undefined ? title : `${title} (skipped: ${missing})`;
}
