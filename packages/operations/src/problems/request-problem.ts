import { type ProblemCode, type ProblemError, STATUS_OF_PROBLEM } from "@hikyaku/contract";

export interface RequestProblemOptions {
  /** Each thing that is wrong, if it can be named. */
  readonly errors?: readonly ProblemError[];
  /** Further headers of the answer. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A refused request, with the code and the words of the answer. The status follows from the code. */
export class RequestProblem extends Error {
  override readonly name = "RequestProblem";
  readonly code: ProblemCode;
  readonly errors: readonly ProblemError[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ProblemCode, detail: string, { errors = [], headers = {} }: RequestProblemOptions = {}) {
    super(detail);
    this.code = code;
    this.errors = errors;
    this.headers = headers;
  }

  get status(): number {
    return STATUS_OF_PROBLEM[this.code];
  }
}
