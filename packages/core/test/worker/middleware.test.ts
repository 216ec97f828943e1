import { describe, expect, it, onTestFinished, vi } from "vitest";
import { z } from "zod";
import { defineTask } from "../../src/task/task.ts";
import type { Middleware } from "../../src/worker/handling/middleware.ts";
import { Server } from "../../src/worker/server.ts";
import { bytes, placedNow, stateOf, stored } from "../support/builders.ts";
import { aClient, aServer, Happenings, stores } from "./stores.ts";

const sum = defineTask({ type: "sum", payload: z.array(z.number()), result: z.number(), retention: "1h", maxRetry: 0 });
const add = ({ payload }: { readonly payload: readonly number[] }): number =>
  payload.reduce((one, two) => one + two, 0);

describe.each(stores)("middleware on $name", ({ open }) => {
  async function setup() {
    const broker = (await open()).connect();
    return { broker, client: aClient(broker) };
  }

  /** What becomes of one task under these, and the text of its error or result. */
  async function run(middleware: readonly Middleware[], handler: (context: { payload: number[] }) => number = add) {
    const { broker, client } = await setup();
    const server = aServer(broker);
    for (const one of middleware) server.use(one);
    server.handle(sum, handler).start();
    const task = await client.enqueue(sum, [1, 2]);
    await vi.waitFor(async () => expect(["completed", "archived"]).toContain(await stateOf(broker, task)), {
      timeout: 5_000,
      interval: 5,
    });
    const { state, message, result } = await stored(broker, task);
    return { state, error: message.lastError, result: result && Buffer.from(result).toString() };
  }

  it("goes around the handler in the order of its registration, and sees the task and its result", async () => {
    const log: unknown[] = [];
    const logging =
      (name: string): Middleware =>
      async ({ type, payload }, next) => {
        log.push(`${name} before ${type} ${JSON.stringify(payload)}`);
        log.push(`${name} after ${await next()}`);
      };
    const outcome = await run([logging("outer"), logging("inner")], (context) => {
      log.push("handler");
      return add(context);
    });
    expect(outcome).toEqual({ state: "completed", error: "", result: "3" });
    expect(log).toEqual([
      "outer before sum [1,2]",
      "inner before sum [1,2]",
      "handler",
      "inner after 3",
      "outer after 3",
    ]);
  });

  it("sees what the handler throws, may replace it, and may swallow it", async () => {
    const fail = (): number => {
      throw new Error("boom");
    };
    const seen: unknown[] = [];
    const seeing: Middleware = (_, next) =>
      next().catch((error: unknown) => {
        seen.push(error);
        throw new Error("replaced", { cause: error });
      });
    expect(await run([seeing], fail)).toMatchObject({ state: "archived", error: "replaced" });
    expect(seen).toMatchObject([{ message: "boom" }]);
    const swallowing: Middleware = async (_, next) => {
      await next().catch(() => undefined);
    };
    expect(await run([swallowing], fail)).toMatchObject({ state: "completed", result: undefined });
  });

  it("may answer in the handler's place, or replace its result", async () => {
    let called = 0;
    const counting = (): number => {
      called++;
      return 3;
    };
    expect(await run([() => 7], counting)).toMatchObject({ state: "completed", result: "7" });
    expect(called).toBe(0);
    const doubling: Middleware = async (_, next) => Number(await next()) * 2;
    expect(await run([doubling], counting)).toMatchObject({ result: "6" });
  });

  it("that forgets to await the rest neither hides its failure nor ends the attempt before it", async () => {
    const forgetful: Middleware = async (_, next) => {
      void next();
    };
    const fail = (): number => {
      throw new Error("boom");
    };
    expect(await run([forgetful], fail)).toMatchObject({ state: "archived", error: "boom" });
    const slow = (async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return 5;
    }) as never;
    expect(await run([forgetful], slow)).toMatchObject({ state: "completed", result: "5" });
  });

  it("runs the handler once, however often it asks", async () => {
    let called = 0;
    const twice: Middleware = async (_, next) => {
      await next();
      await next();
    };
    const outcome = await run([twice], () => ++called);
    expect(outcome).toMatchObject({
      state: "archived",
      error: expect.stringContaining("next was called a second time"),
    });
    expect(called).toBe(1);
  });

  it("adds values to those of the server, for what comes after it, typed", async () => {
    const { broker, client } = await setup();
    const seen = new Happenings<object>();
    const server = new Server({ broker, concurrency: 1, baseContext: { region: "eu", user: "nobody" } })
      .use<{ user: string }>(async ({ values, payload }, next) => {
        seen.add({ ...values });
        return next({ user: `user ${JSON.stringify(payload)}` });
      })
      .handle(sum, ({ values }) => {
        const { region, user }: { readonly region: string; readonly user: string } = values;
        seen.add({ region, user, isFrozen: Object.isFrozen(values) });
        return 1;
      });
    onTestFinished(() => server.stop());
    server.start();
    for (const payload of [[1], [2]]) await client.enqueue(sum, payload);
    const all = await seen.reach(4);
    expect(all.filter((values) => !("isFrozen" in values))).toEqual([
      { region: "eu", user: "nobody" },
      { region: "eu", user: "nobody" },
    ]);
    expect(all.filter((values) => "isFrozen" in values)).toEqual([
      { region: "eu", user: "user [1]", isFrozen: true },
      { region: "eu", user: "user [2]", isFrozen: true },
    ]);
    await server.stop();
    expect(() => server.use(() => undefined)).toThrow("Server.use: expected a server that was not started yet");
  });

  it("goes around handlers that were registered before it, too, and around raw ones", async () => {
    const { broker } = await setup();
    const seen = new Happenings<string>();
    aServer(broker)
      .handleRaw("raw", () => undefined)
      .use((context, next) => {
        seen.add(`${context.type} ${context.payload instanceof Uint8Array}`);
        return next();
      })
      .start();
    await broker.enqueue([placedNow({ type: "raw", payload: bytes("x") })]);
    expect(await seen.reach(1)).toEqual(["raw true"]);
  });
});

