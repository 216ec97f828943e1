import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RedisServer, startRedisServer } from "@hikyaku/test-support";
import type { Broker } from "hikyaku";
import { redisBroker } from "hikyaku/redis";
import { sqliteBroker } from "hikyaku/sqlite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, inject } from "vitest";
import { type Mounting, mountings } from "./mountings.ts";
import { testOperations } from "./test-operations.ts";

/** Operations on an empty store, in a plain server of Node. New for each test. */
export interface Served {
  readonly broker: Broker;
  readonly mounting: Mounting;
  /**
   * As `fetch`, with a path below the prefix and a body as JSON. Without scopes as `admin`.
   */
  ask(method: string, path: string, body?: unknown, scopes?: string): Promise<Response>;
  /** The same, and the answer as status and JSON. */
  json(method: string, path: string, body?: unknown, scopes?: string): Promise<Told>;
}

interface Told {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any;
}

/** Describes what holds on both stores. Redis is skipped where there is none. */
export function describeOnBothStores(name: string, tests: (served: Served) => void): void {
  describe.each(["sqlite", "redis"] as const)(`${name}, on %s`, (store) => {
    let redis: RedisServer | undefined;
    let broker: Broker;
    let mounting: Mounting;
    let folder: string;
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), "hikyaku-operations-"));
      if (store === "redis" && inject("redisServerPath") !== null) redis = await startRedisServer();
    });
    afterAll(async () => {
      await redis?.stop();
      rmSync(folder, { recursive: true, force: true });
    });
    beforeEach(async ({ skip }) => {
      skip(store === "redis" && redis === undefined, "redis-server is not installed");
      broker =
        redis === undefined
          ? sqliteBroker({ path: join(folder, `${crypto.randomUUID()}.db`) })
          : redisBroker({ url: redis.url });
      mounting = await mounted(broker);
    });
    afterEach(async () => {
      await mounting?.close();
      await broker?.close();
      await redis?.flush();
    });
    const ask: Served["ask"] = (method, path, body, scopes = "admin") =>
      mounting.ask(path, {
        method,
        headers: {
          authorization: `Bearer ${scopes}`,
          ...(body !== undefined && { "content-type": "application/json" }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    tests({
      get broker() {
        return broker;
      },
      get mounting() {
        return mounting;
      },
      ask,
      json: async (...what) => {
        const answer = await ask(...what);
        return { status: answer.status, body: await answer.json() };
      },
    });
  });
}

async function mounted(broker: Broker): Promise<Mounting> {
  const mount = mountings["plain Node"];
  if (mount === undefined) throw new Error("expected a mounting");
  return mount(testOperations(broker).operations);
}
