import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { errorText, HikyakuError } from "../../../errors.ts";
import { shown } from "../../../option-names.ts";
import { type Clock, systemClock } from "../../../runtime/clock.ts";
import { checkRedisOptions, type RedisOptions, type RedisTlsOptions } from "../redis-options.ts";
import { addressOfUrl, type Place, placeOf, type RedisAddress } from "./redis-url.ts";

export type { Place } from "./redis-url.ts";

/** How to talk to each server, at any place. */
export interface ConnectionSettings {
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number;
  readonly tls: RedisTlsOptions | undefined;
  readonly connectTimeoutMs: number;
  readonly commandTimeoutMs: number;
  /** How long a command may hold up the connection by itself. In milliseconds, on top of `commandTimeoutMs`. */
  readonly holdMs: number;
  readonly minReconnectDelayMs: number;
  readonly maxReconnectDelayMs: number;
  readonly clock: Clock;
}

/** What the options ask for: where to look for the servers, and how to talk to them. */
export type Target =
  | { readonly kind: "server"; readonly place: Place; readonly settings: ConnectionSettings }
  | {
      readonly kind: "sentinel";
      readonly places: readonly Place[];
      readonly masterName: string;
      readonly settings: ConnectionSettings;
      /** How to talk to the sentinels. */
      readonly sentinelSettings: ConnectionSettings;
    }
  | { readonly kind: "cluster"; readonly places: readonly Place[]; readonly settings: ConnectionSettings };

/** @throws HikyakuError `invalid_option`. */
export function targetOf(options: RedisOptions): Target {
  checkRedisOptions(options);
  const ways = (["url", "addr", "sentinel", "cluster"] as const).filter((name) => options[name] !== undefined);
  if (ways.length > 1) {
    const names = ways.map((name) => `"${name}"`).join(" and ");
    throw invalid(`options ${names}: expected one of "url", "addr", "sentinel" and "cluster", got ${ways.length}`);
  }
  const settings = settingsOf(options);
  const { sentinel, cluster } = options;
  if (sentinel !== undefined) {
    const { masterName, username, password, tls } = sentinel;
    if (typeof masterName !== "string" || masterName.trim() === "") {
      throw invalid(
        `option "sentinel.masterName": expected the name that the sentinels know the master by, got ${shown(masterName)}`,
      );
    }
    const places = placesOf("sentinel.addrs", sentinel.addrs);
    const sentinelSettings = { ...settings, username, password, db: 0, tls: tlsOf(tls) };
    return { kind: "sentinel", places, masterName, settings, sentinelSettings };
  }
  if (cluster !== undefined) {
    return { kind: "cluster", places: placesOf("cluster.addrs", cluster.addrs), settings };
  }
  const { place, username, password, db, tls } = addressOf(options);
  if (tls && options.tls === false) {
    throw invalid('options "url" and "tls": expected TLS in both or in neither, got rediss:// and false');
  }
  return {
    kind: "server",
    place,
    settings: {
      ...settings,
      username: settings.username ?? username,
      password: settings.password ?? password,
      db: options.db ?? db ?? 0,
      tls: settings.tls ?? (tls ? {} : undefined),
    },
  };
}

export function shownPlace({ host, port }: Place): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function settingsOf(options: RedisOptions): ConnectionSettings {
  return {
    username: options.username,
    password: options.password,
    db: options.db ?? 0,
    tls: tlsOf(options.tls),
    connectTimeoutMs: options.connectTimeoutMs ?? 2_000,
    commandTimeoutMs: options.commandTimeoutMs ?? 5_000,
    holdMs: 0,
    minReconnectDelayMs: options.minReconnectDelayMs ?? 50,
    maxReconnectDelayMs: options.maxReconnectDelayMs ?? 500,
    clock: options.clock ?? systemClock,
  };
}

function tlsOf(tls: boolean | RedisTlsOptions | undefined): RedisTlsOptions | undefined {
  if (tls === undefined || tls === false) return undefined;
  const options = tls === true ? {} : tls;
  if ((options.cert === undefined) !== (options.key === undefined)) {
    throw invalid('options "tls.cert" and "tls.key": expected both or neither, got one');
  }
  const { ca, cert, key } = options;
  if (ca !== undefined) checkPem('option "tls.ca"', () => new X509Certificate(ca));
  if (cert !== undefined) checkPem('option "tls.cert"', () => new X509Certificate(cert));
  if (key !== undefined) checkPem('option "tls.key"', () => createPrivateKey(key));
  if (cert !== undefined) checkPem('options "tls.cert" and "tls.key"', () => createSecureContext({ cert, key }));
  return options;
}

/**
 * Without this check, a PEM that OpenSSL can't use would be ignored or fail each attempt to connect. OpenSSL's error
 * repeats nothing of the PEM.
 */
function checkPem(names: string, use: () => unknown): void {
  try {
    use();
  } catch (error) {
    throw invalid(`${names}: expected PEM that OpenSSL can use: ${errorText(error)}`);
  }
}

function addressOf({ url, addr }: RedisOptions): RedisAddress {
  if (addr === undefined) return addressOfUrl(url ?? "redis://127.0.0.1:6379");
  const place = placeOf("addr", addr);
  return { place, username: undefined, password: undefined, db: undefined, tls: false };
}

function placesOf(name: string, addrs: readonly string[]): Place[] {
  if (!Array.isArray(addrs) || addrs.length === 0) {
    const got = Array.isArray(addrs) ? "none" : `a value of type ${typeof addrs}`;
    throw invalid(`option "${name}": expected one or more host:port in an array, got ${got}`);
  }
  return addrs.map((addr, index) => placeOf(`${name}[${index}]`, addr));
}

function invalid(message: string): HikyakuError {
  return new HikyakuError("invalid_option", message);
}
