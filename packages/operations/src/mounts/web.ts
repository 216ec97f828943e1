import type { IncomingHttpHeaders } from "node:http";
import { refuseUnknownOptions } from "hikyaku";
import type { HttpAnswer, Operations } from "../operations.ts";
import { insistOnJson, parseJsonBody } from "../problems/json-body.ts";
import { RequestProblem } from "../problems/request-problem.ts";
import { requestIdOf } from "./request-id.ts";
import { belowPrefix, bodyTooLarge, checkedPrefix, nothingAt, serve } from "./serve.ts";
import { webStream } from "./web-stream.ts";

export interface WebHandlerOptions {
  /** The path that the operations lie under, as the handler sees it. Default: empty. */
  readonly prefix?: string;
  /** The client's address, if the server can tell it; a `Request` does not say. */
  readonly addressOf?: (request: Request) => string | undefined;
}

const optionNames: ReadonlySet<string> = new Set<keyof WebHandlerOptions>(["prefix", "addressOf"]);

/** A handler for servers that speak the web's `Request` and `Response`, such as Hono, Next.js, Bun and Deno. */
export type WebHandler = (request: Request) => Promise<Response>;

/**
 * Serves the operations.
 * @throws HikyakuError `invalid_option` for an unknown option; Error for a prefix that is no path.
 */
export function webHandler(operations: Operations, options: WebHandlerOptions = {}): WebHandler {
  refuseUnknownOptions("webHandler", options, optionNames);
  const prefix = checkedPrefix(options.prefix ?? "");
  return async (request) => {
    const { pathname, search } = new URL(request.url);
    const target = belowPrefix(pathname + search, prefix);
    const address = options.addressOf?.(request);
    const headers = headersOf(request);
    const answer: HttpAnswer =
      target === undefined
        ? operations.refuse(nothingAt(pathname), requestIdOf())
        : await serve(operations, {
            head: { method: request.method, headers, httpVersion: undefined, peerAddress: address, address },
            target,
            signal: request.signal,
            readBody: (mostBytes) => readBody(request, headers, mostBytes),
          });
    const { status, text, stream } = answer;
    const hasBody = status !== 204 && request.method !== "HEAD";
    const body = stream === undefined ? text : webStream(stream);
    return new Response(hasBody ? body : null, { status, headers: { ...answer.headers } });
  };
}

function headersOf(request: Request): IncomingHttpHeaders {
  const headers: IncomingHttpHeaders = Object.fromEntries(request.headers);
  // Some servers know the name that a request is for only from its address.
  return { ...headers, host: headers.host ?? new URL(request.url).host };
}

async function readBody(request: Request, headers: IncomingHttpHeaders, mostBytes: number): Promise<unknown> {
  if (request.bodyUsed) throw new Error("the body of the request was read before: hand on the request as it came");
  if (request.body === null && headers["content-type"] === undefined) return null;
  insistOnJson(headers);
  if (Number(headers["content-length"] ?? 0) > mostBytes) throw bodyTooLarge(mostBytes);
  return parseJsonBody(headers, request.body === null ? new Uint8Array() : await bytesOf(request.body, mostBytes));
}

async function bytesOf(body: ReadableStream<Uint8Array>, mostBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    // To leave the loop cancels the rest.
    for await (const chunk of body) {
      size += chunk.length;
      if (size > mostBytes) throw bodyTooLarge(mostBytes);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof RequestProblem) throw error;
    throw new RequestProblem("bad_request", "The request ended before its body did.");
  }
  return Buffer.concat(chunks);
}
