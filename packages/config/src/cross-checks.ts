import type { ConfigProblem } from "./config-error.ts";
import { variableOf } from "./environment.ts";
import { reconnectDefaults } from "./schema.ts";
import type { SettingsTree } from "./settings-tree.ts";

const redisConnections = [
  ["redis", "jobqueue"],
  ["redis", "default", "cluster"],
] as const;

const tlsSections = [
  ["redis", "jobqueue", "tls"],
  ["redis", "jobqueue", "sentinel", "tls"],
] as const;

/** The rules that need more than one key. Reads the settings before they are checked, and skips what is malformed. */
export function crossCheck(tree: SettingsTree): ConfigProblem[] {
  return [
    ...rateLimitHasItsStore(tree),
    ...everyOriginStandsAlone(tree),
    ...oneWayToRedis(tree),
    ...usernameHasPassword(tree, ["redis", "jobqueue", "sentinel"]),
    ...usernameHasPassword(tree, ["api", "auth", "basic"]),
    ...passwordHasUsername(tree, ["api", "auth", "basic"]),
    ...identityHeadersHaveProxies(tree),
    ...tlsSections.flatMap((path) => certificateHasItsKey(tree, path)),
    ...redisConnections.flatMap((path) => [...usernameHasPassword(tree, path), ...delaysAreInOrder(tree, path)]),
  ];
}

function rateLimitHasItsStore(tree: SettingsTree): ConfigProblem[] {
  const storageType = ["api", "rate_limit", "storage_type"];
  const addrs = ["redis", "default", "cluster", "addrs"];
  const value = tree.get(addrs);
  const isEmpty = value === undefined || (Array.isArray(value) && value.length === 0);
  if (tree.get(storageType) !== "redis" || !isEmpty) return [];
  return [
    {
      source: tree.originOf(storageType) ?? "",
      key: storageType.join("."),
      expected: "auto or memory while redis.default.cluster.addrs is empty",
      got: "redis",
      hint: `list the addresses in cacheserver.yaml or in ${variableOf(addrs)}`,
    },
  ];
}

function everyOriginStandsAlone(tree: SettingsTree): ConfigProblem[] {
  const path = ["cors", "allowed_origins"];
  const origins = tree.get(path);
  if (!Array.isArray(origins) || !origins.includes("*") || origins.length === 1) return [];
  const expected = '"*" alone, or a list of origins without it';
  return [{ source: tree.originOf(path) ?? "", key: path.join("."), expected, got: '"*" among others' }];
}

function oneWayToRedis(tree: SettingsTree): ConfigProblem[] {
  const [first, ...others] = (["addr", "sentinel", "cluster"] as const)
    .map((key) => ["redis", "jobqueue", key])
    .filter((path) => tree.get(path) !== undefined);
  const origin = (path: readonly string[]): string => tree.originBelow(path) ?? tree.originOf(path) ?? "";
  return others.map((path) => ({
    source: origin(path),
    key: path.join("."),
    expected: "one of redis.jobqueue.addr, .sentinel and .cluster",
    got: `${first?.join(".")} too`,
    hint: `remove one of them; ${first?.join(".")} stands in ${origin(first ?? [])}`,
  }));
}

function certificateHasItsKey(tree: SettingsTree, section: readonly string[]): ConfigProblem[] {
  const [given, ...more] = ["cert_file", "key_file"].filter((key) => tree.get([...section, key]) !== undefined);
  if (given === undefined || more.length > 0) return [];
  const path = [...section, given];
  const expected = "cert_file and key_file together";
  return [{ source: tree.originOf(path) ?? "", key: path.join("."), expected, got: `${given} alone` }];
}

function usernameHasPassword(tree: SettingsTree, connection: readonly string[]): ConfigProblem[] {
  const path = [...connection, "username"];
  const password = [...connection, "password"];
  // A client sends the name only together with a password, so the name alone would be dropped in silence.
  if (tree.get(path) === undefined || tree.get(password) !== undefined) return [];
  const expected = "a user name together with its password";
  const hint = `set ${variableOf(password)} or ${variableOf(password)}_FILE`;
  return [{ source: tree.originOf(path) ?? "", key: path.join("."), expected, got: "a user name alone", hint }];
}

function passwordHasUsername(tree: SettingsTree, section: readonly string[]): ConfigProblem[] {
  const [username, password] = [
    [...section, "username"],
    [...section, "password"],
  ];
  if (tree.get(password) === undefined || tree.get(username) !== undefined) return [];
  const hint = `set ${variableOf(username)}`;
  return [
    {
      source: tree.originOf(password) ?? "",
      key: password.join("."),
      expected: "a password together with its user name",
      got: "a password alone (not shown)",
      hint,
    },
  ];
}

/** Without a list of those who are believed, anybody could send the headers. */
function identityHeadersHaveProxies(tree: SettingsTree): ConfigProblem[] {
  const section = ["api", "auth", "proxy"];
  const trusted = tree.get([...section, "trusted"]);
  if (Array.isArray(trusted) && trusted.length > 0) return [];
  const keys = ["user_header", "groups_header", "separator", "groups", "scopes"];
  const given = keys.map((key) => [...section, key]).find((path) => tree.get(path) !== undefined);
  if (given === undefined) return [];
  return [
    {
      source: tree.originOf(given) ?? tree.originBelow(given) ?? "",
      key: given.join("."),
      expected: "identity headers together with the proxies that are believed, in api.auth.proxy.trusted",
      got: "no trusted proxies, so anybody could send these headers",
      hint: `list their addresses there, or in ${variableOf([...section, "trusted"])}`,
    },
  ];
}

function delaysAreInOrder(tree: SettingsTree, connection: readonly string[]): ConfigProblem[] {
  const path = [...connection, "reconnect", "max_delay_ms"];
  const highest = tree.get(path) ?? reconnectDefaults.maxDelayMs;
  const lowest = tree.get([...connection, "reconnect", "min_delay_ms"]) ?? reconnectDefaults.minDelayMs;
  if (typeof lowest !== "number" || typeof highest !== "number" || lowest <= highest) return [];
  const expected = `at least the ${lowest} of min_delay_ms`;
  return [{ source: tree.originOf(path) ?? "", key: path.join("."), expected, got: String(highest) }];
}
