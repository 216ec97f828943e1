import type { ProblemCode, ProblemError } from "@hikyaku/contract";

/** Why a call brought no usable answer. The page that made the call says what it means for the user. */
export type ApiFailure =
  /** The server refused the request's content. */
  | { readonly kind: "invalid"; readonly detail: string; readonly errors: readonly ProblemError[] }
  /** Too many requests. `retryAfterSeconds` is missing when the server did not say. */
  | { readonly kind: "rate-limited"; readonly retryAfterSeconds: number | undefined }
  /** The server runs, but the store behind it does not. The code says whether something was stored. */
  | { readonly kind: "unavailable"; readonly code: ProblemCode; readonly detail: string }
  /** Our own server says that the request was wrong: it did nothing. */
  | { readonly kind: "refused"; readonly status: number; readonly code: ProblemCode; readonly detail: string }
  /** No connection, or it broke before the answer was complete. */
  | { readonly kind: "unreachable" }
  /** No connection, and the browser had none when the call began: nothing was sent. */
  | { readonly kind: "offline" }
  /** No complete answer within the deadline. */
  | { readonly kind: "timed-out"; readonly deadlineSeconds: number }
  /** An answer that the contract does not know, or a fault of the server. */
  | { readonly kind: "unexpected"; readonly status: number; readonly detail: string };

/** Thrown by every method of the API client, except when the caller itself aborted. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly failure: ApiFailure;
  /** When it failed, by the browser's clock, in milliseconds. */
  readonly occurredAtMs = Date.now();

  constructor(failure: ApiFailure, options?: ErrorOptions) {
    super(`API call failed: ${JSON.stringify(failure)}`, options);
    this.failure = failure;
  }
}
