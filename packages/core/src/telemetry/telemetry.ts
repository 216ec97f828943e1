import { type MeterProvider, metrics, type TracerProvider, trace } from "@opentelemetry/api";
import type { Client } from "../client/client.ts";
import { type Duration, durationMs } from "../duration.ts";
import { HikyakuError } from "../errors.ts";
import { refuseUnknownOptions, shown } from "../option-names.ts";
import { type Clock, systemClock } from "../runtime/clock.ts";
import { version } from "../runtime/version.ts";
import type { Middleware } from "../worker/handling/middleware.ts";
import { type Conventions, checkedConventions, conventionsOf } from "./conventions.ts";
import { Measures } from "./measures.ts";
import { processMiddleware } from "./process-spans.ts";
import type { TelemetryParts } from "./telemetry-parts.ts";
import { tracedClient } from "./traced-client.ts";

export interface TelemetryOptions {
  /** Value of the attribute `messaging.system`. `"asynq"` lets spans of Go and TypeScript line up. Default `"hikyaku"`. */
  readonly system?: string;
  /**
   * A first attempt that begins so long after its task was made is linked to the enqueue, as a retry is, instead of being
   * its child: a trace should not last for days. Only ids that this library made tell when that was. Default `"1m"`.
   */
  readonly linkAfter?: Duration;
  /** Default: what the variable `OTEL_SEMCONV_STABILITY_OPT_IN` asks for. */
  readonly conventions?: Conventions;
  /** Default: the global ones of `@opentelemetry/api`. */
  readonly tracerProvider?: TracerProvider;
  readonly meterProvider?: MeterProvider;
  /** Default: the machine's own. */
  readonly clock?: Pick<Clock, "now" | "monotonic">;
}

const optionNames: ReadonlySet<string> = new Set<keyof TelemetryOptions>([
  "system",
  "linkAfter",
  "conventions",
  "tracerProvider",
  "meterProvider",
  "clock",
]);

/**
 * Spans and metrics of OpenTelemetry for a client and for the handlers of a server. The trace travels in the headers of
 * the task, as the global propagator writes them (`traceparent`, `tracestate`), also to and from Go.
 */
export class Telemetry {
  readonly #parts: TelemetryParts;

  /** @throws HikyakuError `invalid_option`. */
  constructor(options: TelemetryOptions = {}) {
    refuseUnknownOptions("Telemetry", options, optionNames);
    const { system = "hikyaku", linkAfter = "1m", tracerProvider = trace, meterProvider = metrics } = options;
    if (typeof system !== "string" || system === "") {
      throw new HikyakuError("invalid_option", `option "system": expected a text, got ${shown(system)}`);
    }
    const conventions = checkedConventions(options.conventions ?? conventionsOf(optIn()));
    this.#parts = {
      tracer: tracerProvider.getTracer("hikyaku", version),
      measures: new Measures(meterProvider.getMeter("hikyaku", version), conventions),
      conventions,
      system,
      clock: options.clock ?? systemClock,
      linkAfterMs: durationMs("linkAfter", linkAfter),
    };
  }

  /**
   * The same client, whose `enqueue` and `enqueueMany` make a span and write the trace into the headers of their tasks.
   * Headers that bring a trace of their own stay as they are, and the span links to it.
   */
  client<Kind extends Client>(client: Kind): Kind {
    return tracedClient(client, this.#parts);
  }

  /** For `server.use`: runs each handler inside a span, which is the active one for all that the handler calls. */
  get middleware(): Middleware {
    return processMiddleware(this.#parts);
  }
}

function optIn(): string | undefined {
  // biome-ignore lint/style/noProcessEnv: OpenTelemetry says that instrumentations read this variable by themselves
  return process.env["OTEL_SEMCONV_STABILITY_OPT_IN"];
}
