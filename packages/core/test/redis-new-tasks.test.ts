import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type RedisServer, redisServerPath, startRedisServer } from "@hikyaku/test-support";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { EnqueueItem } from "../src/broker/enqueue-facet.ts";
import { redisBroker } from "../src/broker/redis/index.ts";
import type { TaskMessage } from "../src/broker/task-message.ts";
import { aTask, bytes, placedNow } from "./support/builders.ts";
import { FakeClock } from "./support/fake-clock.ts";

const run = promisify(execFile);

describe.skipIf(redisServerPath() === undefined)("new tasks in Redis (needs redis-server)", () => {
  async function cli(server: RedisServer, ...words: string[]): Promise<string> {
    return (await run("redis-cli", ["-p", String(server.port), "--raw", ...words])).stdout.trimEnd();
  }

  async function transactions(server: RedisServer): Promise<number> {
    const stats = await cli(server, "info", "commandstats");
    return Number(/^cmdstat_exec:calls=(\d+)/m.exec(stats)?.[1] ?? 0);
  }

  /** A broker that knows whether it may send transactions: it has asked with its first task, which lies in another queue. */
  async function setup() {
    const server = await startRedisServer();
    const broker = redisBroker({ url: server.url, clock: new FakeClock() });
    onTestFinished(async () => {
      await broker.close();
      await server.stop();
    });
    return { server, broker };
  }

  async function asked() {
    const store = await setup();
    await store.broker.enqueue([placedNow({ queue: "first" })]);
    await vi.waitFor(async () => expect(await transactions(store.server)).toBe(1));
    await cli(store.server, "config", "resetstat");
    return store;
  }

  const kinds: readonly [string, Partial<TaskMessage>][] = [
    ["plain", {}],
    ["without a payload", { payload: undefined }],
    [
      "with text beyond ASCII in every place",
      { type: "手紙:送る", headers: { 名前: "飛脚" }, payload: bytes('"飛脚"') },
    ],
    ["with a queue beyond ASCII", { queue: "飛脚" }],
    ["with a long payload", { payload: new Uint8Array(5_000).fill(10) }],
    ["with other limits", { maxRetry: 3, timeoutMs: 1_000, deadlineAt: 4e12, retentionMs: 90_000 }],
  ];

  it.each(kinds)("%s, are written byte for byte as a script writes them", async (_kind, overrides) => {
    const { server, broker } = await asked();
    const one = aTask(overrides);
    const other = { ...one, id: aTask().id };
    const outcomes = [
      await broker.enqueue([{ message: one, placement: { kind: "now" } }]),
      await broker.enqueue([{ message: other, placement: { kind: "now" }, hasNewId: true }]),
    ];
    expect(outcomes.flat()).toEqual([
      { kind: "accepted", state: "pending" },
      { kind: "accepted", state: "pending" },
    ]);
    expect(await transactions(server)).toBe(1);
    const prefix = `asynq:{${one.queue}}:`;
    const [byScript, byTransaction] = await Promise.all(
      [one, other].map(({ id }) => cli(server, "hgetall", `${prefix}t:${id}`)),
    );
    expect(byTransaction?.replace(other.id, one.id)).toBe(byScript);
    expect(await cli(server, "lrange", `${prefix}pending`, "0", "-1")).toBe(`${other.id}\n${one.id}`);
  });

  it("keep their order, in as many transactions as their size asks for", async () => {
    const { server, broker } = await asked();
    const items = Array.from({ length: 200 }, () => placedNow({ payload: new Uint8Array(4_000).fill(32) }));
    const outcomes = await broker.enqueue(items);
    expect(outcomes.every(({ kind }) => kind === "accepted")).toBe(true);
    const stored = (await cli(server, "lrange", "asynq:{default}:pending", "0", "-1")).split("\n");
    expect(stored.reverse()).toEqual(items.map(({ message }) => message.id));
    expect(await transactions(server)).toBe(4);
  });

  it("go with a script when one of them wants more than to wait in line", async () => {
    const { server, broker } = await asked();
    const named: EnqueueItem = placedNow({ id: "named" });
    const toTheMillisecond = placedNow({ timeoutMs: 1_500 });
    await broker.enqueue([toTheMillisecond]);
    expect(await broker.get("default", [toTheMillisecond.message.id])).toMatchObject([
      { message: { timeoutMs: 1_500 } },
    ]);
    expect(await broker.enqueue([placedNow(), named, named])).toMatchObject([
      { kind: "accepted" },
      { kind: "accepted" },
      { kind: "id_taken" },
    ]);
    expect(await transactions(server)).toBe(0);
  });

  it("are refused whole, with the reason, when Redis is out of memory, and accepted when it is not any more", async () => {
    const { server, broker } = await asked();
    await cli(server, "config", "set", "maxmemory", "1");
    const refused = await broker.enqueue([placedNow(), placedNow()]);
    expect(refused).toMatchObject([0, 1].map(() => ({ kind: "failed", error: { code: "store_rejected" } })));
    expect(JSON.stringify(refused)).not.toContain("EXECABORT");
    expect(await cli(server, "keys", "asynq:{default}*")).toBe("");
    await cli(server, "config", "set", "maxmemory", "0");
    expect(await broker.enqueue([placedNow()])).toMatchObject([{ kind: "accepted" }]);
  });

  it("leave no bodies behind where something else lies in the place of the list", async () => {
    const { server, broker } = await asked();
    await cli(server, "set", "asynq:{default}:pending", "something else");
    expect(await broker.enqueue([placedNow(), placedNow()])).toMatchObject(
      [0, 1].map(() => ({ kind: "failed", error: { code: "store_rejected" } })),
    );
    expect(await cli(server, "keys", "asynq:{default}*")).toBe("asynq:{default}:pending");
  });

  it("may be stored, which is said, where what a refused transaction wrote can't be taken back", async () => {
    const { server, broker } = await asked();
    await cli(server, "set", "asynq:{default}:pending", "something else");
    await cli(server, "acl", "setuser", "default", "-del");
    expect(await broker.enqueue([placedNow()])).toMatchObject([{ kind: "failed", error: { code: "answer_lost" } }]);
  });

  it("are written by script for a user who may send no transactions", async () => {
    const { server, broker } = await setup();
    await cli(server, "acl", "setuser", "default", "-multi");
    for (let turn = 0; turn < 3; turn++) {
      expect(await broker.enqueue([placedNow()])).toMatchObject([{ kind: "accepted" }]);
    }
    expect(await cli(server, "llen", "asynq:{default}:pending")).toBe("3");
  });

  it("may be stored, which is said, when the permission is taken away meanwhile; those after them go by script", async () => {
    const { server, broker } = await asked();
    await cli(server, "acl", "setuser", "default", "-multi");
    expect(await broker.enqueue([placedNow()])).toMatchObject([{ kind: "failed", error: { code: "answer_lost" } }]);
    expect(await broker.enqueue([placedNow()])).toMatchObject([{ kind: "accepted" }]);
    expect(await cli(server, "llen", "asynq:{default}:pending")).toBe("2");
  });
});
