import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RedisServer, startRedisServer } from "@hikyaku/test-support";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from "vitest";
import type { Broker } from "../src/broker/broker.ts";
import { redisBroker } from "../src/broker/redis/index.ts";
import { sqliteBroker } from "../src/broker/sqlite/index.ts";
import { Client } from "../src/client/client.ts";
import { HikyakuError } from "../src/errors.ts";
import { watchEvents } from "../src/events/watch-events.ts";
import type { WatchedEvent } from "../src/events/watched-event.ts";
import { silentLogger } from "../src/runtime/logger.ts";
import { defineTask } from "../src/task/task.ts";
import { Server } from "../src/worker/server.ts";
import { connectRaw } from "./support/task-places.ts";

const mail = defineTask({ type: "email:send", maxRetry: 3 });
const note = defineTask({ type: "note", queue: "low" });
type Events = AsyncIterableIterator<WatchedEvent, undefined>;

async function take(events: Events, count: number): Promise<WatchedEvent[]> {
  const taken: WatchedEvent[] = [];
  while (taken.length < count) {
    const { done, value } = await events.next();
    if (done === true) break;
    taken.push(value);
  }
  return taken;
}

const told = (event: WatchedEvent): string => ("taskId" in event ? `${event.kind} ${event.type}` : event.kind);

const stores: Readonly<Record<string, () => Promise<{ broker: () => Broker; cleanup: () => unknown }>>> = {
  SQLite: async () => {
    const folder = mkdtempSync(join(tmpdir(), "hikyaku-events-"));
    const path = join(folder, "tasks.db");
    return { broker: () => sqliteBroker({ path }), cleanup: () => rmSync(folder, { recursive: true, force: true }) };
  },
  Redis: async () => {
    const redis = await startRedisServer();
    return { broker: () => redisBroker({ url: redis.url }), cleanup: () => redis.stop() };
  },
};

