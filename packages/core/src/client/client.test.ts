import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import * as z from "zod";
import { idsOf, readable } from "../../test/support/builders.ts";
import type { CallOptions } from "../broker/call-options.ts";
import type { EnqueueItem, EnqueueOutcome } from "../broker/enqueue-facet.ts";
import { sqliteBroker } from "../broker/sqlite/index.ts";
import type { HikyakuError } from "../errors.ts";
import { defineTask } from "../task/task.ts";
import { Client, type ClientBroker, type ClientOptions } from "./client.ts";

const mail = defineTask({ type: "email:send", payload: z.object({ to: z.string() }), queue: "critical", maxRetry: 5 });
const note = defineTask({ type: "note" });

/** A real store behind a gate: calls wait while it is shut, and every call is written down. */
class GatedBroker implements ClientBroker {
  async addStatistics(): Promise<void> {}
  readonly pacing = "apart";
  readonly batches: (readonly EnqueueItem[])[] = [];
  readonly #broker: ClientBroker;
  #gate: PromiseWithResolvers<void> | undefined;

  constructor(broker: ClientBroker) {
    this.#broker = broker;
  }

  shut(): void {
    this.#gate = Promise.withResolvers();
  }

  open(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
  }

  async enqueue(items: readonly EnqueueItem[], call?: CallOptions): Promise<readonly EnqueueOutcome[]> {
    this.batches.push(items);
    await this.#gate?.promise;
    return this.#broker.enqueue(items, call);
  }

  get: ClientBroker["get"] = (...args) => this.#broker.get(...args);
  readLog: ClientBroker["readLog"] = (...args) => this.#broker.readLog(...args);
  change: ClientBroker["change"] = (...args) => this.#broker.change(...args);
  send: ClientBroker["send"] = (...args) => this.#broker.send(...args);
  watch: ClientBroker["watch"] = (...args) => this.#broker.watch(...args);
  readEvents: ClientBroker["readEvents"] = (...args) => this.#broker.readEvents(...args);
}

async function setup(options: Partial<ClientOptions> = {}) {
  const folder = await mkdtemp(join(tmpdir(), "hikyaku-client-"));
  const broker = sqliteBroker({ path: join(folder, "tasks.db") });
  const gated = new GatedBroker(broker);
  const client = new Client({ broker: gated, ...options });
  onTestFinished(async () => {
    gated.open();
    await client.close();
    await broker.close();
    await rm(folder, { recursive: true });
  });
  const stored = async (queue: string, id: string) =>
    (await broker.get(queue, [id])).map((task) => task && readable(task))[0];
  return { broker, gated, client, stored };
}

const refusalOf = (promise: Promise<unknown>): Promise<HikyakuError> =>
  promise.then(
    () => Promise.reject(new Error("expected a refusal")),
    (error: HikyakuError) => error,
  );
const fewTurns = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

/** Puts the three trips under way that may be; what is asked for from then on waits. */
async function keepTripsBusy(client: Client): Promise<{ readonly trips: Promise<PromiseSettledResult<unknown>[]> }> {
  const trips: Promise<unknown>[] = [];
  for (const trip of ["first", "second", "third"]) {
    trips.push(client.enqueue(note, `${trip} trip`));
    await fewTurns();
  }
  return { trips: Promise.allSettled(trips) };
}

