import type { Scope } from "@hikyaku/contract";
import { HikyakuError } from "hikyaku";
import { RequestProblem } from "../problems/request-problem.ts";
import { isSameSecret } from "./secret-digest.ts";
import type { SignInLimit } from "./sign-in-limit.ts";
import type { AccessWay } from "./way.ts";

export interface BasicOptions {
  readonly username: string;
  readonly password: string;
  /** Default: everything. */
  readonly scopes?: readonly Scope[];
  readonly limit: SignInLimit;
}

const basicChallenge = { headers: { "WWW-Authenticate": 'Basic realm="operations", charset="UTF-8"' } };
const shortestPassword = 12;

/**
 * One user by HTTP's basic authentication: the smallest way to sign in. Ten wrong passwords a minute from an address.
 * @throws HikyakuError `invalid_option` for a name with a colon, or a password below 12 characters.
 */
export function basicAccess({ username, password, scopes = ["admin"], limit }: BasicOptions): AccessWay {
  if (username === "" || username.includes(":") || password.length < shortestPassword) {
    const expected = `a user name without a colon, and a password of ${shortestPassword} characters or more`;
    throw new HikyakuError("invalid_option", `basic authentication: expected ${expected}`);
  }
  return ({ headers, address }) => {
    const sent = /^Basic +(\S+)$/i.exec(headers.authorization ?? "")?.[1];
    if (sent === undefined) return undefined;
    limit.check(address);
    if (isSameSecret(Buffer.from(sent, "base64").toString(), `${username}:${password}`))
      return { name: username, scopes };
    limit.failed(address);
    throw new RequestProblem("unauthenticated", "This is not the user name and the password.", basicChallenge);
  };
}
