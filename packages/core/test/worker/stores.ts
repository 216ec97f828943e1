import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { redisServerPath, startRedisServer } from "@hikyaku/test-support";
import { onTestFinished } from "vitest";
import type { Broker } from "../../src/broker/broker.ts";
import { redisBroker } from "../../src/broker/redis/index.ts";
import { sqliteBroker } from "../../src/broker/sqlite/index.ts";
import { Client } from "../../src/client/client.ts";
import type { Clock } from "../../src/runtime/clock.ts";
import { silentLogger } from "../../src/runtime/logger.ts";
import { Server } from "../../src/worker/server.ts";
import type { ServerOptions } from "../../src/worker/server-options.ts";

/** A real store of one test, that any number of brokers and processes can use. */
interface TestStore {
  /** Another broker on the store; closed when the test ends. */
  connect(options?: { readonly clock?: Clock }): Broker;
  /** For another process: what `openBroker` takes. */
  readonly address: string;
}

export interface StoreKind {
  readonly name: string;
  readonly open: () => Promise<TestStore>;
}

async function openSqlite(): Promise<TestStore> {
  const folder = mkdtempSync(join(tmpdir(), "hikyaku-worker-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "tasks.db");
  return { address: path, connect: (options = {}) => closedAtEnd(sqliteBroker({ path, ...options })) };
}

async function openRedis(): Promise<TestStore> {
  const redis = await startRedisServer();
  onTestFinished(() => redis.stop());
  return { address: redis.url, connect: (options = {}) => closedAtEnd(redisBroker({ url: redis.url, ...options })) };
}

/** The stores that this machine can run; every promise of a server holds on each. */
export const stores: readonly StoreKind[] = [
  { name: "SQLite", open: openSqlite },
  ...(redisServerPath() === undefined ? [] : [{ name: "Redis", open: openRedis }]),
];

export function closedAtEnd(broker: Broker): Broker {
  onTestFinished(() => broker.close());
  return broker;
}

/** A server that the test's end stops; it says nothing unless it is given a logger. */
export function aServer(broker: Broker, options: Partial<ServerOptions> = {}): Server {
  const server = new Server({
    broker,
    concurrency: 4,
    logger: silentLogger,
    shutdownTimeout: "0s",
    abortGrace: "200ms",
    ...options,
  });
  onTestFinished(() => server.stop());
  return server;
}

export function aClient(broker: Broker): Client {
  const client = new Client({ broker });
  onTestFinished(() => client.close());
  return client;
}

/** Says how often something happened, and lets a test wait for the next time. */
export class Happenings<Value> {
  readonly all: Value[] = [];
  #waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  add(value: Value): void {
    this.all.push(value);
    this.#waiting = this.#waiting.filter(({ count, resolve }) => {
      if (this.all.length < count) return true;
      resolve();
      return false;
    });
  }

  /** Resolves with all of them once there are `count`. */
  async reach(count: number): Promise<readonly Value[]> {
    if (this.all.length < count) {
      await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
    }
    return this.all;
  }
}
