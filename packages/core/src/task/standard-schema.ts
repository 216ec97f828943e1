import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type ErrorIssue, errorText, HikyakuError } from "../errors.ts";
import { shown } from "../option-names.ts";
import { isThenable } from "../runtime/guarded-call.ts";

/**
 * The value as the schema parses it. A promise only when the schema answers with one.
 * @throws HikyakuError `invalid_payload` with one issue per place that does not fit. `what` begins the message.
 */
export function parseWith<Schema extends StandardSchemaV1>(
  schema: Schema,
  value: unknown,
  what: string,
): StandardSchemaV1.InferOutput<Schema> | Promise<StandardSchemaV1.InferOutput<Schema>> {
  let result: StandardSchemaV1.Result<unknown> | Promise<StandardSchemaV1.Result<unknown>>;
  let settling: Promise<StandardSchemaV1.Result<unknown>> | undefined;
  try {
    result = schema["~standard"].validate(value);
    // Any promise, also one of another make: if it counted as a result, every value would pass.
    if (isThenable(result)) settling = Promise.resolve(result);
  } catch (error) {
    throw schemaThrew(error, what);
  }
  if (settling === undefined) return accepted(result as StandardSchemaV1.Result<unknown>, what);
  return settling.then(
    (settled) => accepted(settled, what),
    (error: unknown) => {
      throw schemaThrew(error, what);
    },
  );
}

function schemaThrew(error: unknown, what: string): HikyakuError {
  return new HikyakuError("invalid_payload", `${what} can't be tested, its schema failed: ${errorText(error)}`, {
    cause: error,
  });
}

function accepted<Output>(result: StandardSchemaV1.Result<Output>, what: string): Output {
  if (typeof result !== "object" || result === null) {
    throw schemaThrew(`expected it to answer with a value or issues, got ${shown(result)}`, what);
  }
  if (result.issues === undefined) return result.value;
  const issues = result.issues.map(toErrorIssue);
  throw new HikyakuError("invalid_payload", `${what} does not fit its schema: ${listed(issues)}`, { issues });
}

function toErrorIssue(issue: StandardSchemaV1.Issue): ErrorIssue {
  const path = (issue.path ?? []).map((step) => {
    const key = typeof step === "object" ? step.key : step;
    return typeof key === "symbol" ? String(key) : key;
  });
  return { path, message: issue.message };
}

const mostIssuesShown = 3;

function listed(issues: readonly ErrorIssue[]): string {
  const texts = issues
    .slice(0, mostIssuesShown)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`));
  const left = issues.length - texts.length;
  return left > 0 ? `${texts.join("; ")}; and ${left} more` : texts.join("; ");
}

/** Whether a value can be used as a schema: it has the one property that Standard Schema asks for. */
export function isStandardSchema(value: unknown): value is StandardSchemaV1 {
  if ((typeof value !== "object" && typeof value !== "function") || value === null || !("~standard" in value)) {
    return false;
  }
  const standard = value["~standard"];
  return (
    typeof standard === "object" &&
    standard !== null &&
    "validate" in standard &&
    typeof standard.validate === "function"
  );
}
