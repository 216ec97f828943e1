import "../support/expectations.ts";
import { type RedisServer, redisServerPath, startRedisServer } from "@hikyaku/test-support";
import fc from "fast-check";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Broker } from "../../src/broker/broker.ts";
import { redisBroker } from "../../src/broker/redis/index.ts";
import { decodeTaskMessage } from "../../src/codec/task-codec.ts";
import { uniqueScope } from "../../src/codec/unique-scope.ts";
import { checkStore } from "../../src/doctor/check-store.ts";
import { innerStateFields, type StateField, shownStateFields } from "../../src/task/state-fields.ts";
import { fieldNames, fieldRow } from "../../src/task/task-fields.ts";
import { bytes, placedAt, placedNow, unique } from "../support/builders.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { brokenMessageOf } from "./broken-bytes.ts";
import {
  archivedNeighbour,
  completedNeighbour,
  fillQueue,
  lookAtAll,
  neighboursToRun,
  places,
  victimOf,
  workItOff,
} from "./queue-with-victims.ts";

const times = Number(process.env["HIKYAKU_FUZZ"] ?? 1);
const seed = Number(process.env["HIKYAKU_SEED"] ?? 20_261_121);

const queue = "fuzzed";

type Command = readonly (string | Buffer)[];

const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((data) => Buffer.from(data)),
  fc
    .constantFrom("", "0", "-1", "1e400", "inf", "nan", "9223372036854775807", "=", ":", "a/b:1", "null", "[]", "{")
    .map((text) => Buffer.from(text)),
);
const scores = fc.constantFrom("-inf", "inf", "0", "-1", "0.5", "1e300", "-1e300", "9007199254740993", "1e17");
/** A lease or a set that ends far ahead is held until then, whoever wrote it: nobody can know better. */
const held: ReadonlySet<string> = new Set(["lease", "aggregation_sets"]);
const isAhead = (score: string): boolean => Number(score.replace("inf", "Infinity")) > 1;
const anyPlace = fc.constantFrom(...places);

/** A key that holds something of another type than it should. */
const wrongType = (key: string): fc.Arbitrary<Command[]> =>
  fc
    .constantFrom<Command>(
      ["SET", key, "x"],
      ["RPUSH", key, "x"],
      ["SADD", key, "x"],
      ["ZADD", key, "1", "x"],
      ["HSET", key, "x", "y"],
    )
    .map((command) => [["DEL", key], command]);

