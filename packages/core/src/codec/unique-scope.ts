import * as crypto from "node:crypto";

/**
 * What makes two unique tasks of one queue equal, in the spelling shared with Go: the type, a colon, and the MD5 of the
 * payload in hex; nothing after the colon where there is no payload, which is not the same as an empty one. The
 * adapter puts its own words for the queue before it.
 */
export function uniqueScope(type: string, payload: Uint8Array | undefined): string {
  return payload === undefined ? `${type}:` : `${type}:${crypto.hash("md5", payload, "hex")}`;
}