describe.each(stores)("patterns on $name", ({ open }) => {
  it("take what begins with them: the exact type first, then the longest", async () => {
    const broker = (await open()).connect();
    const ran = new Happenings<string>();
    const report = defineTask({ type: "report:", payload: z.object({ day: z.string() }) });
    aServer(broker)
      .handle("a:", ({ type, payload }) => void ran.add(`a: ${type} ${JSON.stringify(payload)}`))
      .handle("a:b", ({ type }) => void ran.add(`a:b ${type}`))
      .handle(defineTask({ type: "a:b:c" }), ({ type }) => void ran.add(`exact ${type}`))
      .handle(report, ({ type, payload }) => void ran.add(`report ${type} ${payload.day}`), { prefix: true })
      .start();
    const day = bytes('{"day":"monday"}');
    const unknown = placedNow({ type: "z" });
    const wrong = placedNow({ type: "report:wrong" });
    await broker.enqueue([unknown, wrong]);
    await broker.enqueue(
      ["a:", "a:x", "a:b", "a:b:c", "a:b:c:d", "report:", "report:daily"].map((type) =>
        placedNow({ type, payload: day }),
      ),
    );
    expect([...(await ran.reach(7))].sort()).toEqual([
      'a: a: {"day":"monday"}',
      'a: a:x {"day":"monday"}',
      "a:b a:b",
      "a:b a:b:c:d",
      "exact a:b:c",
      "report report: monday",
      "report report:daily monday",
    ]);
    await vi.waitFor(async () => expect(await stateOf(broker, wrong.message)).toBe("archived"));
    expect(await stateOf(broker, unknown.message)).toBe("pending");
  });
});
