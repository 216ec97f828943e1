import { hash, timingSafeEqual } from "node:crypto";
import { SCOPES, type Scope } from "@hikyaku/contract";
import { HikyakuError } from "hikyaku";
import { RequestProblem } from "../problems/request-problem.ts";
import type { Authorize } from "./request-head.ts";

/** The header of an answer with 401. */
export const challenge = { headers: { "WWW-Authenticate": 'Bearer realm="operations"' } };

const SHORTEST_TOKEN = 16;

/**
 * Callers that send this token as `Authorization: Bearer <token>` may do what `scopes` say. Default: everything.
 * @throws HikyakuError `invalid_option` for fewer than 16 characters, characters that no header can carry, and scopes that
 * there are not.
 */
export function tokenAccess(token: string, scopes: readonly Scope[] = ["admin"]): Authorize {
  if (!/^[!-~]+$/.test(token) || token.length < SHORTEST_TOKEN) {
    throw new HikyakuError(
      "invalid_option",
      `token: expected ${SHORTEST_TOKEN} or more printable ASCII characters without spaces, got something else; make one with ` +
        "`openssl rand -hex 32`",
    );
  }
  const known: readonly unknown[] = SCOPES;
  if (!Array.isArray(scopes) || !scopes.every((scope) => known.includes(scope))) {
    throw new HikyakuError(
      "invalid_option",
      `scopes: expected an array of some of ${SCOPES.join(", ")}, got ${JSON.stringify(scopes)}`,
    );
  }
  const digest = digestOf(token);
  return ({ headers }) => {
    const sent = bearerToken(headers.authorization);
    // Digests have one length, so to compare them takes the same time whatever was sent.
    if (sent !== undefined && timingSafeEqual(digestOf(sent), digest)) return { scopes, byBearerToken: true };
    const detail =
      sent === undefined
        ? "Operations need a token: send it as `Authorization: Bearer <token>`."
        : "This is not the token of the operations.";
    throw new RequestProblem("unauthenticated", detail, challenge);
  };
}

/** The token in an `Authorization` header, if there is one. */
export function bearerToken(header: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(header ?? "")?.[1];
}

function digestOf(token: string): Buffer {
  return hash("sha256", token, "buffer");
}
