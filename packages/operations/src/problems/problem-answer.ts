import { STATUS_CODES } from "node:http";
import {
  PROBLEM_CONTENT_TYPE,
  type Problem,
  type ProblemCode,
  type ProblemError,
  STATUS_OF_PROBLEM,
} from "@hikyaku/contract";
import { type ErrorCode, type HikyakuError, isHikyakuError, visibleLines } from "hikyaku";
import { RequestProblem } from "./request-problem.ts";
import { shownValue } from "./shown-value.ts";

/** What an answer may say of an error of the server itself. The error's text goes to the log only. */
const serverDetail: Partial<Record<ErrorCode, string>> = {
  broker_unavailable: "The job queue's store cannot be reached; nothing was stored. Try again in a few seconds.",
  not_acknowledged: "The job queue's store has the task, but its replicas or disks have not acknowledged it in time.",
  answer_lost:
    "The connection to the job queue's store broke. What was asked may or may not have been carried out; look before you try again.",
  deadline_exceeded:
    "The job queue's store did not answer in time. What was asked may or may not have been carried out; look before you try again.",
  cancelled:
    "The request was given up before the job queue's store answered. What was asked may or may not have been carried out.",
  store_rejected: "The job queue's store refused the request; nothing was stored. Try again later.",
  corrupt_data:
    "What lies in the job queue's store cannot be read; nothing was stored. The server's log has the details.",
  closed: "The API server is shutting down; nothing was stored. Try again in a few seconds.",
};

/** The kinds of the errors that Fastify and its plugins blame on the request. */
const codeOfStatus: Readonly<Record<number, ProblemCode>> = {
  403: "forbidden",
  404: "not_found",
  405: "method_not_allowed",
  408: "request_timeout",
  412: "precondition_failed",
  413: "body_too_large",
  415: "unsupported_media_type",
  416: "range_not_satisfiable",
  431: "headers_too_large",
};

const RETRY_AFTER_SECONDS = "2";

/** An error as it is answered, and whose fault it is. Only `server` has something to repair here. */
export interface ProblemAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly fault: "request" | "store" | "server";
}

/**
 * Turns anything that was thrown while a request was answered into problem details (RFC 9457). Only this place does so.
 * Errors of the server itself are not described; `requestId`, a UUID, finds their log lines.
 */
export function problemAnswer(error: unknown, requestId: string): ProblemAnswer {
  const { code, headers = {}, members, ...rest } = problemOf(error);
  const status = STATUS_OF_PROBLEM[code];
  const body: Problem = {
    ...members,
    type: "about:blank",
    title: STATUS_CODES[status] ?? "Error",
    status,
    code,
    ...rest,
    instance: `urn:uuid:${requestId}`,
  };
  return {
    status,
    headers: {
      ...(status === 503 && { "Retry-After": RETRY_AFTER_SECONDS }),
      ...headers,
      "Cache-Control": "no-store",
      "Content-Type": `${PROBLEM_CONTENT_TYPE}; charset=utf-8`,
    },
    // People read answers with curl, in a terminal that obeys the text that it shows.
    text: visibleLines(JSON.stringify(body)),
    fault: status < 500 ? "request" : status === 503 ? "store" : "server",
  };
}

/** The status and the code that an error is answered with. */
export function problemEnd(error: unknown): { readonly status: number; readonly code: ProblemCode } {
  const { code } = problemOf(error);
  return { status: STATUS_OF_PROBLEM[code], code };
}

/** What an error is told as. */
export interface FoundProblem {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly errors?: ProblemError[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly members?: Readonly<Record<string, unknown>>;
}

/** What anything that was thrown while a request was answered is told as. */
export function problemOf(error: unknown): FoundProblem {
  if (error instanceof RequestProblem) {
    const { code, message, errors, headers, members } = error;
    return { code, detail: message, headers, members, ...(errors.length === 0 ? {} : { errors: [...errors] }) };
  }
  if (isHikyakuError(error)) return problemOfLibrary(error);
  const status = statusOfFastify(error);
  if (status !== undefined && error instanceof Error) {
    return { code: codeOfStatus[status] ?? "bad_request", detail: shownText(error.message) };
  }
  return {
    code: "internal_error",
    detail: "Something went wrong in the server. The log has the details under this instance.",
  };
}

function problemOfLibrary(error: HikyakuError): FoundProblem {
  // Fails to compile when a code of the library is missing in the contract.
  const code: ProblemCode = error.code;
  if (STATUS_OF_PROBLEM[code] < 500) {
    const errors = error.issues.map(({ path, message }) => ({ location: ["body", ...path].join("."), message }));
    return { code, detail: shownText(error.message), ...membersOf(error), ...(errors.length === 0 ? {} : { errors }) };
  }
  return { code, detail: serverDetail[error.code] ?? "Something went wrong in the server." };
}

/** What was found, such as the state that does not allow what was asked. An older copy of the library tells nothing. */
function membersOf({ facts }: Partial<Pick<HikyakuError, "facts">>): Pick<FoundProblem, "members"> {
  const { queue, taskId, state } = facts ?? {};
  const members = {
    ...(queue !== undefined && { queue }),
    ...(taskId !== undefined && { task_id: taskId }),
    ...(state !== undefined && { state }),
  };
  return Object.keys(members).length === 0 ? {} : { members };
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
