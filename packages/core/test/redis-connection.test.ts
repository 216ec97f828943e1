import { execFile } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { promisify } from "node:util";
import { freePort, type RedisServer, redisServerPath, startRedisServer } from "@hikyaku/test-support";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Broker, Reachability } from "../src/broker/broker.ts";
import { redisBroker } from "../src/broker/redis/index.ts";
import { HikyakuError } from "../src/errors.ts";
import { defaultMessage } from "../src/task/default-message.ts";

const opened: Broker[] = [];
const started: RedisServer[] = [];

function open(url: string, options: { commandTimeoutMs?: number } = {}): Broker {
  const broker = redisBroker({ url, ...options });
  opened.push(broker);
  return broker;
}

async function start(options: Parameters<typeof startRedisServer>[0] = {}): Promise<RedisServer> {
  const server = await startRedisServer(options);
  started.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((broker) => broker.close()));
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

function untilReachable(broker: Broker, reachable: boolean): Promise<Reachability> {
  if (broker.reachability().reachable === reachable) return Promise.resolve(broker.reachability());
  return new Promise((resolve) => {
    const stop = broker.onReachability((reachability) => {
      if (reachability.reachable !== reachable) return;
      stop();
      resolve(reachability);
    });
  });
}

const run = promisify(execFile);

async function redisCli(server: RedisServer, ...args: string[]): Promise<string> {
  const { stdout } = await run("redis-cli", ["-p", String(server.port), ...args]);
  return stdout;
}

const elapsed = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await work();
  return performance.now() - start;
};

