import { execFile } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { promisify } from "node:util";
import {
  type RedisServer,
  type RedisServerOptions,
  redisServerPath,
  startRedisServer,
  valkeyServerPath,
} from "@hikyaku/test-support";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { Broker } from "../src/broker/broker.ts";
import { type RedisDurabilityOptions, redisBroker } from "../src/broker/redis/index.ts";
import { Client } from "../src/client/client.ts";
import { checkStore } from "../src/doctor/check-store.ts";
import { defineTask } from "../src/task/task.ts";

const run = promisify(execFile);
const task = defineTask({ type: "mail" });

async function cli(server: RedisServer, ...args: string[]): Promise<string> {
  return (await run("redis-cli", ["-p", String(server.port), ...args])).stdout.trim();
}

async function start(options: RedisServerOptions = {}): Promise<RedisServer> {
  const server = await startRedisServer(options);
  onTestFinished(() => server.stop());
  return server;
}

/** A master and a replica that is in step with it. */
async function aPair(
  binary?: string,
  args: readonly string[] = [],
): Promise<{ master: RedisServer; replica: RedisServer }> {
  const options = (more: readonly string[]): RedisServerOptions => ({
    args: ["--repl-diskless-sync-delay", "0", ...args, ...more],
    ...(binary === undefined ? {} : { binary }),
  });
  const master = await start(options([]));
  const replica = await start(options(["--replicaof", "127.0.0.1", String(master.port)]));
  while (!(await cli(master, "info", "replication")).includes("state=online"));
  return { master, replica };
}

function open(
  server: { readonly url: string },
  durability: RedisDurabilityOptions,
): { broker: Broker; client: Client } {
  const broker = redisBroker({ url: server.url, durability });
  const client = new Client({ broker, within: "20s" });
  onTestFinished(async () => {
    await client.close();
    await broker.close();
  });
  return { broker, client };
}