describe.each(Object.entries(stores))("events on %s", (name, open) => {
  let store: Awaited<ReturnType<typeof open>>;
  let broker: Broker;
  let other: Broker;
  let client: Client;
  const ends: (() => unknown)[] = [];
  beforeAll(async () => {
    if (name !== "Redis" || inject("redisServerPath") !== null) store = await open();
  });
  afterAll(() => store?.cleanup());
  beforeEach(async ({ skip }) => {
    skip(name === "Redis" && inject("redisServerPath") === null, "redis-server is not installed");
    broker = store.broker();
    other = store.broker();
    client = new Client({ broker });
  });
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
    await client.close();
    await broker.close();
    await other.close();
    vi.restoreAllMocks();
  });

  /** Whoever watches on `other`, once what `broker` does is told. */
  async function watching(options: Parameters<typeof watchEvents>[1] = {}): Promise<Events> {
    const events = watchEvents(other, options);
    ends.push(() => events.return?.());
    // Some seconds at the latest, since it asks again only then.
    await expect.poll(() => broker.mayBeWatched() && marks(), { timeout: 10_000, interval: 50 }).toBe(true);
    return events;
  }

  async function marks(): Promise<boolean> {
    const before = (await other.readEvents({ limit: 1 })).position;
    await client.enqueue(mail, {}, { queue: "marks" });
    await vi
      .waitFor(async () => expect((await other.readEvents({ limit: 1 })).position).not.toBe(before), {
        timeout: 400,
        interval: 20,
      })
      .catch(() => undefined);
    return (await other.readEvents({ limit: 1 })).position !== before;
  }

  function aServer(): Server {
    const server = new Server({ broker, queues: { default: 1, low: 1 }, logger: silentLogger });
    ends.push(() => server.stop());
    return server;
  }

  it("tell the life of a task in order, and of its server, to whoever wants them", async () => {
    const server = aServer();
    let runs = 0;
    server.handle(mail, async () => {
      if (runs++ === 0) throw new Error("no luck");
    });
    const events = await watching({ queues: ["default"] });
    server.start();
    await client.enqueue(mail, { secret: "of the payload" });
    const taken: WatchedEvent[] = [];
    for await (const event of events) {
      taken.push(event);
      if (event.kind === "settled") break;
    }
    expect(taken.map(({ kind }) => kind).toSorted()).toEqual(["enqueued", "server_came", "settled", "started"]);
    expect(taken.map(({ kind }) => kind).slice(-2)).toEqual(["started", "settled"]);
    const { serverId } = server;
    expect(taken.find(({ kind }) => kind === "started")).toMatchObject({ serverId, retried: 0, queue: "default" });
    expect(taken.at(-1)).toMatchObject({ outcome: "retry", attempt: "retry", serverId, error: "no luck" });
    expect(JSON.stringify(taken)).not.toContain("secret");
  });

  it("are as many as are wanted: by kind, queue and type", async () => {
    const all = await watching({ kinds: ["enqueued"], queues: ["default", "low"] });
    const byType = watchEvents(other, { types: ["note"] });
    const none = watchEvents(other, { kinds: ["settled"] });
    ends.push(() => byType.return?.());
    await client.enqueueMany([mail.with({}), note.with({}), mail.with({})]);
    expect((await take(all, 3)).map(told)).toEqual(["enqueued email:send", "enqueued note", "enqueued email:send"]);
    expect((await take(byType, 1)).map(told)).toEqual(["enqueued note"]);
    const rest = none.next();
    await none.return?.();
    expect(await rest).toEqual({ done: true, value: undefined });
    expect(() => watchEvents(other, { kinds: ["enqueud" as "enqueued"] })).toThrow(/option "kinds": expected some of/);
    expect(() => watchEvents(other, { queues: "low" as unknown as string[] })).toThrow(/option "queues"/);
    expect(() => watchEvents(other, { after: "yesterday" })).toThrow(/expected the position of an event/);
  });

  it("are read once, however many watch", async () => {
    const read = vi.spyOn(other, "readEvents");
    const watch = vi.spyOn(other, "watch");
    await watching();
    const before = watch.mock.calls.length;
    const many = Array.from({ length: 50 }, () => watchEvents(other, { queues: ["default"] }));
    read.mockClear();
    await client.enqueue(mail, {});
    const firsts = await Promise.all(many.map((events) => take(events, 1)));
    expect(new Set(firsts.map(([event]) => event)).size).toBe(1);
    expect(read.mock.calls.length).toBeLessThan(15);
    expect(watch.mock.calls.length - before).toBeLessThan(3);
    for (const events of many) await events.return?.();
  });

  it("end when their signal fires, when the client closes, and when the broker closes", async () => {
    const leaving = new AbortController();
    const watcher = new Client({ broker: other });
    const aborted = watcher.events({ signal: leaving.signal });
    const closed = watcher.events();
    const last = watchEvents(other);
    const ended = [aborted, closed, last].map((events) => events.next());
    leaving.abort();
    expect(await ended[0]).toEqual({ done: true, value: undefined });
    await watcher.close();
    expect(await ended[1]).toEqual({ done: true, value: undefined });
    expect(() => watcher.events()).toThrow(/closed/);
    await other.close();
    expect(await ended[2]).toEqual({ done: true, value: undefined });
    const late = watchEvents(broker, { signal: leaving.signal });
    expect(await late.next()).toEqual({ done: true, value: undefined });
  });

  it("go on after a position, without a gap and without one twice", async () => {
    const events = await watching({ queues: ["default"] });
    await client.enqueueMany(Array.from({ length: 5 }, () => mail.with({})));
    const [first, ...rest] = await take(events, 5);
    const resumed = watchEvents(other, { queues: ["default"], after: first?.position ?? "" });
    await client.enqueueMany([note.with({}, { queue: "default" })]);
    const again = await take(resumed, 5);
    expect(again.map(({ position }) => position).slice(0, 4)).toEqual(rest.map(({ position }) => position));
    expect(again.map(told).at(-1)).toBe("enqueued note");
    await resumed.return?.();
    // A second reader of the store, which has none of it in memory.
    const third = store.broker();
    ends.push(() => third.close());
    const elsewhere = watchEvents(third, { queues: ["default"], after: first?.position ?? "" });
    expect((await take(elsewhere, 5)).map(({ position }) => position)).toEqual(again.map(({ position }) => position));
    await elsewhere.return?.();
  });

  it("say how many a slow reader lacks, and hold no more than a thousand for it", async () => {
    const events = await watching({ queues: ["default"] });
    const fast = watchEvents(other, { queues: ["default"] });
    ends.push(() => fast.return?.());
    for (let round = 0; round < 3; round++) {
      await client.enqueueMany(Array.from({ length: 500 }, () => mail.with({})));
      await take(fast, 500);
    }
    const taken = await take(events, 1_001);
    expect(taken.slice(0, 1_000).every(({ kind }) => kind === "enqueued")).toBe(true);
    expect(taken[1_000]).toMatchObject({ kind: "gap", missed: 500 });
    await client.enqueue(note, {}, { queue: "default" });
    expect((await take(events, 1)).map(told)).toEqual(["enqueued note"]);
  });

  it("say that some may be missing where the mark had lapsed, also to who comes back", async () => {
    const events = await watching({ queues: ["default"] });
    await client.enqueue(mail, {});
    const [{ position } = { position: "" }] = await take(events, 1);
    vi.spyOn(other, "watch").mockResolvedValueOnce("began");
    expect(await take(events, 1)).toMatchObject([{ kind: "reset" }]);
    const back = watchEvents(other, { after: position });
    expect(await take(back, 1)).toMatchObject([{ kind: "reset" }]);
    await back.return?.();
  });

  it("go on when the store is back", async () => {
    const events = await watching({ queues: ["default"] });
    const read = vi.spyOn(other, "readEvents");
    const away = new HikyakuError("broker_unavailable", "the store is away");
    read.mockRejectedValueOnce(away).mockRejectedValueOnce(away).mockRejectedValueOnce(away);
    await client.enqueue(mail, {});
    expect((await take(events, 1)).map(told)).toEqual(["enqueued email:send"]);
    expect(read.mock.calls.length).toBeGreaterThan(3);
    // Where the store refuses for good, waiting would be in vain.
    read.mockRejectedValueOnce(new HikyakuError("store_rejected", "NOPERM"));
    await expect(take(events, 1)).rejects.toMatchObject({ code: "store_rejected" });
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  it("are told in the process, whoever watches, and a listener that fails disturbs nothing", async () => {
    const lines: string[] = [];
    const logger = { ...silentLogger, error: (message: string) => void lines.push(message) };
    const server = new Server({ broker, logger, queues: { own: 1 } });
    ends.push(() => server.stop());
    server.handle(mail, async () => undefined);
    const heard: string[] = [];
    const settled = Promise.withResolvers<void>();
    server.on("started", () => Promise.reject(new Error("a fault of the listener")));
    server.on("started", ({ type, serverId }) => heard.push(`started ${type} ${serverId === server.serverId}`));
    const end = server.on("settled", () => heard.push("never"));
    end();
    server.on("settled", ({ outcome, attempt }) => {
      heard.push(`settled ${outcome} ${attempt}`);
      settled.resolve();
    });
    expect(() => server.on("finished" as "settled", () => undefined)).toThrow(/expected one of started, progressed/);
    server.start();
    await client.enqueue(mail, {}, { queue: "own" });
    await settled.promise;
    expect(heard).toEqual(["started email:send true", "settled done done"]);
    expect(lines).toContain("a listener of a server failed");
  });
});

describe("events on a Redis that lost everything", () => {
  let redis: RedisServer;
  beforeEach(async ({ skip }) => {
    skip(inject("redisServerPath") === null, "redis-server is not installed");
    redis = await startRedisServer();
  });
  afterEach(() => redis?.stop());

  it("begin anew with a reset", async () => {
    const broker = redisBroker({ url: redis.url });
    const client = new Client({ broker });
    const events = client.events({ kinds: ["enqueued"] });
    const first = events.next();
    const enqueueing = setInterval(() => void client.enqueue(mail, {}).catch(() => undefined), 100);
    expect(await first).toMatchObject({ value: { kind: "enqueued" } });
    const before = (await broker.readEvents({ limit: 1 })).position;
    const raw = await connectRaw(redis.url);
    await raw.flushAll();
    raw.destroy();
    const after: WatchedEvent[] = [];
    for await (const event of events) {
      after.push(event);
      if (after.some(({ kind }) => kind === "reset") && event.kind === "enqueued") break;
    }
    clearInterval(enqueueing);
    expect(after.at(-1)?.position.split("-")[0]).not.toBe(before.split("-")[0]);
    await client.close();
    await broker.close();
  });
});
