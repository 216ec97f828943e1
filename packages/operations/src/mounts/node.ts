import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream";
import { refuseUnknownOptions } from "hikyaku";
import type { RequestHead } from "../access/request-head.ts";
import type { HttpAnswer, Operations } from "../operations.ts";
import { insistOnJson, parseJsonBody } from "../problems/json-body.ts";
import { RequestProblem } from "../problems/request-problem.ts";
import { goneSignal } from "./gone-signal.ts";
import { nodeStream } from "./node-stream.ts";
import { requestIdOf } from "./request-id.ts";
import { belowPrefix, bodyTooLarge, checkedPrefix, nothingAt, serve } from "./serve.ts";

export interface NodeHandlerOptions {
  /**
   * The path that the operations lie under, as the handler sees it. Default: empty, for servers that remove the path of
   * a mount before they hand a request on, as `app.use("/queue", handler)` of Express does.
   */
  readonly prefix?: string;
}

const optionNames: ReadonlySet<string> = new Set<keyof NodeHandlerOptions>(["prefix"]);

/**
 * A handler for Node's own HTTP server and for frameworks with the same kind of handler, such as Express, Connect and
 * NestJS.
 */
export type NodeHandler = (request: IncomingMessage, response: ServerResponse, next?: () => void) => void;

/**
 * Serves the operations. A request for another path goes to `next`, if there is one. A body that was read before, as by
 * `express.json()`, is taken from `request.body`.
 * @throws HikyakuError `invalid_option` for an unknown option; Error for a prefix that is no path.
 */
export function nodeHandler(operations: Operations, options: NodeHandlerOptions = {}): NodeHandler {
  refuseUnknownOptions("nodeHandler", options, optionNames);
  const prefix = checkedPrefix(options.prefix ?? "");
  return (request, response, next) => {
    const url = request.url ?? "/";
    const target = belowPrefix(url, prefix);
    if (target === undefined && next !== undefined) {
      next();
      return;
    }
    const mounted = {
      head: headOf(request),
      target: target ?? "",
      signal: goneSignal(response),
      readBody: (mostBytes: number) => readBody(request, mostBytes),
    };
    (target === undefined ? refusal(operations, url) : serve(operations, mounted))
      .then((answer) => send(request, response, answer))
      // For example an invalid header that `authorize` gave its problem.
      .catch((error: unknown) => {
        operations.refuse(error, requestIdOf());
        response.destroy();
      });
  };
}

async function refusal(operations: Operations, url: string): Promise<HttpAnswer> {
  return operations.refuse(nothingAt(url.split(/[?#]/, 1)[0] ?? ""), requestIdOf());
}

function headOf(request: IncomingMessage): RequestHead {
  const { method = "GET", headers, httpVersion, socket } = request;
  const peerAddress = socket.remoteAddress;
  // Express tells the client that its trusted proxies name.
  const address = "ip" in request && typeof request.ip === "string" ? request.ip : peerAddress;
  return { method, headers, httpVersion, peerAddress, address };
}

function send(request: IncomingMessage, response: ServerResponse, answer: HttpAnswer): void {
  const { status, headers, text, stream } = answer;
  // Somebody else may have answered meanwhile, for example a limit on the time of requests.
  if (response.destroyed || response.headersSent) {
    stream?.cancel();
    return;
  }
  // An unread rest of a body would be taken for the next request, or read to its end for nothing.
  const isUnread = announcesBody(request) && !request.complete && request.httpVersionMajor === 1;
  const body = stream === undefined ? undefined : nodeStream(stream, response);
  response.writeHead(status, {
    ...headers,
    ...(status !== 204 && stream === undefined && { "Content-Length": Buffer.byteLength(text) }),
    ...(isUnread && { Connection: "close" }),
  });
  if (body === undefined) {
    response.end(request.method === "HEAD" ? undefined : text);
    return;
  }
  // So that its reader knows at once that it is open.
  response.flushHeaders();
  pipeline(body, response, () => undefined);
}

function announcesBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

async function readBody(request: IncomingMessage, mostBytes: number): Promise<unknown> {
  const { headers } = request;
  if (Number(headers["content-length"] ?? 0) > mostBytes) throw bodyTooLarge(mostBytes);
  if (headers["content-type"] === undefined && !announcesBody(request)) return null;
  // Also for a body that was parsed before: a page of another site can send a form.
  insistOnJson(headers);
  if (request.readableDidRead || request.readableEnded) return parsedBefore(request);
  return parseJsonBody(headers, await bytesOf(request, mostBytes));
}

/** The body that an earlier parser left: the parsed value, or the text or the bytes that it read. */
function parsedBefore(request: IncomingMessage): unknown {
  const body = "body" in request ? request.body : undefined;
  if (typeof body === "string") return parseJsonBody(request.headers, Buffer.from(body));
  return body instanceof Uint8Array ? parseJsonBody(request.headers, body) : (body ?? null);
}

function bytesOf(request: IncomingMessage, mostBytes: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let size = 0;
  const take = (chunk: Buffer): void => {
    chunks.push(chunk);
    size += chunk.length;
    if (size <= mostBytes) return;
    request.off("data", take).pause();
    reject(bodyTooLarge(mostBytes));
  };
  const cut = (): void => reject(new RequestProblem("bad_request", "The request ended before its body did."));
  request.on("data", take).once("end", () => resolve(Buffer.concat(chunks)));
  request.once("error", cut).once("close", cut);
  return promise;
}
