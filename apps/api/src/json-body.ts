import { RequestProblem } from "@hikyaku/app-kit";
import type { FastifyInstance, FastifyRequest } from "fastify";

/** The largest body that is read: a message of the greatest length fits however it is escaped. */
export const BODY_LIMIT_BYTES = 65_536;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Makes JSON in UTF-8 the only kind of body that is read; other kinds are answered with 415, broken ones with 400. */
export function acceptOnlyJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body, done) => {
    try {
      done(null, parse(request, body as Buffer));
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  });
}

function parse(request: FastifyRequest, body: Buffer): unknown {
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding.toLowerCase() !== "identity") {
    const detail = "expected a body without content encoding; send it uncompressed";
    throw new RequestProblem("unsupported_media_type", detail, { headers: { "Accept-Encoding": "identity" } });
  }
  let text: string;
  try {
    text = utf8.decode(body);
  } catch {
    throw new RequestProblem(
      "malformed_body",
      "expected a body in UTF-8, got bytes that are not; save or send it as UTF-8",
    );
  }
  if (text.trim() === "")
    throw new RequestProblem("malformed_body", "expected a JSON object, got an empty body; {} is the smallest");
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new RequestProblem(
      "malformed_body",
      `expected valid JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