describe("Client.enqueue", () => {
  it("stores a task with its payload and options", async () => {
    const { client, stored } = await setup();
    const before = Date.now();
    const task = await client.enqueue(mail, { to: "a" }, { timeout: "30s", retention: "1h", headers: { trace: "1" } });
    expect(task).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      type: "email:send",
      queue: "critical",
      state: "pending",
      dueAt: expect.any(Date),
    });
    expect(task.dueAt.getTime()).toBeGreaterThanOrEqual(before);
    const { message, state } = (await stored("critical", task.id)) ?? {};
    expect(state).toBe("pending");
    expect(message).toMatchObject({ type: "email:send", maxRetry: 5, retried: 0, timeoutMs: 30_000, group: "" });
    expect(message).toMatchObject({ retentionMs: 3_600_000, headers: { trace: "1" } });
    expect(new TextDecoder().decode(message?.payload)).toBe('{"to":"a"}');
  });

  it("schedules, and collects in a group", async () => {
    const { client, stored } = await setup();
    const at = new Date(Date.now() + 60_000);
    const scheduled = await client.enqueue(note, "later", { at });
    expect(scheduled).toMatchObject({ state: "scheduled", dueAt: at });
    expect(await stored("default", scheduled.id)).toMatchObject({ state: "scheduled", dueAt: at.getTime() });
    expect((await client.enqueue(note, "together", { group: "g" })).state).toBe("aggregating");
  });

  it("refuses what is there already and says what that is", async () => {
    const { client } = await setup();
    const first = await client.enqueue(note, 1, { uniqueFor: "1h", taskId: "mine" });
    const equal = await refusalOf(client.enqueue(note, 1, { uniqueFor: "1h" }));
    expect(equal).toMatchObject({ code: "task_exists", message: expect.stringContaining('task "mine"') });
    const taken = await refusalOf(client.enqueue(note, 2, { taskId: first.id }));
    expect(taken).toMatchObject({ code: "task_id_taken", message: expect.stringContaining('a task "mine"') });
  });

  it("sends nothing for options or payloads that can't be used", async () => {
    const { client, gated } = await setup({ maxPayloadBytes: 10 });
    expect(await refusalOf(client.enqueue(note, 1, { in: "soon" as never }))).toMatchObject({ code: "invalid_option" });
    expect(await refusalOf(client.enqueue(note, 1, { delay: 3 } as never))).toMatchObject({ code: "invalid_option" });
    expect(await refusalOf(client.enqueue(note, 1, "1s" as never))).toMatchObject({ code: "invalid_option" });
    expect(await refusalOf(client.enqueue(note, 1, { within: "0s" }))).toMatchObject({ code: "invalid_option" });
    expect(await refusalOf(client.enqueue("note" as never, 1 as never))).toMatchObject({ code: "invalid_option" });
    expect(await refusalOf(client.enqueue(mail, { to: 1 } as never))).toMatchObject({ code: "invalid_payload" });
    const large = await refusalOf(client.enqueue(note, "12345678901"));
    expect(large).toMatchObject({
      code: "invalid_payload",
      message: expect.stringContaining("at most 10 bytes, got 13"),
    });
    expect(gated.batches).toEqual([]);
  });

  it("waits for a schema that answers later", async () => {
    const { client, stored } = await setup();
    const later = defineTask({ type: "later", payload: z.string().refine(async (text) => text === "yes") });
    const task = await client.enqueue(later, "yes");
    expect(await stored("default", task.id)).toMatchObject({ state: "pending" });
    expect(await refusalOf(client.enqueue(later, "no"))).toMatchObject({ code: "invalid_payload" });
  });
});

describe("group commit", () => {
  it("sends what one turn asks for in one trip, in order", async () => {
    const { client, gated } = await setup();
    await Promise.all([1, 2, 3].map((number) => client.enqueue(note, number, { taskId: `n${number}` })));
    expect(gated.batches.map((batch) => batch.map(({ message }) => message.id))).toEqual([["n1", "n2", "n3"]]);
  });

  it("gathers what is asked for while a trip is under way, within its bounds", async () => {
    const { client, gated } = await setup();
    gated.shut();
    const { trips } = await keepTripsBusy(client);
    const rest = Array.from({ length: 300 }, () => client.enqueue(note));
    await fewTurns();
    expect(gated.batches.map((batch) => batch.length)).toEqual([1, 1, 1]);
    gated.open();
    await Promise.all([trips, ...rest]);
    expect(gated.batches.map((batch) => batch.length)).toEqual([1, 1, 1, 256, 44]);
  });

  it("sends half of what many callers ask for first, so that the store works while the rest is made ready", async () => {
    const { client, gated } = await setup();
    await Promise.all(Array.from({ length: 100 }, () => client.enqueue(note)));
    expect(gated.batches.map((batch) => batch.length)).toEqual([50, 50]);
  });

  it("sends one trip in a turn of the event loop, so that two do not reach the store together", async () => {
    const { client, gated } = await setup();
    gated.shut();
    const enqueued = Promise.all(Array.from({ length: 100 }, () => client.enqueue(note)));
    await Promise.resolve();
    expect(gated.batches.length).toBe(1);
    await fewTurns();
    expect(gated.batches.length).toBe(2);
    gated.open();
    await enqueued;
  });

  it("bounds a trip by bytes and sends a larger task alone", async () => {
    const { client, gated } = await setup();
    const text = (kilobytes: number): string => "x".repeat(kilobytes * 1_024);
    await Promise.all([100, 100, 100, 900, 1].map((kilobytes) => client.enqueue(note, text(kilobytes))));
    expect(gated.batches.map((batch) => batch.length)).toEqual([2, 1, 1, 1]);
  });

  it("lets tasks of one trip fail one by one", async () => {
    const { client } = await setup();
    const settled = await Promise.allSettled(["a", "a", "b"].map((taskId) => client.enqueue(note, 1, { taskId })));
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });

  it("fails every task of a trip that failed, and goes on", async () => {
    const { broker, gated } = await setup();
    const broken = Object.assign(new GatedBroker(broker), { enqueue: () => Promise.reject(new Error("no such luck")) });
    const client = new Client({ broker: broken });
    const errors = await Promise.all([refusalOf(client.enqueue(note)), refusalOf(client.enqueue(note))]);
    expect(errors.map(({ code }) => code)).toEqual(["answer_lost", "answer_lost"]);
    expect(errors[0]).not.toBe(errors[1]);
    await broker.close();
    const away = new Client({ broker: gated });
    expect(await refusalOf(away.enqueue(note))).toMatchObject({ code: "closed" });
    expect(await refusalOf(away.enqueue(note))).toMatchObject({ code: "closed" });
  });
});

