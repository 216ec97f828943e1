import type { IncomingHttpHeaders } from "node:http";
import { refuseLostNumbers } from "./lost-numbers.ts";
import { RequestProblem } from "./request-problem.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** @throws RequestProblem `unsupported_media_type` for a body of any type but JSON, or of any characters but UTF-8. */
export function insistOnJson(headers: IncomingHttpHeaders): void {
  const [type = "", ...parameters] = (headers["content-type"] ?? "").split(";");
  if (type.trim().toLowerCase() !== "application/json") {
    const detail = "expected a body that is sent as Content-Type: application/json";
    throw new RequestProblem("unsupported_media_type", detail);
  }
  for (const parameter of parameters) {
    const [, charset] = /^\s*charset\s*=\s*"?([^"]*?)"?\s*$/i.exec(parameter) ?? [];
    if (charset === undefined || /^utf-?8$/i.test(charset)) continue;
    const detail = `expected a body in UTF-8, got one that is sent with charset=${charset}; JSON is always UTF-8`;
    throw new RequestProblem("unsupported_media_type", detail);
  }
}

/**
 * @throws RequestProblem `unsupported_media_type` as `insistOnJson`, and for a compressed body; `malformed_body` when it
 * is not JSON in UTF-8; `invalid_body` as `refuseLostNumbers`.
 */
export function parseJsonBody(headers: IncomingHttpHeaders, bytes: Uint8Array): unknown {
  insistOnJson(headers);
  const encoding = headers["content-encoding"] ?? "identity";
  if (encoding.toLowerCase() !== "identity") {
    const detail = "expected a body without content encoding; send it uncompressed";
    throw new RequestProblem("unsupported_media_type", detail, { headers: { "Accept-Encoding": "identity" } });
  }
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw new RequestProblem(
      "malformed_body",
      "expected a body in UTF-8, got bytes that are not; save or send it as UTF-8",
    );
  }
  if (text.trim() === "")
    throw new RequestProblem("malformed_body", "expected a JSON object, got an empty body; {} is the smallest");
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new RequestProblem(
      "malformed_body",
      `expected valid JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  refuseLostNumbers(text);
  return body;
}
