import { type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { PROBLEM_CONTENT_TYPE, type Problem, type ProblemCode, STATUS_OF_PROBLEM } from "@hikyaku/contract";

const codeOfError: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: "headers_too_large",
  ERR_HTTP_REQUEST_TIMEOUT: "request_timeout",
};

/** How long a peer has to read the answer. A peer that doesn't read must not hold the connection. */
export const LAST_WORDS_MS = 1_000;

/** Answers bytes that are no HTTP request, or never became a whole one, and hangs up. */
export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed) return;
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const code = codeOfError[error.code ?? ""] ?? "bad_request";
  let detail = "The request is no valid HTTP.";
  if (code === "headers_too_large") detail = "The request's address and headers are larger than 16 KiB.";
  if (code === "request_timeout") detail = "The request did not arrive in time.";
  socket.end(rawProblem(code, detail));
  setTimeout(() => socket.destroy(), LAST_WORDS_MS).unref();
}

/** A whole answer with a problem, for a connection that can answer no more requests. */
export function rawProblem(code: ProblemCode, detail: string): string {
  const { status, title, body } = problemText(code, detail);
  const head = [
    `HTTP/1.1 ${status} ${title}`,
    `Content-Type: ${PROBLEM_CONTENT_TYPE}; charset=utf-8`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
  ];
  return `${head.join("\r\n")}\r\n\r\n${body}`;
}

/** Answers a request that is HTTP but must not be handed on, and hangs up. */
export function answerBadRequest(response: ServerResponse, detail: string): void {
  const { status, body } = problemText("bad_request", detail);
  response.writeHead(status, { "Content-Type": `${PROBLEM_CONTENT_TYPE}; charset=utf-8`, Connection: "close" });
  response.end(body);
}

function problemText(code: ProblemCode, detail: string): { status: number; title: string; body: string } {
  const status = STATUS_OF_PROBLEM[code];
  const title = STATUS_CODES[status] ?? "Error";
  const problem: Problem = { type: "about:blank", title, status, code, detail };
  return { status, title, body: JSON.stringify(problem) };
}
