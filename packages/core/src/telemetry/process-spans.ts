import { type Context, context, propagation, ROOT_CONTEXT, type Span, SpanKind, trace } from "@opentelemetry/api";
import { momentOfId } from "../task/task-id.ts";
import type { HandlerContext } from "../worker/handling/handler-context.ts";
import type { Middleware } from "../worker/handling/middleware.ts";
import { operationAttributes, spanName } from "./conventions.ts";
import { errorType, markFailed } from "./span-end.ts";
import type { TelemetryParts } from "./telemetry-parts.ts";

/** Runs handlers inside spans that belong to the trace of the enqueue, or link to it. */
export function processMiddleware(parts: TelemetryParts): Middleware {
  return async (task, next) => {
    const { base, span, attributes } = begin(parts, task);
    const startedAt = parts.clock.monotonic();
    let failed: string | undefined;
    try {
      return await context.with(trace.setSpan(base, span), () => next());
    } catch (error) {
      failed = errorType(error);
      markFailed(span, error);
      throw error;
    } finally {
      span.end();
      const seconds = (parts.clock.monotonic() - startedAt) / 1_000;
      const measured = failed === undefined ? attributes : { ...attributes, "error.type": failed };
      parts.measures.processed(task.type, seconds, measured);
    }
  };
}

function begin(parts: TelemetryParts, task: HandlerContext) {
  const { tracer, conventions, system } = parts;
  const { queue, type, taskId, headers, attempt } = task;
  const sent = propagation.extract(ROOT_CONTEXT, headers);
  const creation = trace.getSpanContext(sent);
  const base: Context = isChild(task, parts) ? sent : trace.deleteSpan(sent);
  const attributes = operationAttributes(conventions, "process", system, queue);
  const span: Span = tracer.startSpan(
    spanName(conventions, "process", queue),
    {
      kind: SpanKind.CONSUMER,
      attributes: {
        ...attributes,
        "messaging.message.id": taskId,
        "hikyaku.task.type": type,
        "hikyaku.task.attempt": attempt,
      },
      // The conventions want the link also where the span is a child.
      links: creation === undefined ? [] : [{ context: creation }],
    },
    base,
  );
  return { base, span, attributes };
}

/** A retry, and what waited for long, gets a trace of its own. */
function isChild({ taskId, retried }: HandlerContext, { clock, linkAfterMs }: TelemetryParts): boolean {
  if (retried > 0) return false;
  const now = clock.now();
  const madeAt = momentOfId(taskId, now);
  return madeAt === undefined || now - madeAt < linkAfterMs;
}
