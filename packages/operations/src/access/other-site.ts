import type { RequestHead } from "./request-head.ts";

/** Whether a page of another site sent the request. Browsers say where a request comes from; programs say nothing. */
export function isOfAnotherSite({ headers }: Pick<RequestHead, "headers">): boolean {
  const { origin, host, "sec-fetch-site": site } = headers;
  // No page can claim this. A proxy may have given the request another `Host`.
  if (site === "same-origin") return false;
  if (site !== undefined && site !== "none") return true;
  if (origin === undefined) return false;
  return !URL.canParse(origin) || host === undefined || new URL(origin).host !== host.toLowerCase();
}
