import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { isSince, type RedisServer, redisServerPath, serverProgram, startRedisServer } from "@hikyaku/test-support";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { Broker } from "../src/broker/broker.ts";
import { type RedisOptions, redisBroker } from "../src/broker/redis/index.ts";
import { checkStore } from "../src/doctor/check-store.ts";
import { placedAt, placedNow, unique } from "./support/builders.ts";
import { documentedAcl } from "./support/documented-acl.ts";

const run = promisify(execFile);
const luaFolder = join(import.meta.dirname, "../src/broker/redis/lua");
const queues = ["default", "other"];

describe.skipIf(redisServerPath() === undefined)("a Redis that refuses writes (needs redis-server)", () => {
  let server: RedisServer;
  beforeEach(async () => {
    server = await startRedisServer();
  });
  afterEach(() => server.stop());

  async function redis(...words: string[]): Promise<string> {
    const { stdout } = await run("redis-cli", ["-p", String(server.port), ...words]);
    return stdout.trim();
  }

  async function open(options: RedisOptions = {}): Promise<Broker> {
    const broker = redisBroker({ addr: `127.0.0.1:${server.port}`, ...options });
    onTestFinished(() => broker.close());
    await broker.ready();
    return broker;
  }

  /** The outcome of one enqueue, and what the broker knows of its writes then. */
  async function enqueued(broker: Broker) {
    const [outcome] = await broker.enqueue([placedNow()]);
    return { outcome, health: broker.writeHealth() };
  }

  it("is known from the calls that fail, until one does not", async () => {
    const broker = await open();
    await redis("config", "set", "maxmemory", "1");
    expect((await enqueued(broker)).outcome?.kind).toBe("failed");
    const { health } = await enqueued(broker);
    expect(health).toMatchObject({
      written: 0,
      failing: [{ kind: "enqueue", calls: 2, reason: expect.stringContaining("OOM") }],
    });
    await redis("config", "set", "maxmemory", "0");
    expect((await enqueued(broker)).health).toEqual({ written: 1, failing: [] });
  });

  it("is not one that refuses a single task for its own sake, by the probe", async () => {
    const broker = await open();
    const item = unique(placedNow());
    await broker.enqueue([item]);
    const [lock = ""] = (await redis("keys", "asynq:{default}:unique:*")).split("\n");
    await redis("del", lock);
    await redis("lpush", lock, "x");
    expect(await broker.enqueue([unique(placedNow())])).toMatchObject([{ kind: "failed" }]);
    expect(broker.writeHealth().failing).toMatchObject([{ kind: "enqueue", calls: 1 }]);
    await expect(broker.probeWrites(queues)).resolves.toBeUndefined();
  });

  it("is found by a probe: out of memory, although reading works", async () => {
    const broker = await open();
    await redis("config", "set", "maxmemory", "1");
    await expect(broker.queues()).resolves.toEqual([]);
    await expect(broker.probeWrites(queues)).rejects.toMatchObject({
      code: "store_rejected",
      message: expect.stringContaining("OOM"),
    });
    await redis("config", "set", "maxmemory", "0");
    await expect(broker.probeWrites(queues)).resolves.toBeUndefined();
  });

  it("is found by a probe: a replica", async () => {
    const broker = await open();
    const master = await startRedisServer();
    onTestFinished(() => master.stop());
    await redis("replicaof", "127.0.0.1", String(master.port));
    await expect(broker.probeWrites(queues)).rejects.toMatchObject({ message: expect.stringContaining("READONLY") });
  });

  it("is found by a probe: too few replicas", async () => {
    const broker = await open();
    await redis("config", "set", "min-replicas-to-write", "1");
    await expect(broker.probeWrites(queues)).rejects.toMatchObject({ message: expect.stringContaining("NOREPLICAS") });
  });

  it("is found by a probe: snapshots that fail", async () => {
    const broker = await open();
    await redis("config", "set", "save", "3600 1");
    await redis("set", "something", "to save");
    await redis("config", "set", "dbfilename", "missing.rdb");
    await run("rm", ["-r", server.dir]);
    await redis("bgsave");
    await expect
      .poll(() => redis("info", "persistence"), { timeout: 10_000 })
      .toMatch(/rdb_bgsave_in_progress:0[\s\S]*rdb_last_bgsave_status:err/);
    await expect(broker.probeWrites(queues)).rejects.toMatchObject({ message: expect.stringContaining("MISCONF") });
  });

  it("is found by a probe: writing that is paused, within the call's deadline", async () => {
    const broker = await open();
    await redis("client", "pause", "5000", "write");
    await expect(broker.probeWrites(queues, { timeoutMs: 300 })).rejects.toMatchObject({ code: "deadline_exceeded" });
    await redis("client", "unpause");
    await expect(broker.probeWrites(queues, { timeoutMs: 5_000 })).resolves.toBeUndefined();
  });

  it.each(["pending", "active", "lease", "scheduled", "retry", "archived", "completed", "groups"])(
    "is found by a probe: something else in the place of a queue's %s",
    async (name) => {
      const broker = await open();
      await redis("set", `asynq:{other}:${name}`, "no such thing");
      await expect(broker.probeWrites(["default"])).resolves.toBeUndefined();
      await expect(broker.probeWrites(queues)).rejects.toMatchObject({
        code: "store_rejected",
        message: expect.stringMatching(new RegExp(`queue "other".*asynq:\\{other\\}:${name}.*WRONGTYPE`)),
      });
    },
  );

  it("is found by the doctor, whole or in one queue, which it is not without", async () => {
    const broker = await open();
    await broker.enqueue([placedNow(), placedNow({ queue: "other" })]);
    const findings = async () => (await checkStore(broker)).filter(({ kind }) => kind === "writes_fail");
    expect(await findings()).toEqual([]);
    await redis("set", "asynq:{other}:lease", "no such thing");
    expect(await findings()).toMatchObject([
      { level: "error", detail: expect.stringContaining("asynq:{other}:lease") },
    ]);
    await redis("config", "set", "maxmemory", "1");
    expect(await findings()).toMatchObject([{ level: "error", detail: expect.stringContaining("OOM") }]);
  });

  it("leaves nothing behind, and no word that a listener of ours hears", async () => {
    const broker = await open();
    const heard: string[] = [];
    const ended = broker.listen((signal) => void heard.push(signal.kind));
    await expect.poll(() => heard).toEqual(["listening"]);
    await broker.enqueue([placedNow(), placedAt(Date.now() + 60_000)]);
    await expect.poll(() => heard).toEqual(["listening", "due_sooner"]);
    const before = (await redis("keys", "*")).split("\n").sort();
    await broker.probeWrites(["default", "never-seen"]);
    expect((await redis("keys", "*")).split("\n").sort()).toEqual(before);
    expect(heard).toEqual(["listening", "due_sooner"]);
    ended();
  });

  it("costs a queue that is not the first of its server nothing that has to be passed on", async () => {
    const broker = await open();
    const offset = async (): Promise<number> =>
      Number(/master_repl_offset:(\d+)/.exec(await redis("info", "replication"))?.[1]);
    const replica = await startRedisServer({ args: ["--replicaof", "127.0.0.1", String(server.port)] });
    onTestFinished(() => replica.stop());
    await expect.poll(() => redis("info", "replication"), { timeout: 10_000 }).toContain("state=online");
    const cost = async (names: readonly string[]): Promise<number> => {
      const before = await offset();
      await broker.probeWrites(names);
      return (await offset()) - before;
    };
    const one = await cost(["default"]);
    const hundred = await cost(Array.from({ length: 100 }, (_, index) => `queue-${index}`));
    expect(one).toBeLessThan(2_000);
    // Redis 6.2 passes on a MULTI and an EXEC, 29 bytes, for a script that wrote nothing; later ones pass on nothing.
    expect(hundred - one).toBeLessThan(100 * 30);
  });

  describe("as a user with permissions", () => {
    const password = "hunter2";
    const asUser = { username: "hikyaku", password };

    async function withUser(more: string): Promise<Broker> {
      const [, ...rules] = documentedAcl(password, more).split(" ");
      await redis("acl", "setuser", ...rules);
      return open(asUser);
    }

    it("takes the documented ones for enough", async () => {
      await expect((await withUser("")).probeWrites(queues)).resolves.toBeUndefined();
    });

    it.each(["evalsha", "hset", "lpush", "zadd", "rpop", "lrem", "zrem", "expire", "publish"])(
      "is found by a probe: %s was taken away",
      async (command) => {
        const broker = await withUser("");
        await redis("acl", "setuser", "hikyaku", `-${command}`);
        await expect(broker.probeWrites(queues)).rejects.toMatchObject({ code: "store_rejected" });
      },
    );

    it.each(["~hikyaku:*", "~asynq:*"])("is found by a probe: only %s is left of the keys", async (pattern) => {
      const broker = await withUser("");
      await redis("acl", "setuser", "hikyaku", "resetkeys", pattern);
      await expect(broker.probeWrites(queues)).rejects.toMatchObject({ code: "store_rejected" });
    });

    it("is found by a probe: keys that may be read only", async ({ skip }) => {
      skip(!isSince(serverProgram(redisServerPath() ?? ""), "7.0"), "needs the permissions of Redis 7, such as %R~key");
      const broker = await withUser("");
      await redis("acl", "setuser", "hikyaku", "resetkeys", "~hikyaku:*", "%R~asynq:*");
      await expect(broker.probeWrites(queues)).rejects.toMatchObject({ code: "store_rejected" });
    });
  });

  it("is asked for every command that the scripts of clients and workers call", () => {
    const commandsOf = (name: string): Set<string> => {
      const source = readFileSync(join(luaFolder, `${name}.lua`), "utf8");
      const included = [...source.matchAll(/@include "([^"]+)"/g)].map(([, part]) => `includes/${part}`);
      const own = [...source.matchAll(/(?:call|touch\([^,]+,|p?call,?)\(?\s*'([A-Z]+)'/g)].map(
        ([, word]) => word ?? "",
      );
      return new Set([...own, ...included.flatMap((part) => [...commandsOf(part)])]);
    };
    const tried = commandsOf("probe");
    for (const name of ["enqueue", "work", "extend", "forward-due", "take-over", "take-back", "sweep", "announce"]) {
      const missing = [...commandsOf(name)].filter((command) => !tried.has(command) && command !== "OBJECT");
      expect({ name, missing }).toEqual({ name, missing: [] });
    }
  });
});
