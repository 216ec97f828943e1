import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import type { Broker } from "../../src/broker/broker.ts";
import { HikyakuError, isHikyakuError } from "../../src/errors.ts";
import type { Logger } from "../../src/runtime/logger.ts";
import { rawBytes } from "../../src/task/payload.ts";
import { defineTask, type EnqueueRequest } from "../../src/task/task.ts";
import type { AggregateContext, AggregateOptions } from "../../src/worker/groups/aggregate-functions.ts";
import { Revoke, SkipRetry } from "../../src/worker/handling/verdict-errors.ts";
import { bytes, stateOf, stored } from "../support/builders.ts";
import { flakyBroker } from "./flaky-broker.ts";
import { aClient, aServer, Happenings, stores } from "./stores.ts";

const note = defineTask({ type: "note", payload: z.object({ text: z.string() }) });
const digest = defineTask({ type: "digest", payload: z.object({ texts: z.array(z.string()) }), queue: "elsewhere" });

/** Ripe as soon as there is a task, as far as the store's whole seconds let it. */
const soon: AggregateOptions = { gracePeriod: "1s", maxSize: 2 };
const patience = { timeout: 12_000, interval: 20 };

function joined({ tasks }: Pick<AggregateContext<{ text: string }>, "tasks">): EnqueueRequest {
  return digest.with({ texts: tasks.map(({ payload }) => payload.text) });
}

/** A logger that keeps what is said of groups. */
function listening(): { logger: Logger; lines: Happenings<{ message: string; error: unknown }> } {
  const lines = new Happenings<{ message: string; error: unknown }>();
  const add = (message: string, fields: Readonly<Record<string, unknown>> = {}): void =>
    lines.add({ message, error: fields["error"] });
  return { lines, logger: { debug: () => undefined, info: () => undefined, warn: add, error: add } };
}

async function groupsAre(broker: Broker, expected: readonly { group: string; size: number }[]): Promise<void> {
  await vi.waitFor(async () => expect(await broker.groups("default")).toMatchObject(expected), patience);
}

