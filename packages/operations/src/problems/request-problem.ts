import { type ProblemCode, type ProblemError, STATUS_OF_PROBLEM } from "@hikyaku/contract";

export interface RequestProblemOptions {
  /** Each thing that is wrong, if it can be named. */
  readonly errors?: readonly ProblemError[];
  /** Further headers of the answer. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Members of its own kind, in snake_case, such as the `state` that was found. */
  readonly members?: Readonly<Record<string, unknown>>;
}

/** A refused request, with the code and the words of the answer. The status follows from the code. */
export class RequestProblem extends Error {
  override readonly name = "RequestProblem";
  readonly code: ProblemCode;
  readonly errors: readonly ProblemError[];
  readonly headers: Readonly<Record<string, string>>;
  readonly members: Readonly<Record<string, unknown>>;

  constructor(code: ProblemCode, detail: string, options: RequestProblemOptions = {}) {
    const { errors = [], headers = {}, members = {} } = options;
    super(detail);
    this.code = code;
    this.errors = errors;
    this.headers = headers;
    this.members = members;
  }

  get status(): number {
    return STATUS_OF_PROBLEM[this.code];
  }
}