describe.skipIf(redisServerPath() === undefined)("redis connection (needs redis-server)", () => {
  it("refuses at once while nobody listens, and serves as soon as a server is there, without a restart", async () => {
    const port = await freePort();
    const broker = open(`redis://127.0.0.1:${port}`);
    await expect(broker.ready()).rejects.toMatchObject({ code: "broker_unavailable" });
    expect(
      await elapsed(() => expect(broker.ready()).rejects.toMatchObject({ code: "broker_unavailable" })),
    ).toBeLessThan(100);
    await start({ port });
    const since = performance.now();
    await untilReachable(broker, true);
    expect(performance.now() - since).toBeLessThan(2_000);
    await broker.ready();
  });

  it("is back within two seconds of a killed server's return, as often as it happens", async () => {
    const server = await start();
    const broker = open(server.url);
    await broker.ready();
    for (let round = 0; round < 3; round++) {
      await server.kill();
      await untilReachable(broker, false);
      await expect(broker.queues()).rejects.toMatchObject({ code: "broker_unavailable" });
      await server.restart();
      const since = performance.now();
      await untilReachable(broker, true);
      expect(performance.now() - since).toBeLessThan(2_000);
      await expect(broker.queues()).resolves.toEqual([]);
    }
  });

  it("keeps its deadline when the server freezes, says that the outcome is unknown, and recovers with it", async () => {
    const server = await start();
    const broker = open(server.url, { commandTimeoutMs: 300 });
    await broker.ready();
    server.pause();
    const took = await elapsed(() => expect(broker.ready()).rejects.toMatchObject({ code: "deadline_exceeded" }));
    expect(took).toBeLessThan(1_000);
    expect(
      await elapsed(() => expect(broker.ready()).rejects.toMatchObject({ code: "broker_unavailable" })),
    ).toBeLessThan(100);
    server.resume();
    const since = performance.now();
    await untilReachable(broker, true);
    expect(performance.now() - since).toBeLessThan(2_000);
    await broker.ready();
  });

  it("refuses a call that is under way when the server dies, and a waiting one too", async () => {
    const server = await start();
    const broker = open(server.url);
    await broker.ready();
    const waiting = broker.waitForWork(["default"], { timeoutMs: 60_000 });
    const refused = expect(waiting).rejects.toMatchObject({ code: "answer_lost" });
    // The blocking connection is made by the wait itself, so the kill waits until the server sees it blocked.
    while (!(await redisCli(server, "info", "clients")).includes("blocked_clients:1"));
    await server.kill();
    await refused;
  });

  it("closes while the server is frozen, and refuses every call from then on", async () => {
    const server = await start();
    const broker = open(server.url);
    await broker.ready();
    server.pause();
    const underWay = expect(broker.queues()).rejects.toMatchObject({ code: "closed" });
    expect(await elapsed(() => broker.close())).toBeLessThan(500);
    await underWay;
    await expect(broker.queues()).rejects.toBeInstanceOf(HikyakuError);
    server.resume();
  });

  it("leaves no connection behind when it is closed while one is being opened", async () => {
    // Says nothing, as a server that is starting or frozen: only the other side can end the connection.
    const silent = createServer();
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const accepted = once(silent, "connection");
    const broker = open(`redis://127.0.0.1:${port}`);
    const refused = expect(broker.ready()).rejects.toThrow();
    const [socket]: Socket[] = await accepted;
    await broker.close();
    await refused;
    socket?.resume();
    expect(await elapsed(() => once(socket as Socket, "close"))).toBeLessThan(3_000);
    silent.close();
    await once(silent, "close");
  });

  it("gives up when the caller's signal fires, before and after the call was sent", async () => {
    const server = await start();
    const broker = open(server.url);
    await broker.ready();
    await expect(broker.queues({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "cancelled" });
    server.pause();
    const controller = new AbortController();
    const call = expect(broker.queues({ signal: controller.signal })).rejects.toMatchObject({ code: "cancelled" });
    controller.abort();
    await call;
    server.resume();
  });

  it("works on after the server forgot all scripts", async () => {
    const server = await start();
    const broker = open(server.url);
    await broker.forwardDue({ queue: "default", limit: 10 });
    await redisCli(server, "script", "flush");
    await expect(broker.forwardDue({ queue: "default", limit: 10 })).resolves.toEqual({
      moved: 0,
      nextDueAt: undefined,
      isLeaseOver: false,
      setAside: [],
    });
  });

  it("says when it begins to listen, and when it listens again, since words were missed before", async () => {
    const server = await start();
    const listener = open(server.url);
    const moments: number[] = [];
    listener.listen((signal) => {
      if (signal.kind === "listening") moments.push(performance.now());
    });
    await vi.waitFor(() => expect(moments).toHaveLength(1));
    await redisCli(server, "client", "kill", "type", "pubsub");
    await vi.waitFor(() => expect(moments).toHaveLength(2), { timeout: 5_000 });
  });

  it("hears signals again after its connection was cut", async () => {
    const server = await start();
    const listener = open(server.url);
    const sender = open(server.url);
    const heard: string[] = [];
    let tell = (): void => undefined;
    listener.listen((signal) => {
      if (signal.kind !== "cancel") return;
      heard.push(signal.taskId);
      tell();
    });
    const nextSignal = async (taskId: string): Promise<void> => {
      const { promise, resolve } = Promise.withResolvers<void>();
      tell = resolve;
      // A subscription has no answer that could be waited for from outside, so the word is repeated until it is heard.
      const timer = setInterval(() => void sender.send({ kind: "cancel", taskId }).catch(() => undefined), 20);
      await promise;
      clearInterval(timer);
    };
    await nextSignal("one");
    await server.kill();
    await server.restart();
    await nextSignal("two");
    expect(new Set(heard)).toEqual(new Set(["one", "two"]));
  });

  it("says in words why a server refuses: password, memory", async () => {
    const server = await start({ args: ["--requirepass", "secret"] });
    const withoutPassword = open(server.url);
    await expect(withoutPassword.ready()).rejects.toThrow(/NOAUTH|password/i);
    const withPassword = redisBroker({ url: server.url, password: "secret" });
    opened.push(withPassword);
    await withPassword.ready();
    expect(withPassword.location).not.toContain("secret");
    const full = await start({ args: ["--maxmemory", "1mb", "--maxmemory-policy", "noeviction"] });
    const broker = open(full.url);
    const payload = new Uint8Array(64 * 1024);
    const answers = await broker.enqueue(
      Array.from({ length: 64 }, (_, index) => ({
        message: { ...aMessage, id: `id-${index}`, payload },
        placement: { kind: "now" },
      })),
    );
    const refused = answers.filter((answer) => answer.kind === "failed");
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.error).toMatchObject({
      code: "store_rejected",
      message: expect.stringContaining("out of memory"),
    });
  });

  it("survives a peer that is no Redis at all", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.resume();
      socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const broker = open(`redis://127.0.0.1:${port}`);
    await expect(broker.ready({ timeoutMs: 1_000 })).rejects.toBeInstanceOf(HikyakuError);
    await broker.close();
    server.close();
    await once(server, "close");
  });

  it.each(["http://127.0.0.1", "127.0.0.1:6379", "redis://", "redis://h/x", ""])("explains a bad url: %j", (url) => {
    expect(() => redisBroker({ url })).toThrow(/option "url": expected redis:\/\/user:password@host:port\/db/);
  });

  it("never shows a password in an explanation", () => {
    expect(() => redisBroker({ url: "http://user:secret@host" })).toThrow(/\*\*\*@host/);
  });
});

const aMessage = defaultMessage({ id: "id", type: "t", queue: "default", maxRetry: 25, timeoutMs: 1_800_000 });
