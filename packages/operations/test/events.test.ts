import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EventView, eventView, problem } from "@hikyaku/contract";
import { type Broker, Client, defineTask, Server, silentLogger, type WatchedEvent } from "hikyaku";
import { sqliteBroker } from "hikyaku/sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventFrames } from "../src/events/event-frames.ts";
import { type Mounting, mountings } from "./mountings.ts";
import { describeOnBothStores } from "./stores.ts";
import { testOperations } from "./test-operations.ts";

const read = { authorization: "Bearer read" };
const mail = defineTask({ type: "email:send", queue: "mail" });

/** Waits until what a broker does is told. While it asks whether somebody watches, it does not know. */
async function told(broker: Broker): Promise<void> {
  const known = async (): Promise<boolean> => {
    broker.mayBeWatched();
    await broker.readEvents({ limit: 1 });
    await new Promise((resolve) => setImmediate(resolve));
    return broker.mayBeWatched();
  };
  await expect.poll(known, { timeout: 10_000, interval: 20 }).toBe(true);
}

interface Frame {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: string | undefined;
}

/** Reads a stream as browsers do. */
class EventReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #text = "";

  constructor(answer: Response) {
    if (answer.body === null) throw new Error("expected a body");
    this.#reader = answer.body.getReader();
  }

  /** The next frame with data. Undefined at the end. */
  async next(): Promise<Frame | undefined> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end >= 0) {
        const frame = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        const field = (name: string): string | undefined => new RegExp(`^${name}: (.*)$`, "m").exec(frame)?.[1];
        if (field("data") !== undefined) return { id: field("id"), event: field("event"), data: field("data") };
        continue;
      }
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#text += Buffer.from(value).toString();
    }
  }

  close(): Promise<void> {
    return this.#reader.cancel();
  }
}

function parsed(frame: Frame | undefined) {
  const view = eventView.parse(JSON.parse(frame?.data ?? ""));
  expect(frame?.event).toBe(view.kind);
  expect(frame?.id).toMatch(/^\d+-\d+$/);
  return view;
}

describe.each(Object.entries(mountings))("events mounted in %s", (_name, mount) => {
  let folder: string;
  let broker: Broker;
  let mounting: Mounting;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "hikyaku-sse-"));
    broker = sqliteBroker({ path: join(folder, "hikyaku.db") });
    mounting = await mount(testOperations(broker).operations);
  });
  afterEach(async () => {
    await mounting.close();
    await broker.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("come as they happen, and go on where a reader left", async () => {
    const answer = await mounting.ask("/events?kind=enqueued&kind=settled", { headers: read });
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
    const reader = new EventReader(answer);
    const client = new Client({ broker });
    await told(broker);
    for (let index = 0; index < 3; index++) await client.enqueue(mail, { secret: "of the payload" });
    const first = await reader.next();
    expect(parsed(first)).toMatchObject({ kind: "enqueued", type: "email:send", queue: "mail", due_at: null });
    expect(first?.data).not.toContain("secret");
    const rest = [await reader.next(), await reader.next()];
    await reader.close();
    for (const more of [{ "last-event-id": String(first?.id) }, undefined]) {
      const path = more === undefined ? `/events?after=${first?.id}` : "/events?after=1-1";
      const again = new EventReader(await mounting.ask(path, { headers: { ...read, ...more } }));
      expect([await again.next(), await again.next()]).toEqual(rest);
      await again.close();
    }
    await client.close();
  });
});

describeOnBothStores("events", (served) => {
  const get = (path: string, headers: Record<string, string> = {}) =>
    served.mounting.ask(path, { headers: { ...read, ...headers } });

  it("tell of a server and of what becomes of its tasks", async () => {
    const reader = new EventReader(await get("/events?queue=mail"));
    await told(served.broker);
    const server = new Server({ broker: served.broker, queues: { mail: 1 }, logger: silentLogger });
    server.handle(mail, ({ progress }) => {
      progress({ done: 1, total: 4 });
      return new Promise((resolve) => setTimeout(resolve, 600));
    });
    const client = new Client({ broker: served.broker });
    server.start();
    const sent = await client.enqueue(mail, {});
    const views: EventView[] = [];
    while (!views.some(({ kind }) => kind === "settled")) views.push(parsed(await reader.next()));
    expect(views.map(({ kind }) => kind).toSorted()).toEqual([
      "enqueued",
      "progressed",
      "server_came",
      "settled",
      "started",
    ]);
    const { serverId: server_id } = server;
    expect(views).toContainEqual(expect.objectContaining({ kind: "progressed", done: 1, total: 4, task_id: sent.id }));
    expect(views.at(-1)).toMatchObject({ outcome: "done", attempt: "done", server_id, error: null, retry_at: null });
    await server.stop();
    expect(parsed(await reader.next())).toMatchObject({ kind: "server_went", server_id, queues: ["mail"] });
    await reader.close();
    await client.close();
  });

  it("say that some may be missing to who comes back with an id that nobody knows any more", async () => {
    const reader = new EventReader(await get("/events", { "last-event-id": "1-1" }));
    expect(parsed(await reader.next())).toEqual({ kind: "reset" });
    await reader.close();
  });

  it("refuse a query and an id that are none", async () => {
    for (const [path, id, code] of [
      ["/events?kind=finished", undefined, "invalid_query"],
      ["/events?after=yesterday", undefined, "invalid_query"],
      ["/events?kinds=settled", undefined, "invalid_query"],
      ["/events", "yesterday", "invalid_headers"],
    ] as const) {
      const answer = await get(path, id === undefined ? {} : { "last-event-id": id });
      expect([answer.status, problem.parse(await answer.json()).code]).toEqual([422, code]);
    }
  });
});

describe("frames of events", () => {
  /** Events that a test hands out one by one. */
  function handed() {
    const waiting: ((result: IteratorResult<WatchedEvent, undefined>) => void)[] = [];
    const events: AsyncIterator<WatchedEvent, undefined> = {
      next: () => new Promise((resolve) => waiting.push(resolve)),
    };
    return { events, hand: (event: WatchedEvent) => waiting.shift()?.({ done: false, value: event }) };
  }

  it("begin with when to come back, and a comment breaks a silence", async () => {
    const { events, hand } = handed();
    const frames = eventFrames(events, 10);
    expect((await frames.next()).value).toBe("retry: 3000\n\n");
    expect((await frames.next()).value).toBe(":\n\n");
    expect((await frames.next()).value).toBe(":\n\n");
    hand({ kind: "gap", missed: 7, position: "5-6" });
    let { value } = await frames.next();
    if (value === ":\n\n") ({ value } = await frames.next());
    expect(value).toBe('id: 5-6\nevent: gap\ndata: {"kind":"gap","missed":7}\n\n');
  });
});