describe.skipIf(redisServerPath() === undefined)("any bytes in Redis", () => {
  let server: RedisServer;
  let raw: ReturnType<typeof createClient>;
  let broker: Broker;
  let clock: FakeClock;

  beforeAll(async () => {
    server = await startRedisServer();
    raw = createClient({ url: server.url });
    clock = new FakeClock();
    broker = redisBroker({ url: server.url, clock });
    await Promise.all([raw.connect(), broker.ready()]);
  });
  afterAll(async () => {
    await broker?.close();
    raw?.destroy();
    await server?.stop();
  });

  /** Breaks a queue with what `breaking` gives for it, and holds everything that a store owes against what is left. */
  async function survives(commands: readonly Command[]): Promise<void> {
    await raw.flushAll();
    const held = await fillQueue(broker, clock, queue);
    for (const command of commands) await raw.sendCommand([...command]);
    await lookAtAll(broker, queue);
    await checkStore(broker, { queues: [queue], scope: "tasks", graceMs: 0 });
    const stored = await idsWithMessage();
    const { run, setAside } = await workItOff(broker, queue, held);
    await lookAtAll(broker, queue);

    expect(neighboursToRun.filter((id) => !run.has(id))).toEqual([]);
    const [archived, completed] = await broker.get(queue, [archivedNeighbour, completedNeighbour]);
    expect([archived?.state, completed?.state]).toEqual(["archived", undefined]);
    for (const { detail, taskId } of setAside) expect([taskId, detail === ""]).toEqual([taskId, false]);
    const aside = new Set(setAside.map(({ taskId }) => taskId));
    const broken = new Set(setAside.filter(({ reason }) => reason === "unreadable").map(({ taskId }) => taskId));
    const victims = places.filter((place) => place !== "archived" && place !== "completed").map(victimOf);
    const kept = await broker.get(queue, victims);
    for (const [index, id] of victims.entries()) {
      // What can be read is run. What can't is set aside with a reason, and either shown as it is or was no task at all.
      const wasSeen = run.has(id) || aside.has(id) || kept[index] !== undefined || !stored.has(id);
      expect([id, wasSeen]).toEqual([id, true]);
      if (broken.has(id)) expect(run.has(id)).toBe(false);
    }

    await checkStore(broker, { queues: [queue], scope: "tasks", graceMs: 0, repair: true });
    await checkStore(broker, { queues: [queue], scope: "all", graceMs: 0, repair: true });
    const left = await checkStore(broker, { queues: [queue], scope: "tasks", graceMs: 0 });
    expect(left.filter(({ repair }) => repair === "repairable")).toEqual([]);
    const again = unique(placedNow({ queue, payload: bytes("again"), id: "again" }));
    const later = placedAt(clock.now() + 1_000, { queue, id: "later" });
    expect((await broker.enqueue([again, later])).map(({ kind }) => kind)).toEqual(["accepted", "accepted"]);
    await removeQueue();
    expect(await raw.keys(`*{${queue}}*`)).toEqual([]);
  }

  async function idsWithMessage(): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    for (const place of places) {
      const key = `asynq:{${queue}}:t:${victimOf(place)}`;
      if ((await raw.type(key)) === "hash" && (await raw.hExists(key, "msg")) === 1) found.add(victimOf(place));
    }
    return found;
  }

  async function removeQueue(): Promise<void> {
    clock.advance(7_200_000);
    let answer = await broker.removeQueue(queue, { force: true, limit: 100 });
    for (let calls = 0; answer.kind === "more" && calls < 50; calls++) {
      answer = await broker.removeQueue(queue, { force: true, limit: 100, cursor: answer.cursor });
    }
    expect(answer.kind).toBe("removed");
  }

  const options = { timeout: 60_000 * times };
  const parameters = (numRuns: number) => ({ seed, numRuns: numRuns * times });

  it("in the message of a task set that task aside with a reason, and its neighbours run", options, async () => {
    const broken = anyPlace.chain((place) => fc.tuple(fc.constant(place), brokenMessageOf(victimOf(place), queue)));
    const property = fc.asyncProperty(broken, ([place, msg]) =>
      survives([["HSET", `asynq:{${queue}}:t:${victimOf(place)}`, "msg", msg]]),
    );
    await fc.assert(property, parameters(30));
  });

  it("in any other field of a task cost no neighbour its turn", options, async () => {
    const told: Partial<Pick<StateField, "hash">>[] = [
      ...fieldNames.map(fieldRow),
      ...Object.values(shownStateFields),
      ...Object.values(innerStateFields),
    ];
    const known = new Set(told.flatMap(({ hash }) => hash ?? []).filter((field) => field !== "state"));
    const fields = [...known, "unique_key", "group"];
    const broken = fc.array(fc.tuple(anyPlace, fc.constantFrom(...fields), anyBytes), { minLength: 1, maxLength: 6 });
    const property = fc.asyncProperty(broken, (changes) =>
      survives(changes.map(([place, field, value]) => ["HSET", `asynq:{${queue}}:t:${victimOf(place)}`, field, value])),
    );
    await fc.assert(property, parameters(30));
  });

  it("of another type under a task's key, its lock or a group cost no neighbour its turn", options, async () => {
    const keys = fc.oneof(
      { weight: 4, arbitrary: anyPlace.map((place) => `t:${victimOf(place)}`) },
      anyPlace.map((place) => `unique:${uniqueScope("email:send", bytes(victimOf(place)))}`),
      fc.constant("g:other"),
    );
    const property = fc.asyncProperty(
      keys.chain((key) => fc.tuple(fc.constant(key), wrongType("KEY"))),
      ([key, commands]) =>
        survives([
          ["SADD", `asynq:{${queue}}:groups`, "other"],
          ["ZADD", `asynq:{${queue}}:aggregation_sets`, "1", `asynq:{${queue}}:g:other`],
          ...commands.map((command) => command.map((word) => (word === "KEY" ? `asynq:{${queue}}:${key}` : word))),
        ]),
    );
    await fc.assert(property, parameters(30));
  });

  it("for a moment, and for an id in any list, cost no neighbour its turn", options, async () => {
    const sets = fc.constantFrom(
      "scheduled",
      "retry",
      "lease",
      "archived",
      "completed",
      "aggregation_sets",
      "g:g",
      "due",
    );
    const id = fc.oneof(
      anyPlace.map((place) => Buffer.from(victimOf(place))),
      anyBytes,
    );
    const entries = fc.oneof(
      fc
        .tuple(sets, scores, id)
        .filter(([set, score]) => !(held.has(set) && isAhead(score)))
        .map(([set, score, member]) => ({ set, words: ["ZADD", score, member] as const })),
      fc
        .tuple(fc.constantFrom("pending", "active"), id)
        .map(([set, member]) => ({ set, words: ["LPUSH", member] as const })),
      fc.tuple(fc.constant("groups"), anyBytes).map(([set, member]) => ({ set, words: ["SADD", member] as const })),
    );
    const property = fc.asyncProperty(fc.array(entries, { minLength: 1, maxLength: 5 }), (added) =>
      survives(
        added.map(({ set, words: [command, ...rest] }) => [
          command,
          set === "due" ? `hikyaku:{${queue}}:due` : `asynq:{${queue}}:${set}`,
          ...rest,
        ]),
      ),
    );
    await fc.assert(property, parameters(40));
  });

  it("in a queue's counters keep nobody from settling", options, async () => {
    const day = new Date(clock.now()).toISOString().slice(0, 10);
    const counters = fc.constantFrom("processed", "failed", `processed:${day}`, `failed:${day}`);
    const property = fc.asyncProperty(counters, fc.oneof(anyBytes, fc.constant(undefined)), (counter, value) =>
      survives(
        value === undefined
          ? [
              ["DEL", `asynq:{${queue}}:${counter}`],
              ["RPUSH", `asynq:{${queue}}:${counter}`, "x"],
            ]
          : [["SET", `asynq:{${queue}}:${counter}`, value]],
      ),
    );
    await fc.assert(property, parameters(15));
  });

  it("decode as the message of a task only where they are that task's", options, () => {
    fc.assert(
      fc.property(brokenMessageOf("id", "queue"), (data) => {
        try {
          expect(typeof decodeTaskMessage(data).id).toBe("string");
        } catch (error) {
          expect(error).toMatchObject({ code: "corrupt_data" });
        }
      }),
      parameters(500),
    );
  });
});
