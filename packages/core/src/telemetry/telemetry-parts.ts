import type { Tracer } from "@opentelemetry/api";
import type { Clock } from "../runtime/clock.ts";
import type { Conventions } from "./conventions.ts";
import type { Measures } from "./measures.ts";

/** What both kinds of spans share. */
export interface TelemetryParts {
  readonly tracer: Tracer;
  readonly measures: Measures;
  readonly conventions: Conventions;
  readonly system: string;
  readonly linkAfterMs: number;
  readonly clock: Pick<Clock, "now" | "monotonic">;
}
