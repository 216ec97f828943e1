import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { sqliteBroker } from "../broker/sqlite/index.ts";
import { version } from "../runtime/version.ts";
import { defineTask } from "../task/task.ts";
import { Server } from "./server.ts";
import { resolveServerOptions, type ServerOptions } from "./server-options.ts";

const broker = sqliteBroker({ path: ":memory:" });
const made = (options: object): Server => new Server({ broker, ...options } as ServerOptions);

describe("the options of a server", () => {
  it.each([
    [{ concurrency: 0 }, 'option "concurrency": expected a whole number from 1 to 100000, got 0'],
    [{ concurrency: 1.5 }, 'option "concurrency": expected a whole number from 1 to 100000, got 1.5'],
    [{ concurency: 3 }, 'Server: unknown option "concurency"; did you mean "concurrency"?'],
    [{ queues: {} }, 'option "queues": expected an object of queue names with priorities'],
    [{ queues: ["default"] }, 'option "queues": expected an object of queue names with priorities'],
    [{ queues: { default: 0 } }, 'option "queues.default": expected a whole number'],
    [{ queues: { "a{b}": 1 } }, 'option "queues": expected a queue name without { and }'],
    [{ strictPriority: 1 }, 'option "strictPriority": expected true or false, got 1'],
    [{ lease: "1s" }, 'option "lease": expected at least 2000 ms, got "1s"'],
    [{ lease: 30 }, 'option "lease": expected a duration'],
    [{ shutdownTimeout: "soon" }, 'option "shutdownTimeout": expected a duration'],
    [
      { retryDelay: "15s" },
      'option "retryDelay": expected a function or a list of durations such as ["10s", "1m"], got "15s"',
    ],
    [{ retryDelay: [] }, 'option "retryDelay": expected a function or a list of durations'],
    [{ retryDelay: ["1s", "soon"] }, 'option "retryDelay[1]": expected a duration'],
    [{ cancelledTasks: "drop" }, 'option "cancelledTasks": expected "archive" or "retry", got "drop"'],
    [{ baseContext: 1 }, 'option "baseContext": expected an object of values, got 1'],
    [{ onHealth: "x" }, 'option "onHealth": expected a function, got "x"'],
    [{ healthCheckInterval: "1s" }, 'option "onHealth": expected a function to go with "healthCheckInterval"'],
    [
      { onHealth: () => undefined, healthCheckInterval: "1ms" },
      'option "healthCheckInterval": expected at least 100 ms',
    ],
    [
      { archiveByQueue: { other: { maxCount: 1 } } },
      'option "archiveByQueue.other": expected one of the server\'s queues',
    ],
    [
      { archiveByQueue: { default: { maxCount: 0 } } },
      'option "archiveByQueue.default.maxCount": expected a whole number',
    ],
    [{ archiveByQueue: { default: { maxAges: "1d" } } }, 'unknown option "maxAges"; did you mean "maxAge"?'],
    [{ maxLostAttempts: 0 }, 'option "maxLostAttempts": expected a whole number'],
    [{ logger: {} }, 'option "logger": expected an object with debug, info, warn and error'],
    [{ broker: {} }, 'option "broker": expected a broker'],
  ])("are refused with a reason: %j", (options, message) => {
    expect(() => made(options)).toThrow(message);
  });

  it("refuse a second handler of a type, a handler that is no function, and a start without handlers", () => {
    const task = defineTask({ type: "a" });
    const server = made({}).handle(task, () => undefined);
    expect(() => server.handle(task, () => undefined)).toThrow('type "a" has a handler already');
    expect(() => server.handleRaw({ prefix: "b" }, "x" as never)).toThrow('handler of "b": expected a function');
    expect(() => made({}).start()).toThrow("expected at least one handler");
    expect(() => server.use("x" as never)).toThrow("Server.use: expected a function");
  });

  it("refuse blank and doubled patterns, and what a pattern claims already", () => {
    const run = (): void => undefined;
    const server = made({}).handle("mail:", run).handleRaw({ prefix: "" }, run);
    expect(() => server.handle("", run)).toThrow('option "pattern": expected a text that is not blank');
    expect(() => server.handle("  ", run)).toThrow('option "pattern": expected a text that is not blank');
    expect(() => server.handleRaw({ prefix: " " }, run)).toThrow('option "prefix": expected a text that is not blank');
    expect(() => server.handle("mail:", run)).toThrow('prefix "mail:" has a handler already');
    expect(() => server.handleRaw({ prefix: "mail:" }, run)).toThrow('prefix "mail:" has a handler already');
    expect(() => server.handle(defineTask({ type: "mail:" }), run)).toThrow('type "mail:" has a handler already');
    expect(() => server.handle(defineTask({ type: "x" }), run, { prefixed: true } as never)).toThrow(
      'Server.handle: unknown option "prefixed"; did you mean "prefix"?',
    );
  });
});

describe("the library's version", () => {
  it("is the one of its package", () => {
    const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect(version).toBe(manifest.version);
  });

  it("gives each queue the archive limits that were said for it, and the usual ones for what was left out", () => {
    const { archiveOf } = resolveServerOptions(
      {
        broker,
        queues: { default: 1, audit: 1 },
        archiveMaxCount: 50,
        archiveByQueue: { audit: { maxAge: "400d" } },
      },
      () => undefined,
    );
    const day = 86_400_000;
    expect(archiveOf("default")).toEqual({ maxCount: 50, maxAgeMs: 90 * day });
    expect(archiveOf("audit")).toEqual({ maxCount: 50, maxAgeMs: 400 * day });
  });
});
