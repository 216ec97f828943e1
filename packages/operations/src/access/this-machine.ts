import { RequestProblem } from "../problems/request-problem.ts";
import { hostNameOf, isLoopback } from "./loopback.ts";
import { isOfAnotherSite } from "./other-site.ts";
import type { Authorize, RequestHead } from "./request-head.ts";

/** Headers that proxies add, in lower case. Behind a proxy, a peer on this machine says nothing about the caller. */
const proxyHeaders: ReadonlySet<string> = new Set([
  "forwarded",
  "via",
  "x-real-ip",
  "true-client-ip",
  "x-client-ip",
  "x-cluster-client-ip",
  "x-proxyuser-ip",
  "x-remote-ip",
  "x-remote-addr",
  "proxy-client-ip",
  "wl-proxy-client-ip",
  "cdn-loop",
  "x-cloud-trace-context",
  "client-ip",
  "x-forward-for",
  "x-originating-ip",
  "x-real-port",
  "x-host",
  "x-scheme",
  "proxy-connection",
  "x-varnish",
  "surrogate-capability",
  "max-forwards",
  "front-end-https",
]);
const proxyPrefixes = [
  "x-forwarded",
  "x-original-",
  "cf-",
  "fly-",
  "fastly-",
  "akamai-",
  "x-akamai-",
  "x-azure-",
  "x-arr-",
  "x-envoy-",
  "x-amzn-",
  "x-amz-cf-",
  "x-appengine-",
  "x-vercel-",
  "x-nf-",
  "cloudfront-",
  "tailscale-",
  "incap-",
  "x-sucuri-",
  "do-connecting-",
  "ali-cdn-",
];

/**
 * Lets this machine itself do everything, and nobody else anything. A request is this machine's when it comes from a
 * loopback address, names one, shows no trace of a proxy, and does not come from another site's page. For development
 * only: a proxy on this machine can hide all of that. `hint` ends the refusal's text: it says what to set for others.
 */
export function thisMachineAccess({ hint }: { readonly hint: string }): Authorize {
  return (head) => {
    const why = whyNotThisMachine(head);
    if (why === undefined) return { scopes: ["admin"] };
    throw new RequestProblem("forbidden", `Without a token operations answer this machine only, and ${why}. ${hint}`);
  };
}

function whyNotThisMachine(head: RequestHead): string | undefined {
  if (!isLoopback(head.peerAddress ?? "")) return "the request comes from another one";
  if (!isLoopback(hostNameOf(head.headers.host))) return "the request's Host names another one";
  if (cameThroughProxy(head)) return "the request came through a proxy";
  if (isOfAnotherSite(head)) return "the request comes from a page of another site";
  return undefined;
}

function cameThroughProxy({ headers, httpVersion }: RequestHead): boolean {
  // Plain proxies speak HTTP/1.0. Direct callers hardly ever do.
  if (httpVersion === "1.0") return true;
  return Object.keys(headers).some((header) => {
    const name = header.replaceAll("_", "-");
    return proxyHeaders.has(name) || proxyPrefixes.some((prefix) => name.startsWith(prefix));
  });
}
