import { context, propagation, ROOT_CONTEXT, type Span, SpanKind, trace } from "@opentelemetry/api";
import type { Client, EnqueueCallOptions, EnqueueResult } from "../client/client.ts";
import type { EnqueuedTask } from "../enqueue/enqueued-task.ts";
import type { EnqueueRequest, TaskDefinition } from "../task/task.ts";
import type { EnqueueOptions } from "../task/task-options.ts";
import { operationAttributes, spanName } from "./conventions.ts";
import { errorType, markFailed } from "./span-end.ts";
import type { TelemetryParts } from "./telemetry-parts.ts";

/** The same client, with spans around what it enqueues. Everything else is the client's own. */
export function tracedClient<Kind extends Client>(client: Kind, parts: TelemetryParts): Kind {
  const spans = new EnqueueSpans(client, parts);
  return new Proxy(client, {
    get(target, name) {
      if (name === "enqueue") return spans.enqueue;
      if (name === "enqueueMany") return spans.enqueueMany;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

type Headers = Readonly<Record<string, string>>;
type Given = Pick<EnqueueRequest, "task" | "options">;

class EnqueueSpans {
  readonly #client: Client;
  readonly #parts: TelemetryParts;

  constructor(client: Client, parts: TelemetryParts) {
    this.#client = client;
    this.#parts = parts;
  }

  readonly enqueue = async (
    task: TaskDefinition,
    payload: unknown,
    options?: EnqueueOptions & EnqueueCallOptions,
  ): Promise<EnqueuedTask> => {
    const given = { task, options };
    const span = this.#begin(destinationOf(given), [given]);
    span.setAttribute("hikyaku.task.type", String(task?.type));
    const startedAt = this.#parts.clock.monotonic();
    const sentAt = this.#parts.clock.now();
    try {
      const accepted = await this.#client.enqueue(task, payload, traced(span, given) as typeof options);
      span.setAttribute("messaging.message.id", accepted.id);
      span.setAttribute("messaging.destination.name", accepted.queue);
      const delaySeconds = Math.max(0, accepted.dueAt.getTime() - sentAt) / 1_000;
      if (accepted.state === "scheduled") span.setAttribute("hikyaku.task.delay", delaySeconds);
      this.#sent(1, startedAt, accepted.queue);
      return accepted;
    } catch (error) {
      markFailed(span, error);
      this.#sent(1, startedAt, destinationOf(given), errorType(error));
      throw error;
    } finally {
      span.end();
    }
  };

  readonly enqueueMany = async (
    requests: readonly EnqueueRequest[],
    options?: EnqueueCallOptions,
  ): Promise<readonly EnqueueResult[]> => {
    if (!Array.isArray(requests) || !requests.every(isObject)) return this.#client.enqueueMany(requests, options);
    const names = new Set(requests.map(destinationOf));
    const destination = names.size === 1 ? [...names][0] : undefined;
    const span = this.#begin(destination, requests);
    span.setAttribute("messaging.batch.message_count", requests.length);
    const startedAt = this.#parts.clock.monotonic();
    let failed: unknown;
    try {
      const carriers = requests.map((request) => ({ ...request, options: traced(span, request) }));
      const results = await this.#client.enqueueMany(carriers, options);
      failed = results.find((result) => !result.ok)?.error;
      return results;
    } catch (error) {
      failed = error;
      throw error;
    } finally {
      if (failed !== undefined) markFailed(span, failed);
      this.#sent(requests.length, startedAt, destination, failed === undefined ? undefined : errorType(failed));
      span.end();
    }
  };

  #begin(destination: string | undefined, tasks: readonly Given[]): Span {
    const { tracer, conventions, system } = this.#parts;
    return tracer.startSpan(
      spanName(conventions, "enqueue", destination),
      {
        kind: SpanKind.PRODUCER,
        attributes: operationAttributes(conventions, "enqueue", system, destination),
        links: tasks.flatMap(ownTrace),
      },
      context.active(),
    );
  }

  #sent(tasks: number, startedAt: number, destination: string | undefined, failed?: string): void {
    const { measures, conventions, system, clock } = this.#parts;
    const attributes = operationAttributes(conventions, "enqueue", system, destination);
    const measured = failed === undefined ? attributes : { ...attributes, "error.type": failed };
    measures.sent(tasks, (clock.monotonic() - startedAt) / 1_000, measured);
  }
}

/** The queue that is named, for a sharded one the common name. Undefined for what is no request. */
function destinationOf({ task, options }: Given): string | undefined {
  const queue = options?.queue ?? task?.defaults?.queue;
  return typeof queue === "string" ? queue : undefined;
}

/** The trace that the caller or the definition put into the headers. */
function ownTrace({ task, options }: Given) {
  const sent = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, headersOf({ task, options })));
  return sent === undefined ? [] : [{ context: sent }];
}

function headersOf({ task, options }: Given): Headers {
  return { ...task?.defaults?.headers, ...options?.headers };
}

/**
 * The options, with the span's trace in the headers. As they are where there is a trace already, and where the client
 * will refuse them.
 */
function traced(span: Span, given: Given): Given["options"] {
  const { options } = given;
  if (!isObject(options ?? {}) || !isObject(options?.headers ?? {}) || ownTrace(given).length > 0) return options;
  const carrier: Record<string, string> = {};
  propagation.inject(trace.setSpan(context.active(), span), carrier);
  return Object.keys(carrier).length === 0 ? options : { ...options, headers: { ...options?.headers, ...carrier } };
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}
