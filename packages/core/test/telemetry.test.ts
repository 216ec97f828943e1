import { context, metrics, propagation, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import * as names from "@opentelemetry/semantic-conventions/incubating";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { defineTask } from "../src/task/task.ts";
import { conventionsOf } from "../src/telemetry/conventions.ts";
import { Telemetry, type TelemetryOptions } from "../src/telemetry/index.ts";
import { aClient, aServer, Happenings, stores } from "./worker/stores.ts";

const spans = new InMemorySpanExporter();
const tracerProvider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: spans })] });

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(tracerProvider);
});
afterAll(() => {
  for (const api of [context, propagation, trace, metrics]) api.disable();
});
beforeEach(() => spans.reset());

const mail = defineTask({ type: "mail", queue: "letters", maxRetry: 2, retryDelay: ["0s"] });

type Span = ReturnType<InMemorySpanExporter["getFinishedSpans"]>[number];

/** The spans of the name that ended, in order, once there are so many. */
async function ended(name: string, count = 1): Promise<readonly Span[]> {
  const found = (): Span[] => spans.getFinishedSpans().filter((span) => span.name === name);
  await expect.poll(() => found().length, { timeout: 20_000 }).toBe(count);
  return found();
}

async function one(name: string): Promise<Span> {
  const [span] = await ended(name);
  if (span === undefined) throw new Error("expected a span");
  return span;
}

const traceOf = (span: Span) => span.spanContext().traceId;
const linksOf = (span: Span) => span.links.map(({ context: to }) => [to.traceId, to.spanId]);

