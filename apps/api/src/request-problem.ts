import type { ProblemError } from "@hikyaku/contract";

export interface RequestProblemOptions {
  /** Each thing that is wrong, if it can be named. */
  readonly errors?: readonly ProblemError[];
  /** What the answer's header says beside the usual. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that is refused, with the status and the words of the answer. */
export class RequestProblem extends Error {
  override readonly name = "RequestProblem";
  readonly status: number;
  readonly errors: readonly ProblemError[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, detail: string, { errors = [], headers = {} }: RequestProblemOptions = {}) {
    super(detail);
    this.status = status;
    this.errors = errors;
    this.headers = headers;
  }
}
