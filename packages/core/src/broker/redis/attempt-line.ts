import type { AttemptRecord } from "../work-facet.ts";

/** One attempt as a line of the hash field `hk:attempts`. */
export function attemptLine(attempt: AttemptRecord | undefined): string {
  return attempt === undefined ? "" : JSON.stringify(attempt);
}
