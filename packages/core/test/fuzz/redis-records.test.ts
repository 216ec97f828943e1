import "../support/expectations.ts";
import { type RedisServer, redisServerPath, startRedisServer } from "@hikyaku/test-support";
import fc from "fast-check";
import { createClient, RESP_TYPES } from "redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Broker } from "../../src/broker/broker.ts";
import type { ServerRecord } from "../../src/broker/presence-facet.ts";
import { redisBroker } from "../../src/broker/redis/index.ts";
import type { DurableEntry } from "../../src/broker/schedule-facet.ts";
import { checkStore } from "../../src/doctor/check-store.ts";
import { bytes } from "../support/builders.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { brokenBytes } from "./broken-bytes.ts";

const times = Number(process.env["HIKYAKU_FUZZ"] ?? 1);
const seed = Number(process.env["HIKYAKU_SEED"] ?? 20_261_121);

const server: ServerRecord = {
  serverId: "sound",
  host: "host",
  pid: 7,
  concurrency: 3,
  queues: { default: 1 },
  strictPriority: false,
  status: "active",
  startedAt: 1_700_000_000_000,
  activeWorkers: 1,
  details: {
    version: "1",
    directory: "/srv",
    commandLine: "node main.ts",
    lastClaimAt: undefined,
    handles: { kind: "some", exact: ["email:send"], prefixes: ["report:"] },
  },
};
const entry: DurableEntry = {
  entryId: "sound",
  spec: "@hourly",
  timeZone: "UTC",
  queue: "default",
  definition: "{}",
  paused: false,
  catchUp: "once",
  since: 0,
  revision: 1,
};

describe.skipIf(redisServerPath() === undefined)("any bytes in the records of servers and schedules in Redis", () => {
  let redis: RedisServer;
  let raw: ReturnType<typeof createClient>;
  let broker: Broker;
  let clock: FakeClock;
  /** Sound records, as they lie in Redis, to be broken. */
  const sound = new Map<string, Buffer>();

  beforeAll(async () => {
    redis = await startRedisServer();
    raw = createClient({ url: redis.url });
    await raw.connect();
    clock = new FakeClock();
    broker = redisBroker({ url: redis.url, clock });
    await announce("sound");
    const binary = raw.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
    const found = {
      "asynq:servers": await binary.get("asynq:servers:{host:7:sound}"),
      "asynq:workers": await binary.hGet("asynq:workers:{host:7:sound}", "task-sound"),
      "hikyaku:servers": await binary.get("hikyaku:servers:{host:7:sound}"),
      "asynq:schedulers": await binary.lIndex("asynq:schedulers:{scheduler-sound}", 0),
    };
    for (const [name, record] of Object.entries(found)) sound.set(name, Buffer.from(record ?? ""));
    sound.set("hikyaku:schedules", Buffer.from(JSON.stringify(entry)));
  });
  afterAll(async () => {
    await broker?.close();
    raw?.destroy();
    await redis?.stop();
  });

  async function announce(serverId: string): Promise<void> {
    const worker = { serverId, host: "host", pid: 7, taskId: `task-${serverId}`, taskType: "t", payload: bytes("p") };
    const busy = { ...worker, queue: "default", startedAt: 1, deadlineAt: 2_000 };
    await broker.announce({ ...server, serverId }, [busy], 60_000);
    const record = { entryId: serverId, spec: "@hourly", taskType: "t", payload: undefined, options: [] };
    await broker.announceEntries(
      `scheduler-${serverId}`,
      [{ ...record, nextAt: 5_000, previousAt: undefined }],
      60_000,
    );
  }

  const places = [
    "asynq:servers",
    "hikyaku:servers",
    "asynq:workers",
    "asynq:schedulers",
    "hikyaku:schedules",
  ] as const;
  const json = fc.oneof(
    fc.constantFrom(
      "null",
      "[]",
      "5",
      '""',
      "{}",
      '{"until":1e999}',
      '{"details":{"handles":5}}',
      '{"record":{},"until":1}',
    ),
    fc.json({ maxDepth: 2 }),
  );
  const value = fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((data) => Buffer.from(data)),
    json.map((text) => Buffer.from(text)),
    fc
      .constantFrom(...places)
      .chain((place) => brokenBytes(fc.constant(place).map((name) => sound.get(name) ?? bytes("")))),
  );

  it("hide no sound record, and the checker names what can't be read", { timeout: 60_000 * times }, async () => {
    const property = fc.asyncProperty(
      fc.constantFrom(...places),
      value,
      fc.boolean(),
      async (place, data, wrongType) => {
        await raw.flushAll();
        for (const serverId of ["sound", "victim"]) await broker.withdraw({ ...server, serverId });
        await announce("sound");
        await announce("victim");
        await broker.putDurableEntry(entry);
        const key =
          place === "hikyaku:schedules"
            ? place
            : place === "asynq:schedulers"
              ? `${place}:{scheduler-victim}`
              : `${place}:{host:7:victim}`;
        if (place === "hikyaku:schedules") await raw.sendCommand(["HSET", key, "victim", data]);
        else if (wrongType) {
          await raw.del(key);
          await raw.sendCommand(
            place === "asynq:workers" || place === "asynq:schedulers" ? ["SET", key, data] : ["RPUSH", key, data],
          );
        } else if (place === "asynq:workers") await raw.sendCommand(["HSET", key, "task-victim", data]);
        else if (place === "asynq:schedulers") await raw.sendCommand(["RPUSH", key, data]);
        else await raw.sendCommand(["SET", key, data]);

        const present = await broker.servers();
        expect(present.servers).toContainEqual(server);
        expect(present.workers.map(({ taskId }) => taskId)).toContain("task-sound");
        expect((await broker.scheduleRecords()).map(({ entryId }) => entryId)).toContain("sound");
        expect((await broker.durableEntries()).map(({ entryId }) => entryId)).toContain("sound");
        await broker.silentServers();
        const details = (await checkStore(broker, { scope: "all", graceMs: 0 })).map(({ detail }) => detail);
        if (place === "asynq:servers" && present.servers.length < 2) {
          expect(present.unreadable).toEqual([key]);
          expect(details).toContain(`the record ${key} of a server can't be read`);
        }
        for (const id of await broker.unreadableEntries()) {
          expect(details).toContain(`the durable schedule ${JSON.stringify(id)} can't be read`);
        }
        await broker.putDurableEntry({ ...entry, entryId: "victim" });
        await broker.removeDurableEntry("victim");
      },
    );
    await fc.assert(property, { seed, numRuns: 150 * times });
  });
});
