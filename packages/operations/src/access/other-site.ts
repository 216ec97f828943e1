import type { RequestHead } from "./request-head.ts";

/** Whether a page of another site asks. Browsers say where a request comes from; programs say nothing. */
export function isOfAnotherSite({ headers }: Pick<RequestHead, "headers">): boolean {
  const { origin, host, "sec-fetch-site": site } = headers;
  if (site !== undefined && site !== "same-origin" && site !== "none") return true;
  if (origin === undefined) return false;
  return !URL.canParse(origin) || host === undefined || new URL(origin).host !== host.toLowerCase();
}
