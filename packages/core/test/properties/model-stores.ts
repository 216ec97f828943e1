import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { startRedisServer } from "@hikyaku/test-support";
import { createClient } from "redis";
import type { Broker } from "../../src/broker/broker.ts";
import { redisBroker } from "../../src/broker/redis/index.ts";
import { sqliteBroker } from "../../src/broker/sqlite/index.ts";
import { FakeClock } from "../support/fake-clock.ts";

interface Lock {
  readonly ownerId: string;
  readonly endsAt: number;
}

/** A store with two brokers on it and a clock that moves everything in it, locks that the store itself ends included. */
export interface ModelStore {
  readonly broker: Broker;
  readonly other: Broker;
  readonly clock: FakeClock;
  readonly grainMs: number;
  advance(ms: number): Promise<void>;
  /** The locks of a queue that have not ended, by scope. To be asked after every step. */
  locks(queue: string): Promise<ReadonlyMap<string, Lock>>;
  close(): Promise<void>;
}

export async function sqliteModelStore(): Promise<ModelStore> {
  const folder = mkdtempSync(join(tmpdir(), "hikyaku-histories-"));
  const path = join(folder, "tasks.db");
  const clock = new FakeClock();
  const [broker, other] = [sqliteBroker({ path, clock }), sqliteBroker({ path, clock })];
  await broker.ready();
  const raw = new DatabaseSync(path, { readOnly: true });
  const select = raw.prepare("SELECT scope, owner_id, expires_at FROM locks WHERE queue = ? AND expires_at > ?");
  return {
    broker,
    other,
    clock,
    grainMs: 1,
    advance: async (ms) => clock.advance(ms),
    locks: async (queue) =>
      new Map(
        select
          .all(queue, clock.now())
          .map((row) => [
            String(row["scope"]),
            { ownerId: String(row["owner_id"]), endsAt: Number(row["expires_at"]) },
          ]),
      ),
    close: async () => {
      raw.close();
      await Promise.all([broker.close(), other.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Redis itself ends its locks, by its own clock. So their life is held up here, and ended when the test's clock says so. */
const heldUpMs = 3_600_000;

export async function redisModelStore(): Promise<ModelStore> {
  const server = await startRedisServer();
  const clock = new FakeClock();
  const options = { url: server.url, clock };
  const [broker, other] = [redisBroker(options), redisBroker(options)];
  const raw = createClient({ url: server.url });
  await Promise.all([broker.ready(), other.ready(), raw.connect()]);
  const known = new Map<string, Lock>();
  return {
    broker,
    other,
    clock,
    grainMs: 1_000,
    async advance(ms) {
      clock.advance(ms);
      for (const [key, { endsAt }] of known) {
        if (endsAt > clock.now()) continue;
        known.delete(key);
        await raw.del(key);
      }
    },
    async locks(queue) {
      const prefix = `asynq:{${queue}}:unique:`;
      const keys = await raw.keys(`${prefix}*`);
      const rows = await Promise.all(
        keys.map(async (key) => [key, (await raw.get(key)) ?? "", await raw.pTTL(key)] as const),
      );
      const before = new Map(known);
      known.clear();
      for (const [key, ownerId, lifeMs] of rows) {
        const same = before.get(key);
        const endsAt = same?.ownerId === ownerId ? same.endsAt : endOf(before, ownerId, lifeMs, clock.now());
        known.set(key, { ownerId, endsAt });
        await raw.pExpire(key, endsAt - clock.now() + heldUpMs);
      }
      return new Map([...known].map(([key, lock]) => [key.slice(prefix.length), lock]));
    },
    close: async () => {
      await Promise.all([broker.close(), other.close()]);
      raw.destroy();
      await server.stop();
    },
  };
}

/** A new lock lives for whole seconds; one that moved with an edited payload keeps the life that it had. */
function endOf(before: ReadonlyMap<string, Lock>, ownerId: string, lifeMs: number, now: number): number {
  if (lifeMs < heldUpMs) return now + Math.ceil(lifeMs / 1_000) * 1_000;
  const moved = [...before.values()].find((lock) => lock.ownerId === ownerId);
  const wanted = moved === undefined ? Number.NaN : moved.endsAt - now + heldUpMs;
  return moved !== undefined && Math.abs(wanted - lifeMs) < 60_000 ? moved.endsAt : now + lifeMs - heldUpMs;
}
