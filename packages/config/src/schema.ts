import { accessSync, constants, statSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { isAddressRange, isHost, parseAddress } from "./address.ts";

/** The environments that have a folder under `config/`. */
export const appEnvs = ["local", "develop", "staging", "production"] as const;

/** The environment that `APP_ENV` names. */
export type AppEnv = (typeof appEnvs)[number];

/** The file that holds each top-level key. */
export const fileOfSection = {
  server: "config.yaml",
  jobqueue: "config.yaml",
  api: "config.yaml",
  cors: "config.yaml",
  logging: "config.yaml",
  redis: "cacheserver.yaml",
} as const;

/** Keys whose values come from the environment or a file named by it, and are never printed. */
export const secretKeys: ReadonlySet<string> = new Set(["password"]);

/** How long a connection waits before it tries again, at first and at most. */
export const reconnectDefaults = { minDelayMs: 50, maxDelayMs: 1000 };

/** Every setting with its default, as it is spelled in the files. A message in here completes "expected ...". */
export function settingsSchema(appEnv: AppEnv, rootDir: string) {
  const host = text("a host name or an IP address without a port", isHost);
  return section({
    server: section({
      // Outside local nobody should learn from a default that the API is reachable from elsewhere, or that it is not.
      host: appEnv === "local" ? host.default("127.0.0.1") : host,
      port: integer(1, 65_535).default(8080),
      trust_proxy: trustProxy().default(false),
    }),
    jobqueue: section({
      store: choice("embedded", "redis").default(appEnv === "local" ? "embedded" : "redis"),
      embedded: section({ path: databasePath(rootDir).prefault("data/hikyaku.db") }),
      concurrency: integer(1, 10_000).default(10),
      queues: queues().default({ default: 10 }),
      strict_priority: flag().default(false),
      host: host.default("127.0.0.1"),
      port: integer(1, 65_535).default(8082),
      shutdown_timeout_seconds: integer(1, 3600).default(8),
    }),
    api: section({
      rate_limit: section({
        enabled: flag().default(true),
        requests_per_minute: integer(1, 1_000_000_000).default(60),
        requests_per_hour: integer(1, 1_000_000_000).default(1000),
        storage_type: choice("auto", "memory", "redis").default("auto"),
      }),
      auth: section({
        enabled: z.literal(false, "false, since this version has no sign-in").default(false),
      }),
    }),
    cors: section({
      allowed_origins: list(
        text('"*", or an origin such as https://app.example.com without a path or a slash at its end', isOrigin),
      ).default([]),
    }),
    logging: section({
      level: choice("trace", "debug", "info", "warn", "error", "fatal").default("info"),
      format: choice("json", "pretty").default("json"),
    }),
    redis: section({
      jobqueue: section({
        addr: address().default("localhost:6379"),
        ...credentials(),
        db: integer(0, 1_000_000).default(0),
        tls: tls(rootDir),
        connect_timeout_ms: integer(1, 600_000).default(5000),
        command_timeout_ms: integer(1, 600_000).default(3000),
        reconnect: reconnect(),
      }),
      default: section({
        cluster: section({
          addrs: list(address()).default([]),
          ...credentials(),
          tls: tls(rootDir),
          connect_timeout_ms: integer(1, 600_000).default(2000),
          command_timeout_ms: integer(1, 600_000).default(250),
          reconnect: reconnect(),
        }),
      }),
    }),
  });
}

function section<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const keys = `a map of keys (${Object.keys(shape).join(", ")})`;
  // Every key that must be given is reported as missing by itself, so an absent section counts as an empty one.
  return z.strictObject(shape, keys).prefault({} as never);
}

function text(expected: string, accepts: (value: string) => boolean) {
  return z.string(expected).refine(accepts, expected);
}

function integer(lowest: number, highest: number) {
  const expected = `an integer from ${lowest} to ${highest}`;
  return z.int(expected).min(lowest, expected).max(highest, expected);
}

function flag() {
  return z.boolean("true or false");
}

function choice<const Values extends readonly [string, ...string[]]>(...values: Values) {
  return z.enum(values, `one of ${values.join(", ")}`);
}

function list<Item extends z.ZodType<string>>(item: Item) {
  const expected = "a list in which nothing stands twice";
  return z.array(item, expected).refine((items) => new Set(items).size === items.length, expected);
}

function address() {
  return text("host:port, such as localhost:6379, with a port from 1 to 65535", (value) => !!parseAddress(value));
}

function queues() {
  const expected = "a map of one or more queues to their priority, such as {critical: 6, default: 3}";
  const name = text("a queue name that is not blank and has no { or }", (value) =>
    /^[^{}]*$/.test(value.trim() || "{"),
  );
  return z.record(name, integer(1, 1_000_000), expected).refine((map) => Object.keys(map).length > 0, expected);
}

function trustProxy() {
  const expected = "true, false, or a list of the proxies' IP addresses or ranges such as 10.0.0.0/8";
  const range = text("an IP address or a range of them such as 10.0.0.0/8", isAddressRange);
  return z.union([flag(), z.array(range, expected).min(1, expected)], expected);
}

function credentials() {
  return {
    username: text("a user name that is not blank", isNotBlank).exactOptional(),
    password: text("a password that is not empty", (value) => value !== "").exactOptional(),
  };
}

function tls(rootDir: string) {
  const readable = text("the path of a readable file", (value) => isReadableFile(resolve(rootDir, value)));
  return z
    .strictObject(
      {
        enabled: flag(),
        ca_file: readable.transform((path) => resolve(rootDir, path)).exactOptional(),
        server_name: text("a host name without a port", isHost).exactOptional(),
        insecure: flag().default(false),
      },
      "true, false, or a map of keys (enabled, ca_file, server_name, insecure)",
    )
    .transform(({ enabled, ...options }) => (enabled ? { enabled, ...options } : false))
    .prefault({ enabled: false });
}

function reconnect() {
  return section({
    min_delay_ms: integer(1, 600_000).default(reconnectDefaults.minDelayMs),
    max_delay_ms: integer(1, 600_000).default(reconnectDefaults.maxDelayMs),
  });
}

function databasePath(rootDir: string) {
  const expected = "the path of a file (not a folder, and not in memory, since accepted tasks must survive a restart)";
  return text(expected, (value) => {
    if (value.trim() === "" || value.includes("\0") || /[/\\]$/.test(value)) return false;
    if (value === ":memory:" || value.startsWith("file:")) return false;
    return mayBecomeFile(resolve(rootDir, value));
  }).transform((path) => resolve(rootDir, path));
}

function isNotBlank(value: string): boolean {
  return value.trim() !== "";
}

function isOrigin(value: string): boolean {
  if (value === "*") return true;
  return /^https?:/.test(value) && URL.canParse(value) && new URL(value).origin === value;
}

function mayBecomeFile(path: string): boolean {
  try {
    return !statSync(path, { throwIfNoEntry: false })?.isDirectory();
  } catch {
    return false;
  }
}

function isReadableFile(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