describe("giving up", () => {
  it("sends nothing when the signal fired before", async () => {
    const { client, gated } = await setup();
    const error = await refusalOf(client.enqueue(note, 1, { signal: AbortSignal.abort() }));
    expect(error).toMatchObject({ code: "cancelled", message: expect.stringContaining("was not enqueued") });
    expect(gated.batches).toEqual([]);
  });

  it("takes back a task that waits for its trip, and says that one under way may have been accepted", async () => {
    const { client, gated, stored } = await setup();
    gated.shut();
    const controller = new AbortController();
    const under = refusalOf(client.enqueue(note, 1, { taskId: "under", signal: controller.signal }));
    await fewTurns();
    const waiting = refusalOf(client.enqueue(note, 2, { taskId: "waiting", signal: controller.signal }));
    const other = client.enqueue(note, 3, { taskId: "other" });
    controller.abort();
    expect(await under).toMatchObject({
      code: "cancelled",
      message: expect.stringContaining("may have been accepted"),
    });
    expect(await waiting).toMatchObject({ code: "cancelled", message: expect.stringContaining("was not enqueued") });
    gated.open();
    await other;
    expect(gated.batches.flat().map(({ message }) => message.id)).toEqual(["under", "other"]);
    expect(await stored("default", "waiting")).toBeUndefined();
  });

  it("ends each call at its own deadline while the store hangs", async () => {
    const { client, gated } = await setup();
    gated.shut();
    const patient = client.enqueue(note, 1);
    const hasty = refusalOf(client.enqueue(note, 2, { within: "30ms" }));
    await fewTurns();
    const others = [client.enqueue(note, "second trip")];
    await fewTurns();
    others.push(client.enqueue(note, "third trip"));
    await fewTurns();
    const late = refusalOf(client.enqueue(note, 3, { within: "20ms" }));
    expect(await late).toMatchObject({
      code: "broker_unavailable",
      message: expect.stringContaining("was not enqueued"),
    });
    expect(await hasty).toMatchObject({
      code: "deadline_exceeded",
      message: expect.stringContaining("may have been accepted"),
    });
    gated.open();
    await Promise.all([patient, ...others]);
    expect(gated.batches.map((batch) => batch.length)).toEqual([2, 1, 1]);
  });

  it("leaves no listener on a signal that outlives the call", async () => {
    const { client } = await setup();
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    await client.enqueue(note, 1, { signal });
    await client.enqueueMany([note.with(1)], { signal });
    expect(listeners).toBe(0);
  });
});

