import * as crypto from "node:crypto";

/**
 * What makes two unique tasks of one queue equal, spelled as in Go: the type, a colon, and the MD5 of the payload in
 * hex. Without a payload nothing follows the colon; an empty payload is something else. The adapter puts its own words
 * for the queue in front.
 */
export function uniqueScope(type: string, payload: Uint8Array | undefined): string {
  return payload === undefined ? `${type}:` : `${type}:${crypto.hash("md5", payload, "hex")}`;
}
