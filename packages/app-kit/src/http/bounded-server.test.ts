import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { Readable } from "node:stream";
import fastify, { type FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { boundedServer, type ServerBounds } from "./bounded-server.ts";

const get = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;
const patience = { timeout: 10_000, interval: 10 };

describe("a bounded server", () => {
  let app: FastifyInstance;
  let port: number;
  /** The answers that were begun, by path, and how many of them are under way. */
  let answers: { readonly begun: string[]; underWay: number; mostUnderWay: number };
  let warnings: string[];
  /** Held back answers of `/held`. */
  let release: PromiseWithResolvers<void>;
  const sockets: Socket[] = [];

  beforeEach(() => {
    answers = { begun: [], underWay: 0, mostUnderWay: 0 };
    warnings = [];
    release = Promise.withResolvers();
  });
  afterEach(async () => {
    release.resolve();
    for (const socket of sockets.splice(0)) socket.destroy();
    await app.close();
  });

  async function start(bounds: Partial<ServerBounds> = {}): Promise<void> {
    app = fastify({ ...boundedServer({ maxConnections: 50, maxConnectionsPerAddress: 50, ...bounds }, logger()) });
    const mine = answers;
    app.addHook("onRequest", async (request, reply) => {
      mine.begun.push(request.url);
      mine.mostUnderWay = Math.max(mine.mostUnderWay, ++mine.underWay);
      reply.raw.prependOnceListener("close", () => mine.underWay--);
    });
    app.get("/target", ({ url, headers }) => ({ url, host: headers.host }));
    app.get("/small", () => "ok");
    app.get("/large", () => Buffer.alloc(32 * 1024 * 1024));
    app.get("/endless", (_request, reply) => reply.send(Readable.from(chunks())));
    app.get("/events", (_request, reply) => reply.type("text/event-stream").send(Readable.from(chunks())));
    app.get("/held", async () => {
      await release.promise;
      return "held";
    });
    app.post("/body", (request) => request.body);
    await app.listen({ host: "127.0.0.1", port: 0 });
    port = (app.server.address() as AddressInfo).port;
  }

  function logger() {
    const log = fastify().log;
    return { ...log, warn: (...args: unknown[]) => void warnings.push(String(args.at(-1))) };
  }

  async function open(from = "127.0.0.1"): Promise<Socket> {
    const socket = connect({ port, host: "127.0.0.1", localAddress: from });
    socket.on("error", () => undefined);
    sockets.push(socket);
    await once(socket, "connect");
    return socket;
  }

  async function read(socket: Socket): Promise<string> {
    const parts: string[] = [];
    socket.on("data", (data) => parts.push(String(data)));
    await once(socket, "close");
    return parts.join("");
  }

  /** Resolves when the server has hung up, without reading what it sent. */
  async function hungUp(socket: Socket): Promise<void> {
    await vi.waitFor(async () => expect(await connections()).toBe(0), patience);
    socket.destroy();
  }

  async function connections(): Promise<number> {
    return await new Promise((resolve, reject) =>
      app.server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
    );
  }

  it("answers the requests of one connection in their order, one at a time", async () => {
    await start();
    const socket = await open();
    socket.write(get("/held") + get("/small") + get("/small", "Connection: close\r\n"));
    await vi.waitFor(() => expect(answers.begun).toEqual(["/held"]), patience);
    release.resolve();
    const text = await read(socket);
    expect(text.match(/HTTP\/1.1 200/g)).toHaveLength(3);
    expect(text.indexOf("held")).toBeLessThan(text.indexOf("ok"));
    expect(answers).toEqual({ begun: ["/held", "/small", "/small"], underWay: 0, mostUnderWay: 1 });
  });

  it("hangs up on who asks a thousand times and never reads, having begun one answer", async () => {
    await start();
    const socket = await open();
    socket.pause();
    socket.write(get("/large").repeat(1_300));
    await hungUp(socket);
    expect(answers.begun).toEqual(["/large"]);
    await vi.waitFor(() => expect(answers.underWay).toBe(0), patience);
    expect(warnings).toEqual(["connections cut: requests came faster than their answers were taken"]);
    expect(await read(await open())).toBe("");
    expect(answers.begun).toEqual(["/large"]);
  });

  it("goes on serving a proxy whose client asked far ahead", async () => {
    await start({ trustProxy: ["127.0.0.1"] });
    const [bad, good] = [await open(), await open()];
    bad.pause();
    bad.write(get("/large").repeat(1_300));
    await vi.waitFor(async () => expect(await connections()).toBe(1), patience);
    good.write(get("/small", "Connection: close\r\n"));
    expect(await read(good)).toMatch(/^HTTP\/1.1 200/);
    const later = await open();
    later.write(get("/small", "Connection: close\r\n"));
    expect(await read(later)).toMatch(/^HTTP\/1.1 200/);
  });

  it("hangs up on who leaves an answer unread", async () => {
    await start({ stallTimeoutMs: 300 });
    const socket = await open();
    socket.pause();
    socket.write(get("/large"));
    await hungUp(socket);
    expect(warnings).toEqual(["connections cut: an answer was not read"]);
  });

  it("hangs up on who never comes to an end with reading", async () => {
    await start({ answerTimeoutMs: 300 });
    const socket = await open();
    socket.write(get("/endless"));
    const answer = await read(socket);
    expect(answer.length).toBeGreaterThan(1_000);
    await vi.waitFor(() => expect(answers.underWay).toBe(0), patience);
  });

  it("lets who reads events read on", async () => {
    await start({ answerTimeoutMs: 200 });
    const socket = await open();
    socket.write(get("/events"));
    const startedAt = performance.now();
    await vi.waitFor(() => {
      expect(performance.now() - startedAt).toBeGreaterThan(600);
      expect([socket.destroyed, answers.underWay]).toEqual([false, 1]);
    }, patience);
    socket.destroy();
    await vi.waitFor(() => expect(answers.underWay).toBe(0), patience);
  });

  it("hangs up on who connects and says nothing", async () => {
    await start({ stallTimeoutMs: 300 });
    expect(await read(await open())).toBe("");
  });

  it("lets who waits for us wait", async () => {
    await start({ stallTimeoutMs: 100 });
    const socket = await open();
    socket.write(get("/held", "Connection: close\r\n"));
    await vi.waitFor(() => expect(answers.begun).toEqual(["/held"]), patience);
    const timedOut = vi.fn();
    app.server.on("timeout", timedOut);
    await vi.waitFor(() => expect(timedOut.mock.calls.length).toBeGreaterThan(2), patience);
    release.resolve();
    expect(await read(socket)).toMatch(/^HTTP\/1.1 200/);
  });

  it.each([
    ["http://evil.example/target?a=1", "evil.example"],
    ["HTTPS://evil.example:8443/target?a=1", "evil.example:8443"],
  ])("goes by the host of the target in GET %s, not by the Host header", async (target, host) => {
    await start();
    const socket = await open();
    socket.write(get(target, "Connection: close\r\n"));
    expect(await read(socket)).toContain(JSON.stringify({ url: "/target?a=1", host }));
  });

  it.each([
    ["no Host", "GET /target HTTP/1.1\r\n\r\n"],
    ["two Hosts", get("/target", "Host: evil.example\r\n")],
    ["a user in its target", get("http://localhost@evil.example/target")],
    ["a target of another scheme", get("ftp://localhost/target")],
    ["a target without a host", get("http:///target")],
  ])("answers 400 with a problem to a request with %s", async (_what, bytes) => {
    await start();
    const socket = await open();
    socket.write(bytes);
    const answer = await read(socket);
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer).toContain("application/problem+json");
    expect(answer).toContain('"code":"bad_request"');
    expect(answers.begun).toEqual([]);
  });

  it("answers 408 within a second of the time that a slow body has", async () => {
    await start({ requestTimeoutMs: 1_000 });
    const socket = await open();
    const since = performance.now();
    socket.write("POST /body HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{");
    const answer = await read(socket);
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
    expect(answer).toContain('"code":"request_timeout"');
    // A second between looks, and one for the last words; what is more is the machine's.
    expect(performance.now() - since).toBeLessThan(6_000);
  });

  it("answers 408 to headers that come byte by byte", async () => {
    await start({ requestTimeoutMs: 1_000 });
    const socket = await open();
    socket.write("GET /small HTTP/1.1\r\nX-A: ");
    const timer = setInterval(() => socket.write("a"), 50);
    const answer = await read(socket);
    clearInterval(timer);
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
  });

  it.each([
    ["of one address", { maxConnectionsPerAddress: 2 }],
    ["of all", { maxConnections: 2 }],
  ])("refuses connections over the limit %s with 503, and serves again when others have ended", async (_of, bounds) => {
    await start(bounds);
    const held = await Promise.all([open(), open()]);
    for (const socket of held) socket.write(get("/held"));
    await vi.waitFor(() => expect(answers.begun).toHaveLength(2), patience);
    const refused = await read(await open());
    expect(refused).toMatch(/^HTTP\/1.1 503 /);
    expect(refused).toContain('"code":"overloaded"');
    expect(warnings).toHaveLength(1);
    for (const socket of held) socket.destroy();
    await vi.waitFor(async () => expect(await connections()).toBe(0), patience);
    const socket = await open();
    socket.write(get("/small", "Connection: close\r\n"));
    expect(await read(socket)).toMatch(/^HTTP\/1.1 200/);
  });

  it("makes room by ending what is idle, the longest idle first", async () => {
    await start({ maxConnectionsPerAddress: 2 });
    const [first, second] = [await open(), await open()];
    for (const socket of [first, second]) {
      socket.write(get("/small"));
      await once(socket, "data");
    }
    const third = await open();
    third.write(get("/small", "Connection: close\r\n"));
    expect(await read(third)).toMatch(/^HTTP\/1.1 200/);
    await vi.waitFor(() => expect(first.closed).toBe(true), patience);
    expect(second.closed).toBe(false);
  });

  it("keeps who was answered, and ends who says nothing instead", async () => {
    await start({ maxConnectionsPerAddress: 3 });
    const answered = await open();
    answered.write(get("/small"));
    await once(answered, "data");
    const silent = await open();
    const second = await open();
    second.write(get("/held"));
    await vi.waitFor(() => expect(answers.begun).toContain("/held"), patience);
    // The silent one keeps its place for a second, and then goes before the one that is older and was answered.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const last = await open();
    last.write(get("/small", "Connection: close\r\n"));
    expect(await read(last)).toMatch(/^HTTP\/1.1 200/);
    await vi.waitFor(() => expect(silent.destroyed).toBe(true), patience);
    expect(answered.closed).toBe(false);
    expect(warnings).toEqual(["connections cut to make room: no whole request came"]);
  });

  const body = "POST /body HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{";
  it.for([
    ["say nothing", ""],
    ["never end their headers", "GET /small HTTP/1.1\r\nX-A: a"],
    ["never end their bodies", body],
    ["never read", get("/large")],
  ] as const)(
    "serves newcomers while it is full of connections from seven addresses that %s",
    async ([, bytes], { skip }) => {
      skip(process.platform !== "linux", "only Linux has more than one loopback address");
      await start({ maxConnections: 70, maxConnectionsPerAddress: 15 });
      const idle = await open("127.0.0.1");
      idle.write(get("/small"));
      await once(idle, "data");
      const attack = async () => {
        for (let from = 20; from < 27; from++) {
          for (let time = 0; time < 11; time++) {
            const socket = await open(`127.0.0.${from}`);
            socket.pause();
            socket.write(bytes);
          }
        }
      };
      const answered: boolean[] = [];
      for (let round = 0; round < 20; round++) {
        if (round % 5 === 0) await attack();
        const honest = await open("127.0.0.3");
        honest.write(get("/small", "Connection: close\r\n"));
        answered.push((await read(honest)).startsWith("HTTP/1.1 200"));
      }
      expect(answered.filter(Boolean).length).toBeGreaterThanOrEqual(19);
      if (bytes !== get("/large")) expect(idle.closed).toBe(false);
    },
  );

  it("leaves other addresses their share, and proxies as many as there are", async ({ skip }) => {
    skip(process.platform !== "linux", "only Linux has more than one loopback address");
    await start({ maxConnectionsPerAddress: 1, trustProxy: ["127.0.0.8/30"] });
    const ask = async (from: string) => {
      const socket = await open(from);
      socket.write(get("/held"));
      return socket;
    };
    await ask("127.0.0.1");
    await ask("127.0.0.2");
    await ask("127.0.0.9");
    await ask("127.0.0.9");
    await vi.waitFor(() => expect(answers.begun).toHaveLength(4), patience);
    expect(await read(await open("127.0.0.2"))).toMatch(/^HTTP\/1.1 503 /);
  });
});

async function* chunks(): AsyncGenerator<Buffer> {
  for (;;) {
    yield Buffer.alloc(1_000, "x");
    await new Promise((resolve) => setImmediate(resolve));
  }
}
