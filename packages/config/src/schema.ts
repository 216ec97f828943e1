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
export const secretKeys: ReadonlySet<string> = new Set(["password", "token"]);

/** The parts of tasks that can be hidden. */
const parts = ["payloads", "results", "headers", "logs"] as const;
const ofParts = `one of ${parts.join(", ")}`;

/** What somebody can be permitted to do over HTTP: the words of the contract. */
const scopes = ["read", "enqueue", "operate", "admin"] as const;

/** Where the queue's own Redis is when no setting says it. */
export const defaultAddr = "localhost:6379";

/** How long a connection waits before it tries again, at first and at most. */
export const reconnectDefaults = { minDelayMs: 50, maxDelayMs: 1000 };

/** Every setting with its default, as it is spelled in the files. A message in here completes "expected ...". */
export function settingsSchema(appEnv: AppEnv, rootDir: string) {
  const host = text("a host name or an IP address without a port", isHost);
  return section({
    server: section({
      // Outside local, nobody should learn from a default whether the API can be reached from elsewhere.
      host: appEnv === "local" ? host.default("127.0.0.1") : host,
      port: integer(1, 65_535).default(8080),
      trust_proxy: trustProxy().default(false),
      allowed_hosts: list(text("a host name or an IP address without a port", isHost)).default([]),
      // One open file for each, plus the other files of a process, stay below the usual limit of 1024 descriptors.
      max_connections: integer(1, 100_000).default(400),
      max_connections_per_address: integer(1, 100_000).default(64),
    }),
    jobqueue: section({
      store: choice("embedded", "redis").default(appEnv === "local" ? "embedded" : "redis"),
      embedded: section({ path: databasePath(rootDir).prefault("data/hikyaku.db") }),
      concurrency: integer(1, 10_000).default(10),
      processes: integer(1, 64).default(1),
      queues: queues().default({ default: 10 }),
      strict_priority: flag().default(false),
      host: host.default("127.0.0.1"),
      port: integer(1, 65_535).default(8082),
      shutdown_timeout_seconds: integer(1, 3600).default(8),
      build: text("a text of 1 to 200 characters that names the build", isBuildName).exactOptional(),
    }),
    api: section({
      rate_limit: section({
        enabled: flag().default(true),
        requests_per_minute: integer(1, 1_000_000_000).default(60),
        requests_per_hour: integer(1, 1_000_000_000).default(1000),
        page_requests_per_minute: integer(1, 1_000_000_000).default(600),
        operations_requests_per_minute: integer(1, 1_000_000_000).default(6_000),
        storage_type: choice("auto", "memory", "redis").default("auto"),
      }),
      operations: section({
        switched_off: list(
          text("an operation's id such as remove-queue", (id) => /^[a-z][a-z0-9-]*$/.test(id)),
        ).default([]),
        token: text("a token of 16 to 1000 printable ASCII characters without spaces", isToken).exactOptional(),
      }),
      masking: section({
        keys: list(text("the name of a key", isNotBlank)).default([]),
        hidden: section({
          read: list(z.enum(parts, ofParts)).default([]),
          operate: list(z.enum(parts, ofParts)).default([]),
        }),
      }),
      audit: section({
        max_entries: integer(1, 100_000).default(10_000),
        max_age_days: integer(1, 3_650).default(90),
      }),
      auth: section({
        basic: section({
          username: text("a user name without a colon", isUserName).exactOptional(),
          password: text("a password of 12 characters or more", (value) => value.length >= 12).exactOptional(),
        }),
        session: section({ max_hours: integer(1, 720).default(12) }),
        proxy: section({
          trusted: trustedProxies().default([]),
          user_header: headerName().default("X-Auth-Request-User"),
          groups_header: headerName().exactOptional(),
          separator: text("a text of 1 to 5 characters", (value) => /^.{1,5}$/u.test(value)).default(","),
          groups: groupScopes().default({}),
          scopes: scopeList().default([]),
        }),
      }),
    }),
    cors: section({
      allowed_origins: list(
        text('"*", or an origin such as https://app.example.com without a path or a slash at its end', isOrigin),
      ).default([]),
      operations_origins: list(
        text("an origin such as https://app.example.com without a path or a slash at its end", isOneOrigin),
      ).default([]),
    }),
    logging: section({
      level: choice("trace", "debug", "info", "warn", "error", "fatal").default("info"),
      format: choice("json", "pretty").default("json"),
    }),
    redis: section({
      jobqueue: section({
        // One of these three. The first if none is given: see `defaultAddr`.
        addr: address().exactOptional(),
        sentinel: optionalSection({
          master_name: text("the name that the sentinels know the master by", isNotBlank),
          addrs: addresses(),
          ...credentials(),
          tls: tlsOfBoth(rootDir),
        }),
        cluster: optionalSection({ addrs: addresses() }),
        ...credentials(),
        db: integer(0, 1_000_000).default(0),
        tls: tlsOfBoth(rootDir),
        durability: section({
          replicas: integer(0, 1000).default(0),
          on_disk: flag().default(false),
          timeout_ms: integer(1, 600_000).default(1000),
        }),
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

/** A section that may be absent. Its keys have no meaning without the others. */
function optionalSection<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape, `a map of keys (${Object.keys(shape).join(", ")})`).exactOptional();
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

function addresses() {
  const expected = "a list of one or more host:port in which nothing stands twice";
  return z
    .array(address(), expected)
    .refine((items) => items.length > 0 && new Set(items).size === items.length, expected);
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

function trustedProxies() {
  const expected =
    "a list of the proxies' IP addresses or ranges such as 10.0.0.0/8, not of everybody: who is not among them could send these headers too";
  const range = text(expected, (value) => isAddressRange(value) && !/\/0+$/.test(value));
  return z.array(range, expected);
}

function headerName() {
  return text("the name of a header", (value) => /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/.test(value));
}

function scopeList() {
  const expected = `a list of ${scopes.join(", ")}`;
  return z.array(z.enum(scopes, expected), expected);
}

function groupScopes() {
  return z.record(
    text("a group's name", isNotBlank),
    scopeList(),
    "a map of groups to lists of scopes, such as {ops: [operate]}",
  );
}

function credentials() {
  return {
    username: text("a user name that is not blank", isNotBlank).exactOptional(),
    password: text("a password that is not empty", (value) => value !== "").exactOptional(),
  };
}

function tls(rootDir: string) {
  return tlsSection({
    enabled: flag(),
    ca_file: readableFile(rootDir),
    server_name: serverName(),
    insecure: flag().default(false),
  })
    .transform(({ enabled, ...options }) => (enabled ? { enabled, ...options } : false))
    .prefault({ enabled: false });
}

/** For a server that may ask for a certificate of ours. */
function tlsOfBoth(rootDir: string) {
  return tlsSection({
    enabled: flag(),
    ca_file: readableFile(rootDir),
    cert_file: readableFile(rootDir),
    key_file: readableFile(rootDir),
    server_name: serverName(),
    insecure: flag().default(false),
  })
    .transform(({ enabled, ...options }) => (enabled ? { enabled, ...options } : false))
    .prefault({ enabled: false });
}

function tlsSection<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape, `true, false, or a map of keys (${Object.keys(shape).join(", ")})`);
}

function readableFile(rootDir: string) {
  const readable = text("the path of a readable file", (value) => isReadableFile(resolve(rootDir, value)));
  return readable.transform((path) => resolve(rootDir, path)).exactOptional();
}

function serverName() {
  return text("a host name without a port", isHost).exactOptional();
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

function isBuildName(value: string): boolean {
  return isNotBlank(value) && value.length <= 200 && !/\p{Cc}/u.test(value);
}

/** Text that can stand in a header, and is long enough not to be guessed. */
function isToken(value: string): boolean {
  return /^[!-~]{16,1000}$/.test(value);
}

function isUserName(value: string): boolean {
  return isNotBlank(value) && !value.includes(":") && value.length <= 100;
}

function isNotBlank(value: string): boolean {
  return value.trim() !== "";
}

function isOrigin(value: string): boolean {
  return value === "*" || isOneOrigin(value);
}

function isOneOrigin(value: string): boolean {
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
