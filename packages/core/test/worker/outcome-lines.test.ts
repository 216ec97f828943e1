import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import type { LogFields, Logger } from "../../src/runtime/logger.ts";
import { defineTask } from "../../src/task/task.ts";
import { Revoke, SkipRetry } from "../../src/worker/handling/verdict-errors.ts";
import { aClaim, bytes, placedNow, stateOf } from "../support/builders.ts";
import { aClient, aServer, stores } from "./stores.ts";

const patience = { timeout: 15_000, interval: 20 };
const archived = "a task failed for good and was archived";
const retried = "an attempt failed; the task is tried again";

interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields | undefined;
}

function listening(): { logger: Logger; lines: Line[]; find: (taskId: string) => Promise<Line> } {
  const lines: Line[] = [];
  const add = (level: string) => (message: string, fields?: LogFields) => void lines.push({ level, message, fields });
  const find = (taskId: string) =>
    vi.waitFor(() => {
      const line = lines.find(({ fields }) => fields?.["taskId"] === taskId);
      if (line === undefined) throw new Error(`no line about ${taskId}`);
      return line;
    }, patience);
  return { lines, find, logger: { debug: add("debug"), info: add("info"), warn: add("warn"), error: add("error") } };
}

describe.each(stores)("the log of a server on $name", { timeout: 30_000 }, ({ open }) => {
  it("has a line at info of an attempt that is tried again, and one at warn of the last one", async () => {
    const broker = (await open()).connect();
    const { logger, lines, find } = listening();
    aServer(broker, { logger, retryDelay: ["1ms"] })
      .handleRaw("t", () => Promise.reject(new Error("no such user")))
      .start();
    await broker.enqueue([placedNow({ id: "one", type: "t", maxRetry: 1 })]);
    await vi.waitFor(() => expect(lines.map(({ message }) => message)).toContain(archived), patience);
    expect(await find("one")).toMatchObject({
      level: "info",
      message: retried,
      fields: { taskId: "one", type: "t", queue: "default", attempts: 1, maxRetry: 1, error: "no such user" },
    });
    expect(lines.find(({ message }) => message === archived)).toEqual({
      level: "warn",
      message: archived,
      fields: { taskId: "one", type: "t", queue: "default", attempts: 2, maxRetry: 1, error: "no such user" },
    });
  });

  it("has a line at warn of each way in which a task ends without success", async () => {
    const broker = (await open()).connect();
    const { logger, lines, find } = listening();
    const running = Promise.withResolvers<void>();
    let heard = false;
    await broker.enqueue([placedNow({ id: "lost", type: "lost" })]);
    const elsewhere = aClaim({ serverId: "gone", leaseMs: 1_000, limit: 1, handles: { kind: "all" } });
    const { tasks } = await broker.claim(elsewhere);
    expect(await Promise.all(tasks.map(({ lease }) => broker.beginAlone(lease)))).toEqual(["held"]);
    aServer(broker, { logger, maxLostAttempts: 1, abortGrace: "50ms" })
      .handle(defineTask({ type: "parsed", payload: z.object({ user: z.number() }) }), () => undefined)
      .handleRaw("skips", () => Promise.reject(new SkipRetry("final")))
      .handleRaw("revokes", () => Promise.reject(new Revoke("not wanted")))
      .handleRaw("waits", async ({ signal }) => {
        running.resolve();
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
        heard = true;
        signal.throwIfAborted();
      })
      .handleRaw("lost", () => undefined)
      .start();
    await broker.enqueue([
      placedNow({ id: "unfit", type: "parsed", payload: bytes('{"user":"x"}') }),
      placedNow({ id: "skips", type: "skips" }),
      placedNow({ id: "revokes", type: "revokes" }),
      placedNow({ id: "late", type: "skips", maxRetry: 0, deadlineAt: Date.now() - 60_000 }),
      placedNow({ id: "cancelled", type: "waits" }),
    ]);
    await running.promise;
    // A word that is sent before the server listens is heard by nobody.
    await vi.waitFor(async () => {
      await broker.send({ kind: "cancel", taskId: "cancelled" });
      expect(heard).toBe(true);
    }, patience);
    for (const [id, message, error] of [
      ["unfit", archived, "user"],
      ["skips", archived, "final"],
      ["revokes", "a task was revoked by its handler and removed", "not wanted"],
      ["late", archived, "context deadline exceeded"],
      ["cancelled", archived, "context canceled"],
      ["lost", archived, "asynq: task lease expired"],
    ] as const) {
      expect(await find(id)).toMatchObject({
        level: "warn",
        message,
        fields: { error: expect.stringContaining(error) },
      });
    }
    expect(lines.filter(({ message }) => message === archived)).toHaveLength(5);
  });

  it("does not grow with a flood of failures, and says how many lines it left out when the server stops", async () => {
    const broker = (await open()).connect();
    const { logger, lines } = listening();
    const client = aClient(broker);
    const server = aServer(broker, { logger, concurrency: 50 });
    server.handleRaw("t", () => Promise.reject(new SkipRetry("x".repeat(5_000))));
    const task = defineTask({ type: "t" });
    const results = await client.enqueueMany(Array.from({ length: 500 }, () => task.with({})));
    server.start();
    for (const result of results) {
      if (result.ok)
        await vi.waitFor(async () => expect(await stateOf(broker, result.task)).toBe("archived"), patience);
    }
    await server.stop();
    const warnings = lines.filter(({ message }) => message.startsWith(archived));
    expect(warnings.length).toBeLessThanOrEqual(45);
    const leftOut = warnings.reduce((sum, { fields }) => sum + Number(fields?.["leftOut"] ?? 0), 0);
    expect(warnings.filter(({ message }) => message === archived).length + leftOut).toBe(500);
    expect(warnings[0]?.fields?.["error"]).toBe(`${"x".repeat(1_000)}… (the first 1000 of 5000 characters)`);
  });
});