/** The way to a server, on which one of its answers is written anew. Both must be of one length. */
async function startLiar(server: RedisServer, truth: RegExp, lie: string): Promise<{ readonly url: string }> {
  const listener = createServer((client) => {
    const real = connect({ port: server.port, host: "127.0.0.1" });
    client.pipe(real);
    real.on("data", (chunk) => void client.write(Buffer.from(chunk.toString("latin1").replace(truth, lie), "latin1")));
    for (const socket of [client, real]) {
      socket.on("error", () => undefined);
      socket.on("close", () => client.destroy());
      socket.on("close", () => real.destroy());
    }
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  onTestFinished(() => void listener.close());
  return { url: `redis://127.0.0.1:${(listener.address() as AddressInfo).port}` };
}

async function commandsOf(server: RedisServer, name: string): Promise<number> {
  const stats = await cli(server, "info", "commandstats");
  return Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
}

describe.skipIf(redisServerPath() === undefined)("an enqueue that waits for a replica (needs redis-server)", () => {
  it("is accepted with the acknowledgement, for one WAIT a batch", async () => {
    const { master } = await aPair();
    const { client } = open(master, { replicas: 1, timeoutMs: 10_000 });
    await client.enqueue(task, undefined, { taskId: "one" });
    const before = await commandsOf(master, "wait");
    const results = await client.enqueueMany(Array.from({ length: 100 }, () => task.with(undefined)));
    expect(results.every(({ ok }) => ok)).toBe(true);
    expect((await commandsOf(master, "wait")) - before).toBe(1);
  });

  it("fails while the replica is frozen, is stored all the same, and is taken once the replica is back", async () => {
    const { master, replica } = await aPair();
    const { broker, client } = open(master, { replicas: 1, timeoutMs: 300 });
    const patient = open(master, { replicas: 1, timeoutMs: 10_000 });
    await patient.client.enqueue(task, undefined, { taskId: "before" });
    replica.pause();
    const enqueue = (): Promise<unknown> => client.enqueue(task, undefined, { taskId: "unsure" });
    await expect(enqueue()).rejects.toMatchObject({
      code: "not_acknowledged",
      message: expect.stringMatching(
        /the task is stored, but was not acknowledged by 1 replicas within 300 ms: 0 of them/,
      ),
    });
    const [entry] = await broker.get("default", ["unsure"]);
    expect(entry?.state).toBe("pending");
    // The id is taken, and whether by something that can get lost is what is asked.
    await expect(enqueue()).rejects.toMatchObject({ code: "not_acknowledged" });
    replica.resume();
    await expect(patient.client.enqueue(task, undefined, { taskId: "unsure" })).rejects.toMatchObject({
      code: "task_id_taken",
    });
    expect(await cli(replica, "llen", "asynq:{default}:pending")).toBe("2");
  });

  it("holds nobody else up", async () => {
    const { master, replica } = await aPair();
    const { broker, client } = open(master, { replicas: 1, timeoutMs: 5_000 });
    await client.enqueue(task, undefined);
    replica.pause();
    let isOver = false;
    const waiting = client.enqueue(task, undefined).catch((error: unknown) => {
      isOver = true;
      return error;
    });
    while ((await broker.queue("default"))?.counts.pending !== 2);
    expect(isOver).toBe(false);
    replica.resume();
    await waiting;
  });

  it("is announced to fail by the doctor while there are fewer replicas", async () => {
    const { master } = await aPair();
    const { broker } = open(master, { replicas: 2 });
    const finding = (await checkStore(broker, { graceMs: 0 })).find(({ kind }) => kind === "too_few_replicas");
    expect(finding).toMatchObject({ level: "warning", detail: expect.stringMatching(/has 1 replicas .* waits for 2/) });
    const enough = open(master, { replicas: 1 }).broker;
    expect((await checkStore(enough, { graceMs: 0 })).map(({ kind }) => kind)).not.toContain("too_few_replicas");
  });

  it("is refused before anything is written where the user may not wait, also when that is so from now on", async () => {
    const { master } = await aPair();
    await cli(master, "acl", "setuser", "hasty", "on", ">secret", "~*", "&*", "+@all", "-wait");
    const { broker, client } = open(
      { url: master.url.replace("//", "//hasty:secret@") },
      { replicas: 1, timeoutMs: 10_000 },
    );
    const enqueue = (taskId: string): Promise<unknown> =>
      client.enqueue(task, undefined, { taskId }).catch((error: { code: string }) => error.code);
    const isStored = async (taskId: string): Promise<boolean> =>
      (await broker.get("default", [taskId]))[0] !== undefined;
    expect([await enqueue("a"), await isStored("a")]).toEqual(["store_rejected", false]);
    await cli(master, "acl", "setuser", "hasty", "+wait");
    await enqueue("b");
    await cli(master, "acl", "setuser", "hasty", "-wait");
    // One call meets it after it wrote, and says so.
    expect([await enqueue("c"), await isStored("c")]).toEqual(["not_acknowledged", true]);
    expect([await enqueue("d"), await isStored("d")]).toEqual(["store_rejected", false]);
  });

  it("works on after the server forgot all scripts", async () => {
    const { master } = await aPair();
    const { client } = open(master, { replicas: 1, timeoutMs: 10_000 });
    await client.enqueue(task, undefined);
    await cli(master, "script", "flush");
    await client.enqueue(task, undefined);
  });

  it("says that the task may be stored when the master dies meanwhile", async () => {
    const { master, replica } = await aPair();
    const { broker, client } = open(master, { replicas: 1, timeoutMs: 60_000 });
    await client.enqueue(task, undefined);
    replica.pause();
    const waiting = client.enqueue(task, undefined).catch((error: unknown) => error);
    while ((await broker.queue("default"))?.counts.pending !== 2);
    await master.kill();
    expect(await waiting).toMatchObject({ code: "not_acknowledged" });
    replica.resume();
  });

  it.each([
    [{}, /option "durability": expected replicas of 1 or more, or onDisk/],
    [{ replicas: -1 }, /option "durability.replicas": expected a whole number from 0 to 1000, got -1/],
    [{ replicas: 1, timeoutMs: 0 }, /option "durability.timeoutMs": expected a whole number from 1 to 600000, got 0/],
  ])("is refused as an option: %j", (durability, message) => {
    expect(() => redisBroker({ durability })).toThrow(message);
  });
});

describe.skipIf(redisServerPath() === undefined)("an enqueue that waits for disks (needs redis-server)", () => {
  it("is refused before anything is written by a server that can't wait for them", async ({ skip }) => {
    const server = await start({ args: ["--appendonly", "yes"] });
    skip((await cli(server, "command", "info", "waitaof")) !== "", "this redis-server knows WAITAOF");
    const { broker, client } = open(server, { onDisk: true });
    await expect(client.enqueue(task, undefined)).rejects.toMatchObject({
      code: "store_rejected",
      message: expect.stringMatching(/can carry out WAITAOF 1 0 1 .*nothing was stored; .*unknown command/),
    });
    expect((await broker.queue("default"))?.counts.pending ?? 0).toBe(0);
  });

  it("is refused so too by a server that claims a version that could", async ({ skip }) => {
    const server = await start({ args: ["--appendonly", "yes"] });
    skip((await cli(server, "command", "info", "waitaof")) !== "", "this redis-server knows WAITAOF");
    const liar = await startLiar(server, /redis_version:\d+\.\d+/, "redis_version:9.9");
    const { broker, client } = open({ url: liar.url }, { onDisk: true });
    await expect(client.enqueue(task, undefined)).rejects.toMatchObject({ code: "store_rejected" });
    expect((await broker.queue("default"))?.counts.pending ?? 0).toBe(0);
  });

  const missing = valkeyServerPath() === undefined;
  describe("on a newer server", () => {
    beforeEach(({ skip }) => skip(missing, "needs valkey-server on PATH, or its path in HIKYAKU_VALKEY_SERVER"));

    it("is accepted once the master's file has it, and the replica's where that is asked for", async () => {
      const { master, replica } = await aPair(valkeyServerPath(), ["--appendonly", "yes", "--appendfsync", "everysec"]);
      const { client } = open(master, { onDisk: true, timeoutMs: 10_000 });
      await client.enqueue(task, undefined);
      replica.pause();
      await client.enqueue(task, undefined, { taskId: "master alone" });
      const both = open(master, { replicas: 1, onDisk: true, timeoutMs: 1_500 });
      await expect(both.client.enqueue(task, undefined, { taskId: "both" })).rejects.toMatchObject({
        code: "not_acknowledged",
        message: expect.stringMatching(/on the disks of 1 replicas within 1500 ms/),
      });
      replica.resume();
      const patient = open(master, { replicas: 1, onDisk: true, timeoutMs: 10_000 });
      await expect(patient.client.enqueue(task, undefined, { taskId: "both" })).rejects.toMatchObject({
        code: "task_id_taken",
      });
      await patient.client.enqueue(task, undefined);
    });

    it("is refused before anything is written where the master keeps no such file", async () => {
      const binary = valkeyServerPath();
      const server = await start(binary === undefined ? {} : { binary });
      const { broker, client } = open(server, { onDisk: true });
      await expect(client.enqueue(task, undefined)).rejects.toMatchObject({
        code: "store_rejected",
        message: expect.stringMatching(/append/i),
      });
      expect((await broker.queue("default"))?.counts.pending ?? 0).toBe(0);
    });

    it("asks a replica too before it says that an id is taken", async () => {
      const { master, replica } = await aPair(valkeyServerPath());
      const first = open(master, { replicas: 1, timeoutMs: 10_000 });
      await first.client.enqueue(task, undefined, { taskId: "one" });
      replica.pause();
      const other = open(master, { replicas: 1, timeoutMs: 300 });
      await expect(other.client.enqueue(task, undefined, { taskId: "one" })).rejects.toMatchObject({
        code: "not_acknowledged",
      });
      replica.resume();
    });
  });
});