describe.each(stores)("aggregation on $name", ({ open }) => {
  async function setup() {
    const store = await open();
    const broker = store.connect();
    const client = aClient(broker);
    const digests = new Happenings<string[]>();
    const write = async (group: string, ...texts: string[]): Promise<string[]> => {
      const results = await client.enqueueMany(texts.map((text) => note.with({ text }, { group })));
      return results.map((result) => (result.ok ? result.task.id : ""));
    };
    /** A server that also runs the digests. */
    const server = (own: Broker = broker, logger?: Logger) =>
      aServer(own, { ...(logger && { logger }), concurrency: 2 }).handle(
        digest,
        ({ payload }) => void digests.add(payload.texts),
      );
    return { store, broker, client, digests, write, server };
  }

  it("makes one task of a group when it is full, in the group's own queue, and nothing is left of the others", async () => {
    const { broker, digests, write, server } = await setup();
    const seen = new Happenings<object>();
    server()
      .aggregate(
        note,
        (context) => {
          const { queue, group, tasks, deadline, signal } = context;
          seen.add({ queue, group, tasks, inTime: deadline.getTime() > Date.now(), aborted: signal.aborted });
          return joined(context);
        },
        { ...soon, gracePeriod: "60s" },
      )
      .start();
    const ids = await write("letters", "a", "b");
    expect(await digests.reach(1)).toEqual([["a", "b"]]);
    const tasks = ids.map((taskId, index) => ({ taskId, type: "note", headers: {}, payload: { text: "ab"[index] } }));
    expect(seen.all).toEqual([{ queue: "default", group: "letters", tasks, inTime: true, aborted: false }]);
    expect(await broker.get("default", ids)).toEqual([undefined, undefined]);
    expect(await broker.groups("default")).toEqual([]);
  });

  it("waits for the grace period, and takes what came until then", async () => {
    const { digests, write, server } = await setup();
    server().aggregate(note, joined, { gracePeriod: "1s" }).start();
    const start = Date.now();
    await write("letters", "a");
    await write("letters", "b", "c");
    expect(await digests.reach(1)).toEqual([["a", "b", "c"]]);
    expect(Date.now() - start).toBeGreaterThanOrEqual(1_000);
    expect(Date.now() - start).toBeLessThan(4_000);
  });

  it("gives each group to the function with the longest prefix of its name", async () => {
    const { broker, digests, write, server } = await setup();
    const by = (name: string) => () => digest.with({ texts: [name] });
    server()
      .aggregate(note, by("user"), { ...soon, groups: "user:" })
      .aggregateRaw(by("vip"), { ...soon, groups: "user:vip:" })
      .start();
    await write("user:1", "a", "b");
    await write("user:vip:1", "a", "b");
    await write("others", "a", "b");
    expect([...(await digests.reach(2))].sort()).toEqual([["user"], ["vip"]]);
    expect(await broker.groups("default")).toMatchObject([{ group: "others", size: 2 }]);
  });

  it("hands bytes of any type to a raw function", async () => {
    const { client, digests, server } = await setup();
    server()
      .aggregateRaw(
        ({ tasks }) => digest.with({ texts: tasks.map((task) => `${task.type} ${task.payload.length}`) }),
        soon,
      )
      .start();
    const raw = defineTask({ type: "raw", payload: rawBytes, group: "mixed" });
    await client.enqueue(raw, bytes("12345"));
    await client.enqueue(note, { text: "" }, { group: "mixed" });
    expect(await digests.reach(1)).toEqual([["raw 5", "note 11"]]);
  });

  it("takes a large group by slices, each task once, though several servers work on it", async () => {
    const { store, digests, write, server } = await setup();
    for (const broker of [store.connect(), store.connect()]) {
      server(broker).aggregate(note, joined, { gracePeriod: "1s", maxSize: 10 }).start();
    }
    const texts = Array.from({ length: 200 }, (_, index) => String(index));
    await write("letters", ...texts);
    await vi.waitFor(() => expect(digests.all.flat()).toHaveLength(200), patience);
    expect(digests.all.every((each) => each.length <= 10)).toBe(true);
    expect(digests.all.flat().sort()).toEqual([...texts].sort());
  });

  it("releases the locks of the tasks that were aggregated", async () => {
    const { client, digests, server } = await setup();
    server().aggregate(note, joined, soon).start();
    const unique = { group: "letters", uniqueFor: "1h" } as const;
    await client.enqueue(note, { text: "a" }, unique);
    await client.enqueue(note, { text: "b" }, unique);
    await digests.reach(1);
    expect(await client.enqueue(note, { text: "a" }, unique)).toMatchObject({ state: "aggregating" });
  });

  it.each<[string, () => EnqueueRequest | Promise<EnqueueRequest>, string]>([
    [
      "throws",
      () => {
        throw new Error("boom");
      },
      "boom",
    ],
    ["rejects", () => Promise.reject(new Error("boom")), "boom"],
    ["answers nothing", () => undefined as never, "expected one task"],
    ["answers what does not fit", () => digest.with({ texts: 1 } as never), "texts"],
    ["names an id that is taken", () => digest.with({ texts: [] }, { taskId: "taken" }), "already"],
  ])("puts the tasks back when the function %s, and tries again after a pause", async (_, fails, text) => {
    const { broker, client, digests, write, server } = await setup();
    const { logger, lines } = listening();
    await client.enqueue(note, { text: "first" }, { taskId: "taken", in: "1h" });
    let calls = 0;
    server(broker, logger)
      .aggregate(note, (context) => (++calls === 1 ? fails() : joined(context)), soon)
      .start();
    const start = Date.now();
    await write("letters", "a", "b");
    const line = (await lines.reach(1))[0];
    expect(line?.message).toContain("failed; its tasks stay in the group");
    expect(line?.error).toContain(text);
    expect(await digests.reach(1)).toEqual([["a", "b"]]);
    expect(Date.now() - start).toBeGreaterThanOrEqual(500);
    expect(calls).toBe(2);
  });

  it("puts the tasks back when the function hangs, and uses nothing of what it answers later", async () => {
    const { broker, digests, write, server } = await setup();
    const gate = Promise.withResolvers<void>();
    const codes = new Happenings<unknown>();
    let calls = 0;
    server()
      .aggregate(
        note,
        async (context) => {
          if (++calls > 1) return joined(context);
          context.signal.addEventListener("abort", () =>
            codes.add(isHikyakuError(context.signal.reason) && context.signal.reason.code),
          );
          await gate.promise;
          return digest.with({ texts: ["too late"] });
        },
        { ...soon, timeout: "1s" },
      )
      .start();
    await write("letters", "a", "b");
    expect(await codes.reach(1)).toEqual(["deadline_exceeded"]);
    expect(await digests.reach(1)).toEqual([["a", "b"]]);
    gate.resolve();
    await write("letters", "c", "d");
    expect(await digests.reach(2)).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
    expect(await broker.groups("default")).toEqual([]);
  });

  it("puts the tasks back at once when the server stops", async () => {
    const { broker, write, server } = await setup();
    const running = new Happenings<string>();
    const stopped = server().aggregate(
      note,
      ({ group }) => {
        running.add(group);
        return new Promise<never>(() => undefined);
      },
      soon,
    );
    stopped.start();
    await write("letters", "a", "b");
    await running.reach(1);
    expect(await broker.groups("default")).toEqual([]);
    await stopped.stop();
    expect(await broker.groups("default")).toMatchObject([{ group: "letters", size: 2 }]);
  });

  it("lets a function end that runs when the server stops", async () => {
    const { broker, write, server } = await setup();
    const running = new Happenings<string>();
    const gate = Promise.withResolvers<void>();
    const stopped = server().aggregate(
      note,
      async (context) => {
        running.add(context.group);
        await gate.promise;
        return joined(context);
      },
      soon,
    );
    stopped.start();
    await write("letters", "a", "b");
    await running.reach(1);
    const stopping = stopped.stop({ timeout: "10s" });
    gate.resolve();
    await stopping;
    expect((await broker.queue("default"))?.counts).toMatchObject({ pending: 1, aggregating: 0 });
  });

  it("archives tasks whose payloads do not fit, and aggregates the others", async () => {
    const { broker, client, digests, write, server } = await setup();
    server().aggregate(note, joined, soon).start();
    const loose = defineTask({ type: "note" });
    const bad = await client.enqueue(loose, { text: 5 }, { group: "letters" });
    await write("letters", "a");
    expect(await digests.reach(1)).toEqual([["a"]]);
    expect(await stored(broker, bad)).toMatchObject({
      state: "archived",
      message: { lastError: expect.stringContaining("text: ") },
    });
  });

  it("touches no group that holds tasks of another type, and says why", async () => {
    const { broker, client, write, server } = await setup();
    const { logger, lines } = listening();
    let called = false;
    server(broker, logger)
      .aggregate(
        note,
        (context) => {
          called = true;
          return joined(context);
        },
        soon,
      )
      .start();
    const other = await client.enqueue(defineTask({ type: "other" }), {}, { group: "letters" });
    await write("letters", "a");
    expect((await lines.reach(1))[0]?.error).toContain('of type "other"');
    await groupsAre(broker, [{ group: "letters", size: 2 }]);
    expect(await stateOf(broker, other)).toBe("aggregating");
    expect(called).toBe(false);
  });

  it("makes no task larger than the server allows: the others are archived and say why", async () => {
    const { broker, client, write } = await setup();
    const isOver = new Happenings<unknown>();
    aServer(broker, { maxPayloadBytes: 100, onError: (error) => isOver.add(error) })
      .handle(digest, () => undefined)
      .aggregate(note, ({ group }) => digest.with({ texts: [group === "long" ? "x".repeat(100) : "short"] }), soon)
      .start();
    const ids = await write("long", "a", "b");
    await isOver.reach(2);
    for (const id of ids) {
      expect(await stored(broker, { id, queue: "default" })).toMatchObject({
        state: "archived",
        message: {
          lastError: expect.stringMatching(/^payload of the aggregated task: expected at most 100 bytes, got 114;/),
        },
      });
    }
    const fits = await client.enqueue(note, { text: "a" }, { group: "short" });
    await vi.waitFor(async () => expect(await stateOf(broker, fits)).toBeUndefined(), patience);
  });

  it("archives the tasks at SkipRetry and drops them at Revoke", async () => {
    const { broker, write, server } = await setup();
    server()
      .aggregate(
        note,
        ({ group }) => {
          throw group === "skip" ? new SkipRetry("never") : new Revoke();
        },
        soon,
      )
      .start();
    const skipped = await write("skip", "a", "b");
    const revoked = await write("revoke", "a", "b");
    const states = async (ids: string[]) => Promise.all(ids.map((id) => stateOf(broker, { id, queue: "default" })));
    await vi.waitFor(async () => {
      expect(await states(skipped)).toEqual(["archived", "archived"]);
      expect(await states(revoked)).toEqual([undefined, undefined]);
    }, patience);
    expect((await stored(broker, { id: skipped[0] ?? "", queue: "default" })).message.lastError).toBe("never");
  });

  it("enqueues one task, however often the answer of finishing is lost", async () => {
    const { store, digests, write, server } = await setup();
    const real = store.connect();
    let answersToLose = 2;
    const broker = flakyBroker(real, {
      finish: async (...args) => {
        const answer = await real.finish(...args);
        if (answersToLose-- > 0) throw new HikyakuError("deadline_exceeded", "no answer, says the test");
        return answer;
      },
    });
    server(broker).aggregate(note, joined, soon).start();
    await write("letters", "a", "b");
    await vi.waitFor(() => expect(answersToLose).toBe(-1), patience);
    await write("letters", "c", "d");
    expect(await digests.reach(2)).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
  });

  it("is taken up by others when a server dies between taking a group and finishing it", async () => {
    const { store, digests, write, server } = await setup();
    const dying = store.connect();
    await write("letters", "a", "b");
    const limits = { maxSize: 2, maxDelayMs: undefined, gracePeriodMs: 60_000 };
    const set = await dying.collect({ queue: "default", group: "letters", limits, holdMs: 1_000 });
    expect(set?.messages).toHaveLength(2);
    server().aggregate(note, joined, soon).start();
    await vi.waitFor(() => expect(digests.all).toEqual([["a", "b"]]), { timeout: 14_000, interval: 20 });
  }, 20_000);
});

describe("aggregate functions", () => {
  it("are refused when they can't be used", async () => {
    const [kind] = stores;
    const broker = (await kind?.open())?.connect();
    if (broker === undefined) throw new Error("expected a store");
    const server = aServer(broker);
    const wrong: AggregateOptions[] = [
      { gracePeriod: "999ms" },
      { maxDelay: "0s" },
      { maxSize: 0 },
      { maxSize: 1.5 },
      { timeout: "10ms" },
      { groups: 1 as never },
      { gracePeriode: "1s" } as never,
    ];
    for (const options of wrong) {
      expect(() => server.aggregate(note, joined, options), JSON.stringify(options)).toThrow(/option/);
    }
    expect(() => server.aggregate(note, undefined as never)).toThrow(/a function/);
    server.aggregate(note, joined);
    expect(() => server.aggregateRaw(() => digest.with({ texts: [] }))).toThrow(/every group.*already/);
    server.handle(digest, () => undefined).start();
    expect(() => server.aggregate(note, joined, { groups: "late" })).toThrow(/not started/);
  });
});
