import { HikyakuError } from "../../../errors.ts";

/** A server's place on the network. */
export interface Place {
  /** A name or an IP address. IPv6 without its brackets. */
  readonly host: string;
  readonly port: number;
}

/** What the address of one server says. */
export interface RedisAddress {
  readonly place: Place;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number | undefined;
  readonly tls: boolean;
}

const defaultPort = 6_379;
const oneServer =
  'it names one server, several are for the options "sentinel" and "cluster"; in a user name or password @ and , are written %40 and %2C';

/**
 * Reads `redis://[user:password@]host[:port][/db]`, or `rediss://` for TLS. Refuses what an address has no place for: a
 * query, a fragment, white space. No message repeats a user name or a password.
 * @throws HikyakuError `invalid_option`.
 */
export function addressOfUrl(text: string): RedisAddress {
  const form = "redis://user:password@host:port/db or rediss://... for TLS";
  const refuse = (why: string): never => {
    throw invalid(`option "url": expected ${form}, got ${withoutSecrets(text)}: ${why}`);
  };
  if (typeof text !== "string") throw invalid(`option "url": expected ${form}, got a value of type ${typeof text}`);
  if (/\s/.test(text)) refuse("white space is written %20");
  // Text that reads as one address with a strange password may be several addresses.
  if (/@.*,.*@/.test(text)) refuse(oneServer);
  // This check comes first: a # would end the address there, and a part of the user name or password would be read as
  // the host.
  if (text.includes("#")) refuse("a # in a user name or password is written %23, and an address has no fragment");
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) {
    if (text.includes(",")) return refuse(oneServer);
    return refuse("it can't be read; in a user name or password / ? @ and [ are written %2F %3F %40 and %5B");
  }
  if (url.protocol !== "redis:" && url.protocol !== "rediss:") refuse("its scheme is neither redis nor rediss");
  if (url.hostname === "") refuse("it names no host");
  if (!/^(?:\[[\da-f:.]+\]|[\w.-]+)$/i.test(url.hostname)) refuse("a host has letters, digits, dots and hyphens alone");
  if (url.search !== "" || text.includes("?")) {
    const names = [...url.searchParams.keys()].map((name) => `"${name}"`).join(", ");
    const which = names === "" ? "a query" : `the query ${names}`;
    refuse(`${which} is not read; the database follows the host as /3, TLS is rediss://, and the rest are options`);
  }
  const database = url.pathname.replace(/^\//, "");
  if (!/^\d{0,9}$/.test(database)) refuse("what follows the host must be the number of a database");
  if (url.port === "0") refuse("a port is from 1 to 65535");
  return {
    place: { host: url.hostname.replace(/^\[|\]$/g, ""), port: url.port === "" ? defaultPort : Number(url.port) },
    username: decoded(url.username, refuse),
    password: decoded(url.password, refuse),
    db: database === "" ? undefined : Number(database),
    tls: url.protocol === "rediss:",
  };
}

/**
 * Reads `host:port`. An IPv6 address stands in brackets.
 * @throws HikyakuError `invalid_option`, which names the option.
 */
export function placeOf(option: string, text: unknown): Place {
  const [, ipv6, host, digits] = /^(?:\[([\w:.%-]+)\]|([\p{L}\p{N}_.-]+)):(\d{1,5})$/u.exec(String(text)) ?? [];
  const port = Number(digits);
  if (typeof text !== "string" || digits === undefined || port < 1 || port > 65_535) {
    const help = String(text).includes("@") ? '; user name and password are options, or stand in "url"' : "";
    const got = typeof text === "string" ? withoutSecrets(text) : `a value of type ${typeof text}`;
    throw invalid(`option "${option}": expected host:port, got ${got}${help}`);
  }
  return { host: ipv6 ?? host ?? "", port };
}

function decoded(part: string, refuse: (why: string) => never): string | undefined {
  if (part === "") return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    return refuse("a % in a user name or password is written %25");
  }
}

/** The part of an address that can hold no secret: a host, a port and the number of a database. */
const harmless = /^(?:\[[\da-f:.]*\]|[\w.-]*)(?=$|[:/?#,;&\s])(?::-?\d{1,6}(?!\w))?(?:\/-?\d{1,9}(?!\w)|\/$)?/i;

/** The part of a wrong address that a message may repeat: nothing that stands where a secret may stand. */
function withoutSecrets(text: string): string {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0] ?? "";
  const at = text.lastIndexOf("@");
  const rest = text.slice(Math.max(scheme.length, at + 1));
  const shown = harmless.exec(rest)?.[0] ?? "";
  const hidden = shown.length < rest.length ? "***" : "";
  return JSON.stringify(`${scheme}${at < 0 ? "" : "***@"}${shown}${hidden}`.slice(0, 200));
}

function invalid(message: string): HikyakuError {
  return new HikyakuError("invalid_option", message);
}
