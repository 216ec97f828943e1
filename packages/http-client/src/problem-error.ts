import type { ProblemCode, ProblemError as ProblemPlace } from "@hikyaku/contract";

/**
 * Why a call failed, as a word that stays the same between releases. Beside the codes of the API: `unreachable`, no
 * answer came; `unexpected_answer`, something between answered that is not the API.
 */
export type CallErrorCode = ProblemCode | "unreachable" | "unexpected_answer";

/** After these nothing was changed, whoever asked. */
const doneNothing: ReadonlySet<CallErrorCode> = new Set([
  "broker_unavailable",
  "store_rejected",
  "closed",
  "overloaded",
]);

interface CallErrorParts {
  readonly code: CallErrorCode;
  readonly status: number | undefined;
  readonly errors?: readonly ProblemPlace[];
  readonly members?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** A call that failed. Branch on `code`. */
export class CallError extends Error {
  override readonly name = "CallError";
  readonly code: CallErrorCode;
  /** The HTTP status. Undefined when no answer came. */
  readonly status: number | undefined;
  /** Each thing that was wrong with the request, if it can be named. */
  readonly errors: readonly ProblemPlace[];
  /** All members of the problem, such as the `state` that was found. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(message: string, { code, status, errors = [], members = {}, cause }: CallErrorParts) {
    super(message, { cause });
    this.code = code;
    this.status = status;
    this.errors = errors;
    this.members = members;
  }

  /** Whether a change that was asked for may have been carried out all the same: look before you ask again. */
  get isPerhapsDone(): boolean {
    if (this.status !== undefined && this.status < 500) return false;
    return !doneNothing.has(this.code);
  }
}

/** What was thrown or answered instead of a good answer, as one kind of error. */
export function callErrorOf(error: unknown, response: Response | undefined): CallError {
  if (error instanceof CallError) return error;
  const status = response?.status;
  if (status === undefined) {
    const why = error instanceof Error ? error.message : String(error);
    return new CallError(`no answer came: ${why}`, { code: "unreachable", status, cause: error });
  }
  if (!isProblem(error)) {
    const what = `expected problem details, got status ${status} with another body; is this the address of the API?`;
    return new CallError(what, { code: "unexpected_answer", status, cause: error });
  }
  const { code, detail, errors = [] } = error;
  return new CallError(detail, { code, status, errors, members: { ...error } });
}

interface ProblemBody {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly errors?: readonly ProblemPlace[];
}

function isProblem(body: unknown): body is ProblemBody {
  return (
    typeof body === "object" &&
    body !== null &&
    "code" in body &&
    typeof body.code === "string" &&
    "detail" in body &&
    typeof body.detail === "string"
  );
}
