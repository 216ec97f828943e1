import { STATUS_CODES } from "node:http";
import { PROBLEM_CONTENT_TYPE, type Problem, type ProblemError } from "@hikyaku/contract";
import type { FastifyReply, FastifyRequest } from "fastify";
import { type ErrorCode, errorText, type HikyakuError, isHikyakuError } from "hikyaku";
import { RequestProblem } from "./request-problem.ts";
import { shownValue } from "./shown-value.ts";

/** What each error of the library means over HTTP. */
const httpStatus: Record<ErrorCode, number> = {
  invalid_option: 422,
  invalid_payload: 422,
  task_exists: 409,
  task_id_taken: 409,
  task_not_found: 404,
  queue_not_found: 404,
  entry_not_found: 404,
  entry_exists: 409,
  task_archived: 409,
  wrong_state: 409,
  lease_lost: 409,
  evicted: 409,
  broker_unavailable: 503,
  answer_lost: 503,
  not_acknowledged: 503,
  deadline_exceeded: 503,
  cancelled: 503,
  store_rejected: 503,
  closed: 503,
  corrupt_data: 500,
};

/** What may be told of an error that is the server's own affair; its text goes to the log only. */
const serverDetail: Partial<Record<ErrorCode, string>> = {
  broker_unavailable: "The job queue's store cannot be reached; nothing was stored. Try again in a few seconds.",
  not_acknowledged: "The job queue's store has the task, but its replicas or disks have not acknowledged it in time.",
  answer_lost:
    "The connection to the job queue's store broke. What was asked may or may not have been carried out; look before you try again.",
  deadline_exceeded:
    "The job queue's store did not answer in time. What was asked may or may not have been carried out; look before you try again.",
  cancelled: "The request was given up before the job queue's store answered.",
  store_rejected: "The job queue's store refused the request; nothing was stored. Try again later.",
  closed: "The API server is shutting down; nothing was stored. Try again in a few seconds.",
};

const RETRY_AFTER_SECONDS = "2";

/** Answers with a problem (RFC 9457), and logs what is the server's own fault. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const found = problemOf(error);
  if (found.status === 503) request.log.warn({ reason: errorText(error) }, "request refused: the store cannot be used");
  else if (found.status >= 500) request.log.error({ err: error }, "request failed");
  const { status, headers = {}, ...rest } = found;
  const body: Problem = {
    type: "about:blank",
    title: STATUS_CODES[status] ?? "Error",
    status,
    ...rest,
    instance: `urn:uuid:${request.id}`,
  };
  // A serializer of the route would check the body against a schema made for another media type.
  const text = JSON.stringify(body);
  return reply
    .code(status)
    .headers({ ...headers, "Cache-Control": "no-store" })
    .type(`${PROBLEM_CONTENT_TYPE}; charset=utf-8`)
    .serializer((payload) => String(payload))
    .send(text);
}

interface FoundProblem {
  readonly status: number;
  readonly detail: string;
  readonly errors?: ProblemError[];
  readonly headers?: Readonly<Record<string, string>>;
}

function problemOf(error: unknown): FoundProblem {
  if (error instanceof RequestProblem) {
    const { status, message, errors, headers } = error;
    return { status, detail: message, headers, ...(errors.length === 0 ? {} : { errors: [...errors] }) };
  }
  if (isHikyakuError(error)) return problemOfLibrary(error);
  const status = statusOfFastify(error);
  if (status !== undefined && error instanceof Error) return { status, detail: shownText(error.message) };
  return { status: 500, detail: "Something went wrong in the server. The log has the details under this instance." };
}

function problemOfLibrary(error: HikyakuError): FoundProblem {
  const status = httpStatus[error.code];
  if (status < 500) {
    const errors = error.issues.map(({ path, message }) => ({ location: ["body", ...path].join("."), message }));
    return { status, detail: shownText(error.message), ...(errors.length === 0 ? {} : { errors }) };
  }
  const detail = serverDetail[error.code] ?? "Something went wrong in the server.";
  return { status, detail, ...(status === 503 ? { headers: { "Retry-After": RETRY_AFTER_SECONDS } } : {}) };
}

/** The status of an error that Fastify or one of its plugins blames on the request, or undefined. */
function statusOfFastify(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("statusCode" in error)) return undefined;
  const { statusCode } = error;
  const isRequestsFault = typeof statusCode === "number" && statusCode >= 400 && statusCode < 500;
  return isRequestsFault ? statusCode : undefined;
}

function shownText(text: string): string {
  return String(shownValue(text));
}
