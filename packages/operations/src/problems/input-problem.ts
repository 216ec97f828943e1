import type { ProblemCode, ProblemError } from "@hikyaku/contract";
import type { z } from "zod";
import { RequestProblem } from "./request-problem.ts";
import { shownValue } from "./shown-value.ts";

/** The most errors that one answer names. */
const MOST_ERRORS = 20;

/** A part of a request that is checked against a schema of its own. */
export type RequestPart = "body" | "query" | "path" | "header";

const codes: Readonly<Record<RequestPart, ProblemCode>> = {
  body: "invalid_body",
  query: "invalid_query",
  path: "invalid_path",
  header: "invalid_headers",
};

/**
 * A part of a request as its schema makes it.
 * @throws RequestProblem with 422 and the places that do not fit.
 */
export function checkedPart<Schema extends z.ZodType>(
  schema: Schema,
  part: RequestPart,
  data: unknown,
): z.output<Schema> {
  const result = schema.safeParse(data);
  if (!result.success) throw inputProblem(result.error, part, data);
  return result.data;
}

function inputProblem(error: z.ZodError, part: RequestPart, data: unknown): RequestProblem {
  const errors = error.issues.flatMap((issue) => errorsOf(issue, part, data));
  const count = errors.length === 1 ? "1 error" : `${errors.length} errors`;
  const more = errors.length > MOST_ERRORS ? `; the first ${MOST_ERRORS} are named` : "";
  return new RequestProblem(codes[part], `The ${part} has ${count}${more}; nothing was done.`, {
    errors: errors.slice(0, MOST_ERRORS),
  });
}

function errorsOf(issue: z.core.$ZodIssue, part: string, data: unknown): ProblemError[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => problemError(part, [...issue.path, key], issue.message, data));
  }
  return [problemError(part, issue.path, issue.message, data)];
}

function problemError(part: string, path: readonly PropertyKey[], message: string, data: unknown): ProblemError {
  const location = String(shownValue([part, ...path.map(String)].join(".")));
  const value = valueAt(data, path);
  const words = String(shownValue(message));
  return value === undefined ? { location, message: words } : { location, message: words, value: shownValue(value) };
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  let value = data;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}
