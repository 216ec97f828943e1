import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { Client, defineTask, Server, silentLogger } from "hikyaku";
import { redisBroker } from "hikyaku/redis";
import { Telemetry } from "hikyaku/telemetry";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { Interop, needsGo } from "./support/interop.ts";

needsGo();

const spans = new InMemorySpanExporter();

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: spans })] }));
});
afterAll(() => {
  for (const api of [context, propagation, trace]) api.disable();
});
beforeEach(() => spans.reset());

const ok = defineTask({ type: "ok" });

async function one(name: string) {
  const found = () => spans.getFinishedSpans().find((span) => span.name === name);
  await expect.poll(found, { timeout: 30_000 }).toBeDefined();
  const span = found();
  if (span === undefined) throw new Error("expected a span");
  return span;
}

describe("a trace", () => {
  async function setup() {
    const interop = await Interop.open();
    const broker = redisBroker({ url: interop.redis.url });
    onTestFinished(() => broker.close());
    return { broker, go: await interop.peer("Go"), telemetry: new Telemetry({ conventions: "new", system: "asynq" }) };
  }

  it("that begins in Go goes on in our handler", async () => {
    const { broker, go, telemetry } = await setup();
    const server = new Server({ broker, logger: silentLogger }).use(telemetry.middleware);
    server.handle(ok, () => trace.getTracer("app").startSpan("inside").end());
    server.start();
    onTestFinished(() => server.stop());
    const sent = (await go.ask("enqueueTraced", { type: "ok" })) as {
      readonly traceId: string;
      readonly spanId: string;
    };
    const [ran, inside] = await Promise.all([one("process default"), one("inside")]);
    expect([ran, inside].map((span) => span.spanContext().traceId)).toEqual([sent.traceId, sent.traceId]);
    expect(ran.parentSpanContext?.spanId).toBe(sent.spanId);
    expect(ran.links).toMatchObject([{ context: sent }]);
  });

  it("that begins in our client is found by Go's OpenTelemetry in its handler", async () => {
    const { broker, go, telemetry } = await setup();
    const client = telemetry.client(new Client({ broker }));
    onTestFinished(() => client.close());
    await go.startServer();
    const { id } = await client.enqueue(ok);
    const sent = await one("enqueue default");
    const { traceId, spanId } = sent.spanContext();
    expect(await go.first({ event: "started", taskId: id })).toMatchObject({ traceId, spanId });
  });
});
