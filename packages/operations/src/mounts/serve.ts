import type { RequestHead } from "../access/request-head.ts";
import type { HttpAnswer, Operations } from "../operations.ts";
import { otherMethod } from "../problems/other-method.ts";
import { RequestProblem } from "../problems/request-problem.ts";
import { queryOf } from "../query.ts";
import { requestIdOf } from "./request-id.ts";

/** A request as a server without its own router hands it on. */
export interface MountedRequest {
  readonly head: RequestHead;
  /** Path and query below the prefix, still escaped. */
  readonly target: string;
  /** Fires when the caller has gone. */
  readonly signal: AbortSignal;
  /**
   * The body as JSON. Null when there is none.
   * @throws RequestProblem `body_too_large` beyond so many bytes, `unsupported_media_type`, `malformed_body`.
   */
  readBody(mostBytes: number): Promise<unknown>;
}

/** Answers a request. Never rejects. */
export async function serve(operations: Operations, request: MountedRequest): Promise<HttpAnswer> {
  const requestId = requestIdOf();
  const { headers, ...answer } = await answerTo(operations, request, requestId).catch(
    (error: unknown): HttpAnswer => operations.refuse(error, requestId),
  );
  return { ...answer, headers: { ...headers, "X-Content-Type-Options": "nosniff" } };
}

async function answerTo(operations: Operations, request: MountedRequest, requestId: string): Promise<HttpAnswer> {
  const { head, target, signal } = request;
  const [path = ""] = target.split(/[?#]/, 1);
  const found = operations.find(head.method, path);
  if (found.kind === "malformed") {
    throw new RequestProblem("bad_request", "The address is none: what follows its percent signs is no escape.");
  }
  if (found.kind === "nothing") throw nothingAt(path);
  if (found.kind === "other_method") {
    if (head.method === "OPTIONS") return { status: 204, headers: { Allow: found.allow }, text: "" };
    throw otherMethod(head.method, found.allow);
  }
  const { route, params } = found;
  const { scope, body, bodyBytes } = route.endpoint;
  const identity = await operations.admit(scope, head);
  const sent = body === undefined ? null : await request.readBody(bodyBytes);
  const query = queryOf(target);
  return operations.answer({ route, head, identity, requestId, signal, params: { ...params }, query, body: sent });
}

export function nothingAt(path: string): RequestProblem {
  const shown = path.length <= 200 ? path : `${path.slice(0, 200)}…`;
  return new RequestProblem("not_found", `There is nothing at ${shown}.`);
}

export function bodyTooLarge(mostBytes: number): RequestProblem {
  return new RequestProblem("body_too_large", `expected a body of at most ${mostBytes} bytes`);
}

/** The rest of a target below a prefix. Undefined when the target is not below it. */
export function belowPrefix(target: string, prefix: string): string | undefined {
  if (!target.startsWith(prefix)) return undefined;
  const rest = target.slice(prefix.length);
  return rest === "" || /^[/?#]/.test(rest) ? rest : undefined;
}

/** @throws Error for a prefix that is neither empty nor of the form `/queue/api`. */
export function checkedPrefix(prefix: string): string {
  if (prefix === "" || /^(\/[^/?#\s]+)+$/.test(prefix)) return prefix;
  throw new Error(`prefix: expected an empty text or a path such as /queue/api, got ${JSON.stringify(prefix)}`);
}