describe("Client.enqueueMany", () => {
  it("answers every request in order, each for itself", async () => {
    const { client, gated } = await setup();
    const results = await client.enqueueMany([
      note.with(1, { taskId: "a" }),
      note.with(2, { taskId: "a" }),
      note.with(1n),
      note.with(3, { queue: "{" }),
      undefined as never,
      mail.with({ to: "x" }),
    ]);
    expect(results.map((result) => (result.ok ? result.task.queue : result.error.code))).toEqual([
      "default",
      "task_id_taken",
      "invalid_payload",
      "invalid_option",
      "invalid_option",
      "critical",
    ]);
    expect(gated.batches.map((batch) => batch.length)).toEqual([3]);
  });

  it("answers nothing for nothing", async () => {
    const { client } = await setup();
    expect(await client.enqueueMany([])).toEqual([]);
  });

  it("sends thousands in order and lets others between", async () => {
    const { client, gated, broker } = await setup();
    gated.shut();
    const many = client.enqueueMany(
      Array.from({ length: 2_000 }, (_, index) => note.with(index, { taskId: `t${index}` })),
    );
    await fewTurns();
    const between = client.enqueue(note, 0, { taskId: "between" });
    gated.open();
    await between;
    const sent = gated.batches.flat().map(({ message }) => message.id);
    expect(sent.indexOf("between")).toBe(512);
    expect((await many).every(({ ok }) => ok)).toBe(true);
    const page = await broker.list({ queue: "default", state: "pending", limit: 1_000 });
    const order = idsOf(page.tasks).filter((id) => id !== "between");
    expect(order).toEqual(Array.from({ length: order.length }, (_, index) => `t${index}`));
  });

  it("stops sending when its signal fires", async () => {
    const { client, gated } = await setup();
    gated.shut();
    const controller = new AbortController();
    const many = client.enqueueMany(
      Array.from({ length: 1_000 }, () => note.with(1)),
      { signal: controller.signal },
    );
    await fewTurns();
    controller.abort();
    const results = await many;
    expect(results.length).toBe(1_000);
    const texts = results.map((result) => (result.ok ? "" : `${result.error.code} ${result.error.message}`));
    expect(texts.filter((text) => text.includes("cancelled")).length).toBe(1_000);
    expect(texts.filter((text) => text.includes("may have been accepted")).length).toBe(512);
    expect(gated.batches.length).toBe(2);
  });

  it("refuses a call that makes no sense as a whole", async () => {
    const { client } = await setup();
    expect(await refusalOf(client.enqueueMany(note.with(1) as never))).toMatchObject({ code: "invalid_option" });
    const unknown = await refusalOf(client.enqueueMany([], { timeout: "1s" } as never));
    expect(unknown).toMatchObject({ code: "invalid_option", message: expect.stringContaining('"timeout"') });
  });
});

describe("Client.close", () => {
  it("waits for calls under way, refuses new ones and leaves the broker open", async () => {
    const { client, gated, broker } = await setup();
    gated.shut();
    const many = client.enqueueMany(Array.from({ length: 1_000 }, () => note.with(1)));
    await fewTurns();
    const closed = client.close();
    expect(await refusalOf(client.enqueue(note))).toMatchObject({ code: "closed" });
    expect(await refusalOf(client.enqueueMany([]))).toMatchObject({ code: "closed" });
    gated.open();
    await closed;
    expect((await many).every(({ ok }) => ok)).toBe(true);
    expect((await broker.queue("default"))?.counts.pending).toBe(1_000);
  });

  it("ends within its time when the store hangs", async () => {
    const { client, gated } = await setup();
    gated.shut();
    const under = refusalOf(client.enqueue(note, 1));
    await fewTurns();
    const second = refusalOf(client.enqueue(note, "second trip"));
    await fewTurns();
    const third = refusalOf(client.enqueue(note, "third trip"));
    await fewTurns();
    const waiting = refusalOf(client.enqueue(note, 2));
    await client.close({ within: "20ms" });
    for (const sent of [under, second, third]) {
      expect(await sent).toMatchObject({ code: "closed", message: expect.stringContaining("may have been accepted") });
    }
    expect(await waiting).toMatchObject({ code: "closed", message: expect.stringContaining("was not enqueued") });
  });

  it("happens by itself at the end of the block, and twice does no harm", async () => {
    const { gated } = await setup();
    let outer: Client;
    {
      await using client = new Client({ broker: gated });
      outer = client;
      await client.enqueue(note);
    }
    await outer.close();
    expect(await refusalOf(outer.enqueue(note))).toMatchObject({ code: "closed" });
  });
});

describe("Client options", () => {
  it.each([
    [{}, 'option "broker": expected a broker, got nothing'],
    [{ broker: {} }, 'option "broker": expected a broker, got {}'],
    [{ broker: { enqueue() {} }, maxPayloadBytes: -1 }, 'option "maxPayloadBytes"'],
    [{ broker: { enqueue() {} }, within: "0s" }, 'option "within": expected more than 0'],
    [{ brocker: 1 }, 'Client: unknown option "brocker"; did you mean "broker"?'],
  ])("refuses %j", (options, message) => {
    expect(() => new Client(options as never)).toThrow(message);
  });
});
