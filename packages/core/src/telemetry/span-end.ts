import { type Span, SpanStatusCode } from "@opentelemetry/api";
import { errorText, isHikyakuError } from "../errors.ts";

/** What kind of error it is: one of few words. */
export function errorType(error: unknown): string {
  if (isHikyakuError(error)) return error.code;
  return error instanceof Error && error.name !== "" ? error.name : "_OTHER";
}

/** Says of a span that its operation failed. */
export function markFailed(span: Span, error: unknown): void {
  span.setAttribute("error.type", errorType(error));
  span.recordException(error instanceof Error ? error : errorText(error));
  span.setStatus({ code: SpanStatusCode.ERROR, message: errorText(error) });
}
