import type { IncomingMessage } from "node:http";

const absoluteForm = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)(.*)$/i;

/**
 * Makes `Host` the name that a request is for, and its address only the path. In `GET http://a.example/x` the target
 * names the host, whatever `Host` says (RFC 9112, 3.2.2). Returns what is wrong when the request is for no name, or for
 * several.
 */
export function settleTarget(request: IncomingMessage): string | undefined {
  const hosts = request.headersDistinct["host"]?.length ?? 0;
  if (hosts > 1) return "The request has several Host headers; send one.";
  if (hosts === 0 && request.httpVersion !== "1.0") return "The request has no Host header, which HTTP/1.1 asks for.";
  const [isAbsolute, authority = "", rest = ""] = absoluteForm.exec(request.url ?? "") ?? [];
  if (isAbsolute === undefined) return undefined;
  const isName = authority !== "" && !authority.includes("@") && URL.canParse(`http://${authority}`);
  if (!/^https?:/i.test(isAbsolute) || !isName) return "The request's target is no path and no http or https address.";
  request.headers.host = authority;
  request.url = rest.startsWith("/") ? rest : `/${rest}`;
  return undefined;
}
