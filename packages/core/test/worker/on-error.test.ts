import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { isHikyakuError } from "../../src/errors.ts";
import { defineTask } from "../../src/task/task.ts";
import type { FailedAttempt } from "../../src/worker/handling/failed-attempt.ts";
import { Revoke } from "../../src/worker/handling/verdict-errors.ts";
import type { ServerOptions } from "../../src/worker/server-options.ts";
import { aClaim, bytes, placedNow } from "../support/builders.ts";
import { aClient, aServer, Happenings, stores } from "./stores.ts";

const dated = defineTask({ type: "dated", payload: z.object({ on: z.coerce.date() }), maxRetry: 1 });
const noon = new Date("2026-11-28T12:00:00Z");

interface Told {
  readonly error: unknown;
  readonly attempt: FailedAttempt;
}

function codeOf(error: unknown): string {
  return isHikyakuError(error) ? error.code : "none of ours";
}

describe.each(stores)("onError of a server on $name", ({ open }) => {
  async function setup(options: Partial<ServerOptions> = {}) {
    const broker = (await open()).connect();
    const told = new Happenings<Told>();
    const onError = (error: unknown, attempt: FailedAttempt): void => told.add({ error, attempt });
    const server = aServer(broker, { retryDelay: ["0s"], ...options, onError });
    return { broker, client: aClient(broker), server, told };
  }

  it("gets what the handler got, and hears of the last attempt that it is the last", async () => {
    const { client, server, told } = await setup();
    const own = new Error("own");
    server
      .handle(dated, () => {
        throw own;
      })
      .start();
    await client.enqueue(dated, { on: noon }, { taskId: "t1", headers: { trace: "a" } });
    const of = {
      type: "dated",
      definition: dated,
      taskId: "t1",
      queue: "default",
      headers: { trace: "a" },
      payload: { on: noon },
    };
    expect(await told.reach(2)).toEqual([
      { error: own, attempt: { ...of, attempt: 1, retried: 0, maxRetry: 1, last: false } },
      { error: own, attempt: { ...of, attempt: 2, retried: 1, maxRetry: 1, last: true } },
    ]);
  });

  it("gets an error with the places of a payload that does not fit, and the payload as it is stored", async () => {
    const { broker, server, told } = await setup();
    server.handle(dated, () => undefined).start();
    const item = { type: "dated", headers: { trace: "b" } };
    await broker.enqueue([placedNow({ ...item, id: "unfit", payload: bytes('{"on":[]}') })]);
    const [first] = await told.reach(1);
    expect(codeOf(first?.error)).toBe("invalid_payload");
    expect(first?.error).toMatchObject({ issues: [{ path: ["on"] }] });
    expect(first?.attempt).toMatchObject({ payload: { on: [] }, headers: { trace: "b" }, last: true });
    await broker.enqueue([placedNow({ ...item, id: "no-json", payload: bytes("no JSON") })]);
    const [, second] = await told.reach(2);
    expect(codeOf(second?.error)).toBe("invalid_payload");
    expect(Buffer.from(second?.attempt.payload as Uint8Array).toString()).toBe("no JSON");
  });

  it("hears of a task that is archived because its workers died", async () => {
    const { broker, server, told } = await setup({ maxLostAttempts: 1 });
    const headers = { trace: "c" };
    await broker.enqueue([placedNow({ id: "lost", type: "t", payload: bytes("[1]"), headers })]);
    const { tasks } = await broker.claim(aClaim({ serverId: "gone", leaseMs: 1_000, limit: 1 }));
    expect(await Promise.all(tasks.map(({ lease }) => broker.beginAlone(lease)))).toEqual(["held"]);
    server.handle("t", () => undefined).start();
    const [only] = await told.reach(1);
    expect(only?.attempt.definition).toBeUndefined();
    expect(codeOf(only?.error)).toBe("lease_lost");
    expect(only?.attempt).toMatchObject({ taskId: "lost", payload: [1], headers, attempt: 1, last: true });
  });

  it("hears at once, and once, of an attempt whose handler goes on after its time", async () => {
    const { client, server, told } = await setup({ abortGrace: "20ms" });
    const returned = Promise.withResolvers<void>();
    onTestFinished(() => returned.resolve());
    const slow = defineTask({ type: "slow", timeout: "20ms", maxRetry: 0 });
    const next = defineTask({ type: "next" });
    server
      .handle(slow, async () => {
        await returned.promise;
        throw new Error("much later");
      })
      .handle(next, () => {
        throw new Revoke("not wanted");
      })
      .start();
    await client.enqueue(slow, 7);
    const [first] = await told.reach(1);
    expect(codeOf(first?.error)).toBe("deadline_exceeded");
    expect(first?.attempt).toMatchObject({ type: "slow", payload: 7, last: true });
    returned.resolve();
    await client.enqueue(next);
    const [, second] = await told.reach(2);
    expect(second?.attempt).toMatchObject({ type: "next", definition: next, last: true });
    expect(server.status().counts.failed).toBe(2);
  });

  it("hears of each task of a group that is archived instead of aggregated", async () => {
    const { client, server, told } = await setup();
    const loose = defineTask({ type: "dated" });
    server
      .handle(dated, () => undefined)
      .aggregate(dated, ({ tasks }) => dated.with({ on: tasks[0]?.payload.on ?? noon }), { gracePeriod: "1s" })
      .start();
    await client.enqueue(loose, { on: [] }, { taskId: "unfit", group: "g" });
    const [only] = await told.reach(1);
    expect(codeOf(only?.error)).toBe("invalid_payload");
    expect(only?.attempt).toMatchObject({ taskId: "unfit", payload: { on: [] }, last: true });
  });
});
