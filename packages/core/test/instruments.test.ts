import { channel } from "node:diagnostics_channel";
import { describe, expect, it, onTestFinished } from "vitest";
import { Inspector } from "../src/inspector/inspector.ts";
import { type Instrument, instruments } from "../src/instruments/index.ts";
import { defineTask } from "../src/task/task.ts";
import { placedNow } from "./support/builders.ts";
import { grouped, taken } from "./support/group-builders.ts";
import { aClient, aServer, Happenings, stores } from "./worker/stores.ts";

const mail = defineTask({ type: "mail", maxRetry: 1 });

/** All that an instrument tells of one store while the test runs. */
function heardFrom<Reading extends object>(instrument: Instrument<Reading>): Reading[] {
  const heard: Reading[] = [];
  onTestFinished(instrument.listen((reading) => heard.push(reading)));
  return heard;
}

describe.each(stores)("the instruments on $name", ({ open }) => {
  it("tell of a task from its enqueueing to the end of each attempt", async () => {
    const broker = (await open()).connect();
    const [enqueued, claimed, settled, started] = [
      heardFrom(instruments.enqueued),
      heardFrom(instruments.claimed),
      heardFrom(instruments.settled),
      heardFrom(instruments.started),
    ];
    const ended = new Happenings<string>();
    const server = aServer(broker, { retryDelay: ["10ms"] }).handle(mail, ({ retried }) => {
      ended.add(`attempt ${retried}`);
      if (retried === 0) throw new Error("first");
    });
    await server.start();
    const { id } = await aClient(broker).enqueue(mail, { to: "x" });
    await ended.reach(2);
    await server.stop();

    const [sent] = enqueued;
    expect(sent).toMatchObject({ store: broker.location, error: undefined, outcomes: [{ kind: "accepted" }] });
    expect(sent?.items.map(({ message }) => message.id)).toEqual([id]);
    expect(claimed.flatMap(({ result }) => result?.tasks.map(({ message }) => message.id) ?? [])).toEqual([id, id]);
    expect(started).toMatchObject([{ task: { id, retried: 0 } }, { task: { id, retried: 1 } }]);
    const ends = settled.flatMap(({ settlements, results }) =>
      settlements.map(({ attempt, outcome }, index) => [outcome.kind, attempt?.error, results[index]]),
    );
    expect(ends).toEqual([
      ["retry", "first", "settled"],
      ["done", undefined, "settled"],
    ]);
    for (const { durationMs } of [...enqueued, ...claimed, ...settled]) expect(durationMs).toBeGreaterThan(0);
  });

  it("tell also of tasks that are made of a group, and of a turn of a schedule", async () => {
    const broker = (await open()).connect();
    const enqueued = heardFrom(instruments.enqueued);
    const turn = { entryId: "e", turnAt: Date.now(), item: placedNow(), firedBy: "s" };
    expect(await broker.fireTurn(turn)).toMatchObject({ kind: "fired" });
    expect(await broker.fireTurn({ ...turn, firedBy: "another" })).toEqual({ kind: "fired_before" });
    await broker.enqueue([grouped(), grouped()]);
    const set = await taken(broker, { limits: { maxSize: 2 } });
    const one = placedNow();
    expect(await broker.finish(set, one)).toMatchObject({ kind: "finished" });
    expect(await broker.finish(set, one)).toEqual({ kind: "lost" });
    expect(enqueued.map(({ items, outcomes }) => [items.length, outcomes.map(({ kind }) => kind)])).toEqual([
      [1, ["accepted"]],
      [2, ["accepted", "accepted"]],
      [1, ["accepted"]],
    ]);
    expect(enqueued[2]?.items).toEqual([one]);
  });

  it("tell of a lease that was taken from a server in the middle of its work", async () => {
    const broker = (await open()).connect();
    const lost = heardFrom(instruments.lost);
    const running = new Happenings<string>();
    const server = aServer(broker).handle(mail, ({ taskId, signal }) => {
      running.add(taskId);
      return new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    });
    await server.start();
    const { id } = await aClient(broker).enqueue(mail, {});
    await running.reach(1);
    const inspector = new Inspector({ broker });
    await expect.poll(() => inspector.servers()).toHaveLength(1);
    await inspector.evictServer(server.serverId, { force: true, wait: "0s" });
    await expect.poll(() => lost).toMatchObject([{ server: { serverId: server.serverId }, task: { id } }]);
  });

  it("tell of a call that failed, with why", async () => {
    const broker = (await open()).connect();
    const enqueued = heardFrom(instruments.enqueued);
    await broker.close();
    await expect(aClient(broker).enqueue(mail, {})).rejects.toThrow();
    // Also one that a store refuses task by task.
    const told = enqueued.flatMap(({ error, outcomes }) => [error, ...outcomes.map(({ kind }) => kind)]);
    expect(told.filter((what) => what !== undefined)).not.toEqual([]);
  });

  it("are disturbed by no listener: one that throws, one that rejects, one that is gone", async () => {
    const broker = (await open()).connect();
    onTestFinished(instruments.enqueued.listen(() => Promise.reject(new Error("rejects"))));
    onTestFinished(
      instruments.enqueued.listen(() => {
        throw new Error("throws");
      }),
    );
    const late: object[] = [];
    const stop = instruments.enqueued.listen((reading) => late.push(reading));
    stop();
    await aClient(broker).enqueue(mail, {});
    expect(late).toEqual([]);
  });
});

it("are channels of the process, which other libraries find by their names", () => {
  expect(Object.values(instruments).map(({ name }) => name)).toEqual([
    "hikyaku:enqueued",
    "hikyaku:claimed",
    "hikyaku:settled",
    "hikyaku:started",
    "hikyaku:lost",
  ]);
  expect(instruments.lost.isHeard).toBe(false);
  const hear = (): void => undefined;
  channel("hikyaku:lost").subscribe(hear);
  expect(instruments.lost.isHeard).toBe(true);
  channel("hikyaku:lost").unsubscribe(hear);
  expect(instruments.lost.isHeard).toBe(false);
});
