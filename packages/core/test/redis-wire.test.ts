import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { redisServerPath, startRedisServer } from "@hikyaku/test-support";
import { describe, expect, it, onTestFinished } from "vitest";
import { type ConnectionSettings, targetOf } from "../src/broker/redis/wire/place.ts";
import { list } from "../src/broker/redis/wire/reply.ts";
import { Wire } from "../src/broker/redis/wire/wire.ts";

function settingsFor(port: number): { readonly settings: ConnectionSettings; readonly place: Wire["place"] } {
  const target = targetOf({ addr: `127.0.0.1:${port}` });
  if (target.kind !== "server") throw new Error(`expected one server, got ${target.kind}`);
  return target;
}

/** A wire that is destroyed with the test, and why it ended before that. */
function open(port: number, silenceMs?: number): { readonly wire: Wire; readonly ended: Promise<Error> } {
  const { settings, place } = settingsFor(port);
  const { promise, resolve } = Promise.withResolvers<Error>();
  const wire = new Wire(settings, place, silenceMs, resolve);
  onTestFinished(() => wire.destroy());
  return { wire, ended: promise };
}

async function redis(): Promise<Wire> {
  const server = await startRedisServer();
  onTestFinished(() => server.stop());
  const { wire } = open(server.port);
  await wire.greet(settingsFor(server.port).settings);
  return wire;
}

/** A peer that does what the test says with what it hears. */
async function peer(onData: (socket: Socket, piece: Buffer) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", (piece) => onData(socket, piece));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  });
  return (server.address() as AddressInfo).port;
}

describe.skipIf(redisServerPath() === undefined)("a wire to Redis (needs redis-server)", () => {
  it.each([
    ["plain", Buffer.from("plain")],
    ["of every byte", Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
    ["that is empty", Buffer.alloc(0)],
    ["that is long", Buffer.alloc(300_000, "0123456789")],
  ])("carries binary %s", async (_what, value) => {
    const wire = await redis();
    await wire.ask(["SET", "key", value]);
    expect(await wire.ask(["GET", "key"])).toEqual(value);
  });

  it("carries text in any script", async () => {
    const wire = await redis();
    const text = "飛脚 🏃 Ærøskøbing";
    await wire.ask(["SET", text, text]);
    expect(String(await wire.ask(["GET", text]))).toBe(text);
  });

  it("refuses an argument that is no text and no bytes, and goes on with what else was asked", async () => {
    const wire = await redis();
    const [before, refused, after] = await Promise.allSettled([
      wire.ask(["ECHO", "before"]),
      wire.ask(["ECHO", 5 as never]),
      wire.ask(["ECHO", "after"]),
    ]);
    expect([before, after].map((settled) => settled.status === "fulfilled" && String(settled.value))).toEqual([
      "before",
      "after",
    ]);
    expect(refused).toMatchObject({ reason: { code: "invalid_option", message: expect.stringContaining("got 5") } });
  });

  it("answers in order, refusals too, also between long arguments", async () => {
    const wire = await redis();
    const long = Buffer.alloc(50_000, "x");
    const asked = [
      ["RPUSH", "list", "a", long, "飛", long],
      ["GET", "list"],
      ["LLEN", "list"],
      ["LINDEX", "list", "2"],
    ];
    const answers = await Promise.allSettled(asked.map((args) => wire.ask(args)));
    expect(answers.map((answer) => (answer.status === "fulfilled" ? answer.value : answer.reason))).toEqual([
      4,
      expect.objectContaining({ word: "WRONGTYPE" }),
      4,
      Buffer.from("飛"),
    ]);
  });

  it("keeps apart what is asked and what is heard on one connection", async () => {
    const wire = await redis();
    const heard: string[] = [];
    const both = Promise.withResolvers<void>();
    await wire.subscribe("news", (message) => {
      if (heard.push(String(message)) === 2) both.resolve();
    });
    const [, length] = await Promise.all([wire.ask(["PUBLISH", "news", "one"]), wire.ask(["STRLEN", "none"])]);
    expect(length).toBe(0);
    await wire.ask(["PUBLISH", "news", "two"]);
    // Servers since Redis 7.2 answer who publishes before they tell it the message.
    await both.promise;
    expect(heard).toEqual(["one", "two"]);
  });

  it("greets as a user that has no password, and as nobody in particular", async () => {
    const server = await startRedisServer();
    onTestFinished(() => server.stop());
    const { settings } = settingsFor(server.port);
    const { wire } = open(server.port);
    await wire.greet(settings);
    expect(String(await wire.ask(["ACL", "WHOAMI"]))).toBe("default");
    await wire.ask(["ACL", "SETUSER", "guest", "on", "nopass", "~*", "+@all"]);
    const { wire: other } = open(server.port);
    await other.greet({ ...settings, username: "guest", db: 3 });
    expect(String(await other.ask(["ACL", "WHOAMI"]))).toBe("guest");
    expect(String(await other.ask(["CLIENT", "INFO"]))).toContain(" db=3 ");
    expect(
      list(await other.ask(["HELLO"]))
        .map(String)
        .join(" "),
    ).toMatch(/\bproto 3\b/);
  });

  it("says in plain words that a server has no such database", async () => {
    const server = await startRedisServer();
    onTestFinished(() => server.stop());
    const { wire } = open(server.port);
    await expect(wire.greet({ ...settingsFor(server.port).settings, db: 99 })).rejects.toThrow(
      /^expected 127\.0\.0\.1:\d+ to have a database 99, it answers: ERR .*; its setting databases says/,
    );
  });

  it("tells every caller of many when it ends in the middle", async () => {
    const wire = await redis();
    const asked = Array.from({ length: 3_000 }, () => wire.ask(["PING"]));
    const last = wire.ask(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no"]);
    const after = Array.from({ length: 100 }, () => wire.ask(["PING"]));
    const answers = await Promise.allSettled([...asked, last, ...after]);
    expect(answers.slice(0, 3_000).every(({ status }) => status === "fulfilled")).toBe(true);
    expect(answers.slice(3_001).every(({ status }) => status === "rejected")).toBe(true);
    await expect(wire.ask(["PING"])).rejects.toThrow();
    expect(wire.isReady).toBe(false);
  });
});

describe("a wire to a peer that is not well", () => {
  it("gives it up when it stays silent, having asked twice whether it is there", async () => {
    let heard = "";
    const port = await peer((_socket, piece) => {
      heard += piece.toString();
    });
    const { wire, ended } = open(port, 20);
    const greeting = wire.greet(settingsFor(port).settings);
    await expect(greeting).rejects.toThrow(/is silent/);
    expect((await ended).message).toMatch(/is silent/);
    expect(heard.match(/PING/g)).toHaveLength(2);
  });

  it("keeps it while it answers", async () => {
    let pings = 0;
    const enough = Promise.withResolvers<void>();
    const port = await peer((socket) => {
      socket.write("+PONG\r\n");
      if (++pings === 5) enough.resolve();
    });
    const { wire } = open(port, 20);
    await enough.promise;
    await expect(wire.ask(["PING"])).resolves.toEqual(Buffer.from("PONG"));
  });

  it.each([
    ["speaks another protocol", "HTTP/1.1 400 Bad Request\r\n\r\n", /is no Redis: .*HTTP/],
    ["answers more than it was asked", "+OK\r\n+OK\r\n+OK\r\n", /is no Redis: expected no answer/],
  ])("gives one up that %s", async (_what, words, why) => {
    const port = await peer((socket) => socket.write(words));
    const { wire, ended } = open(port);
    await wire.ask(["PING"]).catch(() => undefined);
    expect((await ended).message).toMatch(why);
  });
});
