import { describe, expect, expectTypeOf, it, vi } from "vitest";
import { z } from "zod";
import type { Broker } from "../src/broker/broker.ts";
import { Client } from "../src/client/client.ts";
import { HikyakuError } from "../src/errors.ts";
import { Inspector } from "../src/inspector/inspector.ts";
import { rawBytes } from "../src/task/payload.ts";
import { defineTask } from "../src/task/task.ts";
import { SkipRetry } from "../src/worker/handling/verdict-errors.ts";
import { bytes, claimedOne, enqueuedAndClaimed, settled, stateOf } from "./support/builders.ts";
import { FakeClock } from "./support/fake-clock.ts";
import { flakyBroker } from "./worker/flaky-broker.ts";
import { aClient, aServer, stores } from "./worker/stores.ts";

const report = defineTask({
  type: "report",
  payload: z.object({ pages: z.number() }),
  result: z.object({ url: z.string(), madeAt: z.string().transform((text) => new Date(text)) }),
  retention: "1h",
});
const madeAt = "2026-01-31T12:00:00.000Z";
const made = { url: "/1", madeAt: new Date(madeAt) };

describe.each(stores)("results on $name", ({ open }) => {
  async function setup() {
    const broker = (await open()).connect();
    return { broker, client: aClient(broker) };
  }

  const working = (broker: Broker) =>
    aServer(broker).handle(report, ({ payload }) => {
      if (payload.pages === 0) throw new SkipRetry("nothing to print");
      return { url: `/${payload.pages}`, madeAt };
    });

  it("are waited for and come back parsed by the definition's schema, typed", async () => {
    const { broker, client } = await setup();
    const task = await client.enqueue(report, { pages: 1 });
    const waiting = client.waitForResult(task);
    working(broker).start();
    const result = await waiting;
    expectTypeOf(result).toEqualTypeOf<{ url: string; madeAt: Date }>();
    expect(result).toEqual(made);
    expect(await client.result(task)).toEqual(made);
    const named = await client.result({ queue: task.queue, id: task.id, definition: report });
    expectTypeOf(named).toEqualTypeOf<{ url: string; madeAt: Date }>();
    expect(named).toEqual(made);
    expect(await client.waitForResult({ queue: task.queue, id: task.id, definition: report })).toEqual(made);
  });

  it("that are there already need no time to pass: a clock that stands still is enough", async () => {
    const clock = new FakeClock();
    const broker = (await open()).connect({ clock });
    const task = await enqueuedAndClaimed(broker, { type: "report", retentionMs: 3_600_000 });
    await settled(broker, task, { kind: "completed", result: bytes(JSON.stringify({ url: "/1", madeAt })) });
    await using client = new Client({ broker, clock });
    const { id, queue } = task.message;
    expect(await client.waitForResult({ id, queue, definition: report })).toEqual(made);
  });

  it("of many tasks are waited for together, also of tasks of `enqueueMany`", async () => {
    const { broker } = await setup();
    let looks = 0;
    const counting = flakyBroker(broker, {
      get: (...args) => {
        looks++;
        return broker.get(...args);
      },
    });
    const client = new Client({ broker: counting });
    const results = await client.enqueueMany(
      Array.from({ length: 100 }, (_, index) => report.with({ pages: index + 1 })),
    );
    const waiting = results.map((result) => {
      if (!result.ok) throw result.error;
      return client.waitForResult(result.task);
    });
    working(broker).start();
    expect((await Promise.all(waiting)).slice(0, 2)).toEqual([made, { ...made, url: "/2" }]);
    expect(looks).toBeLessThan(50);
    await client.close();
  });

  it("are not there yet while the task waits or runs, also when it has written one", async () => {
    const { broker, client } = await setup();
    const task = await client.enqueue(report, { pages: 1 });
    await expect(client.result(task)).rejects.toMatchObject({ code: "wrong_state" });
    const { lease } = await claimedOne(broker);
    await broker.writeResult(lease, bytes("{}"));
    await expect(client.result(task)).rejects.toMatchObject({
      code: "wrong_state",
      message: expect.stringContaining("it is active"),
    });
  });

  it("never come of what was archived, deleted or has no retention, and each says so", async () => {
    const { broker, client } = await setup();
    working(broker).start();
    const hopeless = await client.enqueue(report, { pages: 0 });
    const archived = { code: "task_archived", message: expect.stringContaining("nothing to print") };
    await expect(client.waitForResult(hopeless)).rejects.toMatchObject(archived);
    await expect(client.result(hopeless)).rejects.toMatchObject(archived);

    const deleted = await client.enqueue(report, { pages: 1 }, { in: "1h" });
    const waiting = client.waitForResult(deleted);
    waiting.catch(() => undefined);
    await new Inspector({ broker }).deleteTask(deleted.queue, deleted.id);
    await expect(waiting).rejects.toMatchObject({ code: "task_not_found" });

    const unkept = await client.enqueue(report, { pages: 1 }, { retention: "0s", in: "1h" });
    const refusal = { code: "invalid_option", message: expect.stringContaining("has no retention") };
    await expect(client.waitForResult(unkept)).rejects.toMatchObject(refusal);
    await expect(client.waitForResult({ ...unkept, definition: report })).rejects.toMatchObject(refusal);
  });

  it("are given up on when time is over, the signal fires or the client closes; the task goes on", async () => {
    const { broker, client } = await setup();
    const task = await client.enqueue(report, { pages: 1 });
    await expect(client.waitForResult(task, { within: "100ms" })).rejects.toMatchObject({
      code: "deadline_exceeded",
      message: expect.stringContaining("it was pending at the last look"),
    });
    const stop = new AbortController();
    const cancelled = client.waitForResult(task, { signal: stop.signal });
    stop.abort();
    await expect(cancelled).rejects.toMatchObject({ code: "cancelled" });
    await expect(client.waitForResult(task, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "cancelled",
    });
    const open = client.waitForResult(task);
    open.catch(() => undefined);
    await client.close();
    await expect(open).rejects.toMatchObject({ code: "closed" });
    await expect(client.waitForResult(task)).rejects.toMatchObject({ code: "closed" });
    expect(await stateOf(broker, task)).toBe("pending");
  });

  it("are waited for while the store is away", async () => {
    const { broker } = await setup();
    let isAway = true;
    const looks: number[] = [];
    const flaky = flakyBroker(broker, {
      get: (...args) => {
        looks.push(performance.now());
        return isAway ? Promise.reject(new HikyakuError("broker_unavailable", "no store")) : broker.get(...args);
      },
    });
    const client = aClient(flaky);
    const task = await client.enqueue(report, { pages: 1 });
    await expect(client.waitForResult(task, { within: "200ms" })).rejects.toMatchObject({
      code: "deadline_exceeded",
      cause: { code: "broker_unavailable" },
    });
    const waiting = client.waitForResult(task);
    working(broker).start();
    await vi.waitFor(() => expect(looks.length).toBeGreaterThan(4));
    isAway = false;
    expect(await waiting).toEqual(made);
  });

  it("that do not fit the schema are refused, as are tasks that can't be told", async () => {
    const { broker, client } = await setup();
    const task = await enqueuedAndClaimed(broker, { type: "report", retentionMs: 60_000 });
    await settled(broker, task, { kind: "completed", result: bytes('{"url":1}') });
    const { queue, id } = task.message;
    await expect(client.result({ queue, id, definition: report })).rejects.toMatchObject({ code: "invalid_payload" });
    expect(await client.result({ queue, id, definition: defineTask({ type: "report" }) })).toEqual({ url: 1 });
    const raw = defineTask({ type: "report", result: rawBytes });
    expect(Buffer.from(await client.result({ queue, id, definition: raw })).toString()).toBe('{"url":1}');
    await expect(client.result({ queue, id } as never)).rejects.toMatchObject({ code: "invalid_option" });
    await expect(client.result(undefined as never)).rejects.toMatchObject({ code: "invalid_option" });
    await expect(client.result({ queue, id: "none", definition: raw })).rejects.toMatchObject({
      code: "task_not_found",
    });
    await expect(client.waitForResult({ queue, id, definition: raw }, { whithin: "1s" } as never)).rejects.toThrow(
      'did you mean "within"?',
    );
  });
});