describe.each(stores)("telemetry on $name", ({ open }) => {
  async function setup(options: TelemetryOptions = {}) {
    const broker = (await open()).connect();
    const telemetry = new Telemetry({ conventions: "new", ...options });
    const plain = aClient(broker);
    const server = aServer(broker, { queues: { letters: 1 } }).use(telemetry.middleware);
    return { client: telemetry.client(plain), plain, server };
  }

  it("joins the enqueue, the handler and what the handler calls in the trace of the caller", async () => {
    const { client, server } = await setup();
    server.handle(mail, async () => {
      await Promise.resolve();
      trace.getTracer("app").startSpan("inside").end();
    });
    server.start();
    const tracer = trace.getTracer("app");
    const caller = tracer.startSpan("request");
    const { id } = await context.with(trace.setSpan(context.active(), caller), () => client.enqueue(mail, { to: "a" }));
    caller.end();
    const [inside, sent, ran] = await Promise.all([one("inside"), one("enqueue letters"), one("process letters")]);
    expect(new Set([caller as unknown as Span, sent, ran, inside].map(traceOf)).size).toBe(1);
    expect(sent.parentSpanContext?.spanId).toBe(caller.spanContext().spanId);
    expect(ran.parentSpanContext?.spanId).toBe(sent.spanContext().spanId);
    expect(inside.parentSpanContext?.spanId).toBe(ran.spanContext().spanId);
    expect(linksOf(ran)).toEqual([[traceOf(sent), sent.spanContext().spanId]]);
    expect([sent.kind, ran.kind]).toEqual([SpanKind.PRODUCER, SpanKind.CONSUMER]);
    expect(sent.attributes).toEqual({
      [names.ATTR_MESSAGING_SYSTEM]: "hikyaku",
      [names.ATTR_MESSAGING_DESTINATION_NAME]: "letters",
      [names.ATTR_MESSAGING_OPERATION_NAME]: "enqueue",
      [names.ATTR_MESSAGING_OPERATION_TYPE]: names.MESSAGING_OPERATION_TYPE_VALUE_SEND,
      [names.ATTR_MESSAGING_MESSAGE_ID]: id,
      "hikyaku.task.type": "mail",
    });
    expect(ran.attributes).toEqual({
      [names.ATTR_MESSAGING_SYSTEM]: "hikyaku",
      [names.ATTR_MESSAGING_DESTINATION_NAME]: "letters",
      [names.ATTR_MESSAGING_OPERATION_NAME]: "process",
      [names.ATTR_MESSAGING_OPERATION_TYPE]: names.MESSAGING_OPERATION_TYPE_VALUE_PROCESS,
      [names.ATTR_MESSAGING_MESSAGE_ID]: id,
      "hikyaku.task.type": "mail",
      "hikyaku.task.attempt": 1,
    });
  });

  it("gives a retry a trace of its own that links to the enqueue, and says what failed", async () => {
    const { client, server } = await setup();
    server.handle(mail, ({ attempt }) => {
      if (attempt === 1) throw new TypeError("no such mailbox");
    });
    server.start();
    await client.enqueue(mail, null);
    const sent = await one("enqueue letters");
    const [first, retry] = await ended("process letters", 2);
    expect(first).toMatchObject({
      status: { code: SpanStatusCode.ERROR, message: expect.stringContaining("no such mailbox") },
      attributes: { "error.type": "TypeError", "hikyaku.task.attempt": 1 },
      events: [{ name: "exception" }],
    });
    expect(first && traceOf(first)).toBe(traceOf(sent));
    expect(retry?.attributes["hikyaku.task.attempt"]).toBe(2);
    expect(retry?.parentSpanContext).toBeUndefined();
    expect(retry && traceOf(retry)).not.toBe(traceOf(sent));
    expect(retry && linksOf(retry)).toEqual([[traceOf(sent), sent.spanContext().spanId]]);
  });

  it("links what ran long after its enqueue, and tells the delay that was asked for", async () => {
    const { client, server } = await setup({ linkAfter: "1s" });
    server.handle(mail, () => undefined);
    server.start();
    await client.enqueue(mail, null, { in: "1100ms" });
    const sent = await one("enqueue letters");
    expect(sent.attributes["hikyaku.task.delay"]).toBeCloseTo(1.1, 1);
    const ran = await one("process letters");
    expect(ran.parentSpanContext).toBeUndefined();
    expect(linksOf(ran)).toEqual([[traceOf(sent), sent.spanContext().spanId]]);
  });

  it("makes one span for many, whose tasks all carry its trace, and leaves a trace that is there alone", async () => {
    const { client, server } = await setup();
    const happenings = new Happenings<string>();
    server.handle(mail, ({ headers }) => happenings.add(`${headers["own"] ?? ""} ${headers["traceparent"]}`));
    const foreign = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const results = await client.enqueueMany([
      mail.with(null, { headers: { own: "kept" } }),
      mail.with(null, { headers: { traceparent: foreign } }),
      { ...mail.with(null), payload: 1n },
    ]);
    expect(results.map(({ ok }) => ok)).toEqual([true, true, false]);
    const sent = await one("enqueue letters");
    expect(sent.attributes).toMatchObject({
      [names.ATTR_MESSAGING_BATCH_MESSAGE_COUNT]: 3,
      "error.type": "invalid_payload",
    });
    expect(linksOf(sent)).toEqual([["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"]]);
    server.start();
    const told = [...(await happenings.reach(2))].sort();
    expect(told).toEqual([` ${foreign}`, `kept 00-${traceOf(sent)}-${sent.spanContext().spanId}-01`]);
  });

  it("says of a refused enqueue why, and leaves everything else of the client as it is", async () => {
    const { client, plain } = await setup();
    await client.enqueue(mail, null, { taskId: "t1" });
    spans.reset();
    await expect(client.enqueue(mail, null, { taskId: "t1" })).rejects.toMatchObject({ code: "task_id_taken" });
    expect(await one("enqueue letters")).toMatchObject({
      attributes: { "error.type": "task_id_taken" },
      status: { code: SpanStatusCode.ERROR },
    });
    await expect(client.enqueue(mail, null, 7 as never)).rejects.toMatchObject({ code: "invalid_option" });
    await expect(client.enqueue(undefined as never, null)).rejects.toMatchObject({ code: "invalid_option" });
    expect(await client.enqueueMany([null as never])).toMatchObject([{ ok: false, error: { code: "invalid_option" } }]);
    await expect(client.enqueueMany(7 as never)).rejects.toMatchObject({ code: "invalid_option" });
    expect(await client.cancel({ queue: "letters", id: "t1" })).toBe("archived");
    await client.close();
    await expect(plain.enqueue(mail, null)).rejects.toMatchObject({ code: "closed" });
  });

  it.each([
    {
      conventions: "old",
      spanNames: ["letters publish", "letters deliver"],
      metricNames: [
        "messaging.publish.messages",
        "messaging.publish.duration",
        "messaging.deliver.messages",
        "messaging.deliver.duration",
      ],
      attributes: { "messaging.operation": "publish" },
    },
    {
      conventions: "new",
      spanNames: ["enqueue letters", "process letters"],
      metricNames: [
        names.METRIC_MESSAGING_CLIENT_SENT_MESSAGES,
        names.METRIC_MESSAGING_CLIENT_OPERATION_DURATION,
        names.METRIC_MESSAGING_CLIENT_CONSUMED_MESSAGES,
        names.METRIC_MESSAGING_PROCESS_DURATION,
      ],
      attributes: { "messaging.operation.name": "enqueue", "messaging.operation.type": "send" },
    },
    {
      conventions: "dup",
      spanNames: ["enqueue letters", "process letters"],
      metricNames: [
        "messaging.publish.messages",
        names.METRIC_MESSAGING_CLIENT_SENT_MESSAGES,
        "messaging.publish.duration",
        names.METRIC_MESSAGING_CLIENT_OPERATION_DURATION,
        "messaging.deliver.messages",
        names.METRIC_MESSAGING_CLIENT_CONSUMED_MESSAGES,
        "messaging.deliver.duration",
        names.METRIC_MESSAGING_PROCESS_DURATION,
      ],
      attributes: { "messaging.operation": "publish", "messaging.operation.name": "enqueue" },
    },
  ] as const)("measures, and names everything by the $conventions conventions", async (expected) => {
    const measured = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter: measured, exportIntervalMillis: 3_600_000 });
    const meterProvider = new MeterProvider({ readers: [reader] });
    const { client, server } = await setup({ conventions: expected.conventions, system: "asynq", meterProvider });
    server.handle(mail, () => undefined);
    server.start();
    await client.enqueue(mail, null);
    const [sent] = await Promise.all(expected.spanNames.map(one));
    expect(sent?.attributes).toMatchObject({ "messaging.system": "asynq", ...expected.attributes });
    expect("messaging.operation" in (sent?.attributes ?? {})).toBe(expected.conventions !== "new");
    await reader.forceFlush();
    const scopes = measured.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics);
    const found = scopes.flatMap((scope) => scope.metrics);
    expect(found.map(({ descriptor }) => descriptor.name)).toEqual([
      ...expected.metricNames,
      "hikyaku.task.run.duration",
    ]);
    for (const { dataPoints } of found) {
      expect(dataPoints).toMatchObject([{ attributes: { "messaging.destination.name": "letters" } }]);
    }
    await meterProvider.shutdown();
  });
});

describe("the conventions", () => {
  it("are those that the variable asks for, of which messaging/dup counts more", () => {
    expect(
      ["", undefined, "http", "messaging", "http, messaging", "messaging,messaging/dup"].map(conventionsOf),
    ).toEqual(["old", "old", "old", "new", "new", "dup"]);
  });

  it("and other options are refused where they are none", () => {
    for (const options of [{ conventions: "newest" }, { system: "" }, { linkAfter: "soon" }, { tracer: 1 }]) {
      expect(() => new Telemetry(options as never)).toThrow(expect.objectContaining({ code: "invalid_option" }));
    }
  });
});
