import { describe, expect, expectTypeOf, it } from "vitest";
import * as z from "zod";
import type { Client } from "../client/client.ts";
import { rawBytes } from "./payload.ts";
import { defineTask, type PayloadInput, type PayloadOutput, type ResultInput, type ResultOf } from "./task.ts";

const mail = defineTask({
  type: "email:send",
  payload: z.object({ userId: z.number().int(), at: z.coerce.date<string>() }),
  result: z.object({ sentAt: z.coerce.date<Date>() }),
  queue: "critical",
  maxRetry: 5,
  timeout: "30s",
});
const anyJson = defineTask({ type: "any" });
const optional = defineTask({ type: "optional", payload: z.string().optional() });
const binary = defineTask({ type: "binary", payload: rawBytes });

describe("defineTask", () => {
  it("checks and keeps its defaults at once, frozen", () => {
    expect(mail).toMatchObject({ type: "email:send", defaults: { queue: "critical", maxRetry: 5, timeoutMs: 30_000 } });
    expect(Object.isFrozen(mail)).toBe(true);
    expect(Object.isFrozen(mail.defaults)).toBe(true);
  });

  it.each([
    [{ type: "" }, 'option "type": expected a text that is not blank'],
    [{ type: "t", queue: "" }, 'option "queue"'],
    [{ type: "t", maxRetries: 3 }, 'defineTask: unknown option "maxRetries"; did you mean "maxRetry"?'],
    [{ type: "t", playload: z.string() }, 'did you mean "payload"?'],
    [{ type: "t", taskId: "x" }, 'unknown option "taskId"'],
    [{ type: "t", payload: { validate: true } }, "expected a schema of a Standard Schema library"],
    [{ type: "t", result: 3 }, 'option "result": expected a schema'],
    [{ type: "t", retryDelay: "10s" }, 'option "retryDelay": expected a function or a list of durations'],
    [{ type: "t", retryDelay: ["10s", 5] }, 'option "retryDelay[1]": expected a duration'],
    ["t", 'defineTask: expected an object with options, got "t"'],
    [undefined, "got nothing"],
  ])("refuses %j", (config, message) => {
    expect(() => defineTask(config as never)).toThrow(message);
  });

  it("makes requests for many tasks at once", () => {
    const payload = { userId: 1, at: "2026-01-01" };
    expect(mail.with(payload, { in: "3m" })).toEqual({ task: mail, payload, options: { in: "3m" } });
    expect(anyJson.with()).toEqual({ task: anyJson, payload: undefined, options: undefined });
  });
});

describe("types of a task", () => {
  it("are the schema's input where it is enqueued and its output where it is handled", () => {
    expectTypeOf<PayloadInput<typeof mail>>().toEqualTypeOf<{ userId: number; at: string }>();
    expectTypeOf<PayloadOutput<typeof mail>>().toEqualTypeOf<{ userId: number; at: Date }>();
    expectTypeOf<ResultInput<typeof mail>>().toEqualTypeOf<{ sentAt: Date }>();
    expectTypeOf<ResultOf<typeof mail>>().toEqualTypeOf<{ sentAt: Date }>();
    expectTypeOf<PayloadInput<typeof anyJson>>().toBeUnknown();
    expectTypeOf<PayloadOutput<typeof binary>>().toEqualTypeOf<Uint8Array>();
  });

  it("ask for a payload where there must be one", () => {
    const check = (client: Client): void => {
      void client.enqueue(mail, { userId: 1, at: "" }, { in: "3m", uniqueFor: "1h", within: "1s" });
      void client.enqueue(optional);
      void client.enqueue(anyJson);
      void client.enqueue(anyJson, { whatever: 1 }, { taskId: "x" });
      void client.enqueue(binary, new Uint8Array());
      void client.enqueueMany([mail.with({ userId: 1, at: "" }), optional.with()]);
      // @ts-expect-error the payload is missing
      void client.enqueue(mail);
      // @ts-expect-error the payload is another one's
      void client.enqueue(mail, { userId: "1", at: "" });
      // @ts-expect-error there is no such option
      void client.enqueue(mail, { userId: 1, at: "" }, { retries: 3 });
      // @ts-expect-error a bare number has no unit
      void client.enqueue(mail, { userId: 1, at: "" }, { in: 3 });
      // @ts-expect-error the payload is missing
      mail.with();
    };
    expect(check).toBeTypeOf("function");
  });
});
