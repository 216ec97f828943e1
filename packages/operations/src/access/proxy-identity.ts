import { BlockList, isIP } from "node:net";
import type { Scope } from "@hikyaku/contract";
import { HikyakuError } from "hikyaku";
import { RequestProblem } from "../problems/request-problem.ts";
import { challenge } from "./token.ts";
import type { AccessWay } from "./way.ts";

export interface ProxyIdentityOptions {
  /** The proxies that may say who asks, as addresses or ranges such as `10.0.0.0/8`. Compared with the connection itself. */
  readonly trusted: readonly string[];
  /** The header with the user's name, such as `X-Auth-Request-User`. */
  readonly userHeader: string;
  /** The header with the user's groups. Undefined: every user gets `scopes`. */
  readonly groupsHeader?: string | undefined;
  /** What stands between groups. Default: `,`. */
  readonly separator?: string;
  /** What members of a group may do. */
  readonly groups?: Readonly<Record<string, readonly Scope[]>>;
  /** What every user may do. Default: nothing. */
  readonly scopes?: readonly Scope[];
}

/**
 * Believes the identity headers of a proxy that signs people in, such as oauth2-proxy or authentik. Only the other end of
 * the connection counts, never a header about it: the headers of everybody else are as if they were not there. The caller
 * is named `proxy user …`, so that no name looks like another credential's.
 * @throws HikyakuError `invalid_option` without trusted proxies: anybody could send these headers.
 */
export function proxyIdentityAccess(options: ProxyIdentityOptions): AccessWay {
  const { trusted, userHeader, groupsHeader, separator = ",", groups = {}, scopes = [] } = options;
  const isTrusted = trustOf(trusted);
  const [userName, groupsName] = [userHeader.toLowerCase(), groupsHeader?.toLowerCase()];
  return ({ headers, peerAddress }) => {
    if (!isTrusted(peerAddress)) return undefined;
    const user = oneOf(headers[userName]);
    if (user === undefined) return undefined;
    const name = `proxy user ${user}`;
    if (name.length > longestName)
      throw new RequestProblem("unauthenticated", "expected a shorter user name of the proxy", challenge);
    const held = groupsName === undefined ? [] : (oneOf(headers[groupsName]) ?? "").split(separator);
    return { name, scopes: scopesOfGroups(held, groups, scopes) };
  };
}

const longestName = 150;

/** What somebody may do who belongs to these groups. */
function scopesOfGroups(
  held: readonly string[],
  groups: Readonly<Record<string, readonly Scope[]>>,
  scopes: readonly Scope[] = [],
): readonly Scope[] {
  const names = held.map((name) => name.trim());
  const found = names.flatMap((name) => (Object.hasOwn(groups, name) ? (groups[name] ?? []) : []));
  return [...new Set([...scopes, ...found])];
}

function trustOf(trusted: readonly string[]): (address: string | undefined) => boolean {
  if (trusted.length === 0) {
    throw new HikyakuError(
      "invalid_option",
      "identity headers: expected the addresses of the proxies to believe, got none",
    );
  }
  const list = new BlockList();
  for (const range of trusted) {
    const [address = "", bits] = range.split("/", 2);
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    if (isIP(address) === 0) {
      throw new HikyakuError("invalid_option", `identity headers: expected an address or a range, got "${range}"`);
    }
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return (address) => {
    const plain = (address ?? "").replace(/^::ffff:(?=\d+\.)/, "");
    const version = isIP(plain);
    return version !== 0 && list.check(plain, version === 6 ? "ipv6" : "ipv4");
  };
}

/** A header that came twice says nothing: somebody else added one. */
function oneOf(value: string | string[] | undefined): string | undefined {
  const text = typeof value === "string" ? decoded(value).trim() : undefined;
  return text === undefined || text === "" ? undefined : text;
}

/** Proxies send UTF-8, and servers read each byte of a header as one character. What is no UTF-8 stays as it is. */
function decoded(value: string): string {
  const bytes = Buffer.from(value, "latin1");
  // A mounting of somebody's own may have read it already.
  if (bytes.toString("latin1") !== value) return value;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return value;
  }
}
