import { type Clock, systemClock } from "../../clock.ts";
import { HikyakuError } from "../../errors.ts";
import type { RedisOptions, RedisTlsOptions } from "./redis-options.ts";

/** A server's place on the network. */
export interface Place {
  /** A name or an IP address; IPv6 without its brackets. */
  readonly host: string;
  readonly port: number;
}

/** How to talk to each server, wherever it is. */
export interface ConnectionSettings {
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number;
  readonly tls: RedisTlsOptions | undefined;
  readonly connectTimeoutMs: number;
  readonly commandTimeoutMs: number;
  readonly minReconnectDelayMs: number;
  readonly maxReconnectDelayMs: number;
  readonly clock: Clock;
}

/** What the options ask for: where to look for the server or servers, and how to talk to them. */
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
        `option "sentinel.masterName": expected the name that the sentinels know the master by, got ${JSON.stringify(masterName)}`,
      );
    }
    const places = placesOf("sentinel.addrs", sentinel.addrs);
    const sentinelSettings = { ...settings, username, password, db: 0, tls: tlsOf(tls) };
    return { kind: "sentinel", places, masterName, settings, sentinelSettings };
  }
  if (cluster !== undefined) {
    if (settings.db !== 0) {
      throw invalid(`option "db": expected 0, the only database that a cluster has, got ${settings.db}`);
    }
    return { kind: "cluster", places: placesOf("cluster.addrs", cluster.addrs), settings };
  }
  const { url, place } = addressOf(options);
  const database = url.pathname.replace(/^\//, "");
  return {
    kind: "server",
    place,
    settings: {
      ...settings,
      username: settings.username ?? given(decodeURIComponent(url.username)),
      password: settings.password ?? given(decodeURIComponent(url.password)),
      db: options.db ?? (database === "" ? 0 : Number(database)),
      tls: settings.tls ?? (url.protocol === "rediss:" ? {} : undefined),
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
  return options;
}

function given(text: string): string | undefined {
  return text === "" ? undefined : text;
}

function addressOf(options: RedisOptions): { url: URL; place: Place } {
  const text = options.url ?? `redis://${options.addr ?? "127.0.0.1:6379"}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const database = url?.pathname.replace(/^\//, "") ?? "";
  if (url === undefined || !/^rediss?:$/.test(url.protocol) || url.hostname === "" || !/^\d*$/.test(database)) {
    const name = options.url === undefined ? "addr" : "url";
    const expected = name === "addr" ? "host:port" : "redis://host:port/db or rediss://host:port/db";
    throw invalid(`option "${name}": expected ${expected}, got ${withoutSecrets(text)}`);
  }
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return { url, place: { host, port: url.port === "" ? 6_379 : Number(url.port) } };
}

function placesOf(name: string, addrs: readonly string[]): Place[] {
  if (!Array.isArray(addrs) || addrs.length === 0) {
    throw invalid(`option "${name}": expected one or more host:port, got ${JSON.stringify(addrs)}`);
  }
  return addrs.map((addr, index) => {
    const [, ipv6, host, digits] = /^(?:\[([^\]]+)\]|([^:@/\s]+)):(\d{1,5})$/.exec(String(addr)) ?? [];
    const port = Number(digits);
    if (digits === undefined || port < 1 || port > 65_535) {
      throw invalid(`option "${name}[${index}]": expected host:port, got ${withoutSecrets(String(addr))}`);
    }
    return { host: ipv6 ?? host ?? "", port };
  });
}

function withoutSecrets(url: string): string {
  return JSON.stringify(url.replace(/\/\/[^@]*@/, "//***@"));
}

function invalid(message: string): HikyakuError {
  return new HikyakuError("invalid_option", message);
}
