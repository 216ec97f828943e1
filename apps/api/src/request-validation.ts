import { RequestProblem, shownValue } from "@hikyaku/app-kit";
import type { ProblemCode, ProblemError } from "@hikyaku/contract";
import type { FastifySchemaCompiler } from "fastify";
import type { z } from "zod";

/** The most errors that one answer names. */
const MOST_ERRORS = 20;

interface Part {
  /** The first word of the places in it. */
  readonly location: string;
  readonly code: ProblemCode;
}

const body: Part = { location: "body", code: "invalid_body" };
const parts: Readonly<Record<string, Part>> = {
  body,
  querystring: { location: "query", code: "invalid_query" },
  params: { location: "path", code: "invalid_path" },
  headers: { location: "header", code: "invalid_headers" },
};

/** Checks a part of a request against its zod schema; what does not fit is answered with 422 and the places. */
export const requestValidator: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  const part = parts[httpPart ?? "body"] ?? body;
  return (data: unknown) => {
    const result = schema.safeParse(data);
    return result.success ? { value: result.data } : { error: problemOf(result.error, part, data) };
  };
};

function problemOf(error: z.ZodError, { location, code }: Part, data: unknown): RequestProblem {
  const errors = error.issues.flatMap((issue) => errorsOf(issue, location, data));
  const count = errors.length === 1 ? "1 error" : `${errors.length} errors`;
  const more = errors.length > MOST_ERRORS ? `; the first ${MOST_ERRORS} are named` : "";
  return new RequestProblem(code, `The ${location} has ${count}${more}; nothing was done.`, {
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
