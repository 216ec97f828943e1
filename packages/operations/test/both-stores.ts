import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RedisServer, startRedisServer } from "@hikyaku/test-support";
import { type Broker, silentLogger, type TaskDefinition } from "hikyaku";
import { redisBroker } from "hikyaku/redis";
import { sqliteBroker } from "hikyaku/sqlite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, inject } from "vitest";
import { Operations, webHandler } from "../src/index.ts";
import { byToken } from "./test-operations.ts";

/** Operations on one store, with its broker. */
export interface OnStore {
  readonly broker: Broker;
  /** Asks as somebody with these scopes. A body is sent as JSON. */
  ask(method: string, path: string, options?: AskOptions): Promise<Answer>;
}

interface AskOptions {
  readonly body?: unknown;
  /** A body as its text, in place of `body`. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: `admin`. */
  readonly scopes?: string;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: each test says what it expects
  readonly body: any;
}

/** Runs the tests on a new store of each kind. */
export function onBothStores(
  name: string,
  types: readonly TaskDefinition[],
  tests: (onStore: () => OnStore) => void,
): void {
  let current: OnStore | undefined;
  const onStore = (): OnStore => {
    if (current === undefined) throw new Error("expected to be called in a test");
    return current;
  };
  const begin = (broker: Broker): void => {
    const operations = new Operations({ broker, types, authorize: byToken, logger: silentLogger });
    const handle = webHandler(operations);
    current = {
      broker,
      ask: async (method, path, { body, text = JSON.stringify(body), headers = {}, scopes = "admin" } = {}) => {
        const answer = await handle(
          new Request(`http://localhost${path}`, {
            method,
            headers: {
              authorization: `Bearer ${scopes}`,
              ...(text !== undefined && { "content-type": "application/json" }),
              ...headers,
            },
            ...(text !== undefined && { body: text }),
          }),
        );
        return { status: answer.status, headers: answer.headers, body: await answer.json() };
      },
    };
  };

  describe(`${name}, on SQLite`, () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), "hikyaku-operations-"));
      begin(sqliteBroker({ path: join(folder, "hikyaku.db") }));
    });
    afterEach(async () => {
      await current?.broker.close();
      rmSync(folder, { recursive: true, force: true });
    });
    tests(onStore);
  });

  describe(`${name}, on Redis`, () => {
    let redis: RedisServer;
    beforeAll(async () => {
      if (inject("redisServerPath") !== null) redis = await startRedisServer();
    });
    afterAll(() => redis?.stop());
    beforeEach(async ({ skip }) => {
      skip(inject("redisServerPath") === null, "redis-server is not installed");
      await redis.flush();
      begin(redisBroker({ url: redis.url }));
    });
    afterEach(() => current?.broker.close());
    tests(onStore);
  });
}
