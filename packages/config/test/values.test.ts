import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseAddress } from "../src/index.ts";
import { load, makeRoot, problemsOf } from "./config-folder.ts";

describe("a value that does not fit", () => {
  it.each([
    ["server: {port: 70000}", "server.port", "an integer from 1 to 65535, got 70000"],
    ["server: {port: 0}", "server.port", "got 0"],
    ["server: {port: -1}", "server.port", "got -1"],
    ["server: {port: 8080.5}", "server.port", "got 8080.5"],
    ["server: {port: .nan}", "server.port", "got NaN"],
    ["server: {port: .inf}", "server.port", "got Infinity"],
    ['server: {port: "8080"}', "server.port", 'got the text "8080"'],
    ["server: {port: 8_080}", "server.port", 'got the text "8_080"'],
    ["server: {port: }", "server.port", "got a key without a value"],
    ["server: {port: 99999999999999999999999}", "server.port", "got 1e+23"],
    [
      "server: [1, 2]",
      "server",
      "a map of keys (host, port, trust_proxy, allowed_hosts, max_connections, max_connections_per_address), got a list of 2 items",
    ],
    ["server: 8080", "server", "got 8080"],
    ['server: {host: ""}', "server.host", 'got the text ""'],
    ["server: {host: localhost:80}", "server.host", "without a port"],
    ["server: {host: 'http://a'}", "server.host", "a host name"],
    ["server: {host: 999.1.1.1}", "server.host", "a host name or an IP address"],
    ["server: {trust_proxy: yes}", "server.trust_proxy", 'got the text "yes"'],
    ["server: {trust_proxy: [10.0.0.0/33]}", "server.trust_proxy.0", "an IP address or a range"],
    ["server: {trust_proxy: []}", "server.trust_proxy", "got a list of 0 items"],
    ["api: {rate_limit: {enabled: yes}}", "api.rate_limit.enabled", 'true or false, got the text "yes"'],
    ["api: {rate_limit: {enabled: 1}}", "api.rate_limit.enabled", "true or false, got 1"],
    ["api: {rate_limit: {requests_per_minute: 0}}", "api.rate_limit.requests_per_minute", "got 0"],
    ["api: {rate_limit: {storage_type: Redis}}", "api.rate_limit.storage_type", "one of auto, memory, redis"],
    [
      "api: {auth: {proxy: {user_header: X-User}}}",
      "api.auth.proxy.user_header",
      "so anybody could send these headers",
    ],
    [
      "api: {auth: {proxy: {trusted: [], scopes: [read]}}}",
      "api.auth.proxy.scopes",
      "so anybody could send these headers",
    ],
    [
      "api: {auth: {proxy: {trusted: [proxy.example]}}}",
      "api.auth.proxy.trusted.0",
      "a list of the proxies' IP addresses",
    ],
    ["api: {auth: {proxy: {trusted: [0.0.0.0/0]}}}", "api.auth.proxy.trusted.0", "not of everybody"],
    ["api: {auth: {basic: {username: ana}}}", "api.auth.basic.username", "a user name together with its password"],
    ["jobqueue: {store: sqlite}", "jobqueue.store", 'one of embedded, redis, got the text "sqlite"'],
    ["jobqueue: {concurrency: 10001}", "jobqueue.concurrency", "an integer from 1 to 10000"],
    ["jobqueue: {processes: 0}", "jobqueue.processes", "an integer from 1 to 64, got 0"],
    ["jobqueue: {queues: {}}", "jobqueue.queues", "a map of one or more queues"],
    ["jobqueue: {queues: [default]}", "jobqueue.queues", "got a list of 1 item"],
    ["jobqueue: {queues: {default: 0}}", "jobqueue.queues.default", "an integer from 1"],
    ["jobqueue: {queues: {default: high}}", "jobqueue.queues.default", 'got the text "high"'],
    [
      'jobqueue: {queues: {"": 1}}',
      "jobqueue.queues.",
      'a queue name that is not blank and has no { or }, got the text ""',
    ],
    ['jobqueue: {queues: {"  ": 1}}', "jobqueue.queues.  ", "a queue name that is not blank"],
    ['jobqueue: {queues: {"a{b}": 1}}', "jobqueue.queues.a{b}", "a queue name that is not blank"],
    ['jobqueue: {embedded: {path: ":memory:"}}', "jobqueue.embedded.path", "not in memory"],
    ["jobqueue: {embedded: {path: config}}", "jobqueue.embedded.path", "not a folder"],
    [`jobqueue: {embedded: {path: ${"x".repeat(300)}}}`, "jobqueue.embedded.path", "the path of a file"],
    ["jobqueue: {embedded: {path: ' '}}", "jobqueue.embedded.path", "the path of a file"],
    ["jobqueue: {shutdown_timeout_seconds: 8s}", "jobqueue.shutdown_timeout_seconds", 'got the text "8s"'],
    ["cors: {allowed_origins: [https://a.example/]}", "cors.allowed_origins.0", "without a path"],
    ["cors: {allowed_origins: [ftp://a.example]}", "cors.allowed_origins.0", "an origin"],
    ["cors: {allowed_origins: ['*', https://a.example]}", "cors.allowed_origins", '"*" alone'],
    ["cors: {operations_origins: ['*']}", "cors.operations_origins.0", "an origin"],
    ["cors: {allowed_origins: https://a.example}", "cors.allowed_origins", "a list in which nothing stands twice"],
    ["logging: {level: verbose}", "logging.level", "one of trace, debug, info, warn, error, fatal"],
  ])("is refused in config.yaml: %s", (config, key, message) => {
    const [problem, ...others] = problemsOf({ config });
    expect(others).toEqual([]);
    expect(problem).toContain(`config/local/config.yaml:1: ${key}: expected `);
    expect(problem).toContain(message);
  });

  it.each([
    ["jobqueue: {addr: localhost}", "redis.jobqueue.addr", "host:port"],
    ["jobqueue: {addr: 'localhost:70000'}", "redis.jobqueue.addr", "with a port from 1 to 65535"],
    ["jobqueue: {addr: ':6379'}", "redis.jobqueue.addr", "host:port"],
    ["jobqueue: {db: -1}", "redis.jobqueue.db", "an integer from 0"],
    ["jobqueue: {tls: on}", "redis.jobqueue.tls", "true, false, or a map of keys"],
    ["jobqueue: {tls: {server_name: a.example}}", "redis.jobqueue.tls.enabled", "true or false, got nothing"],
    ["jobqueue: {tls: {enabled: true, ca_file: nowhere.pem}}", "redis.jobqueue.tls.ca_file", "a readable file"],
    ["jobqueue: {tls: {enabled: true, ca: x}}", "redis.jobqueue.tls.ca", "a known key"],
    ["jobqueue: {username: app}", "redis.jobqueue.username", "a user name together with its password"],
    ["jobqueue: {reconnect: {min_delay_ms: 2000}}", "redis.jobqueue.reconnect.max_delay_ms", "at least the 2000"],
    ["jobqueue: {connect_timeout_ms: 0}", "redis.jobqueue.connect_timeout_ms", "an integer from 1"],
    ["default: {cluster: {addrs: [a:1, a:1]}}", "redis.default.cluster.addrs", "nothing stands twice"],
    ["default: {cluster: {addrs: [a:1, b]}}", "redis.default.cluster.addrs.1", 'got the text "b"'],
    ["default: {cluster: {addrs: {a: 1}}}", "redis.default.cluster.addrs", "got a map with a"],
  ])("is refused in cacheserver.yaml: %s", (keys, key, message) => {
    const [problem, ...others] = problemsOf({ cacheserver: `redis: {${keys}}` });
    expect(others).toEqual([]);
    expect(problem).toContain("config/local/cacheserver.yaml");
    expect(problem).toContain(`: ${key}: expected `);
    expect(problem).toContain(message);
  });

  it("is not shown where it may hold a password", () => {
    const [problem] = problemsOf({ cacheserver: "redis: {jobqueue: {addr: 'redis://app:hunter2@localhost:6379'}}" });
    expect(problem).toContain('got the text "***@localhost:6379"');
  });
});

describe("a value that fits", () => {
  it("comes in camelCase, with absolute paths and the queues' own names", () => {
    const root = makeRoot({
      config:
        "jobqueue: {queues: {send_mail: 6, Default-2: 3}, embedded: {path: db/x.db}}\nserver: {trust_proxy: [10.0.0.0/8]}",
      cacheserver:
        "redis: {jobqueue: {addr: '[::1]:6379', tls: {enabled: true, ca_file: ca.pem, server_name: a.example}}}",
      files: { "ca.pem": "certificate" },
    });
    const config = load({}, root);
    expect(config.jobqueue.queues).toEqual({ send_mail: 6, "Default-2": 3 });
    expect(config.jobqueue.embedded.path).toBe(join(root, "db/x.db"));
    expect(config.server.trustProxy).toEqual(["10.0.0.0/8"]);
    expect(config.redis.jobqueue.tls).toEqual({
      enabled: true,
      caFile: join(root, "ca.pem"),
      serverName: "a.example",
      insecure: false,
    });
  });

  it("may be no address, one, or many for the shared cache", () => {
    const addrsOf = (addrs: string) =>
      load({ cacheserver: `redis: {default: {cluster: {addrs: ${addrs}}}}` }).redis.default.cluster.addrs;
    expect(addrsOf("[]")).toEqual([]);
    expect(addrsOf("[a:1]")).toEqual(["a:1"]);
    expect(addrsOf("[a:1, b:2]")).toEqual(["a:1", "b:2"]);
  });

  it("may switch TLS on with a word", () => {
    expect(load({ cacheserver: "redis: {jobqueue: {tls: true}}" }).redis.jobqueue.tls).toMatchObject({ enabled: true });
  });
});

describe("the rate limit's store", () => {
  const config = "api: {rate_limit: {storage_type: redis}}";

  it("refuses redis without addresses", () => {
    expect(problemsOf({ config })).toEqual([
      expect.stringMatching(
        /storage_type: expected auto or memory while redis.default.cluster.addrs is empty, got redis/,
      ),
    ]);
  });

  it("takes redis with addresses, from the file or from the environment", () => {
    const cacheserver = "redis: {default: {cluster: {addrs: [a:1]}}}";
    expect(load({ config, cacheserver }).api.rateLimit.storageType).toBe("redis");
    const env = { HIKYAKU__REDIS__DEFAULT__CLUSTER__ADDRS: "a:1" };
    expect(load({ config, env }).api.rateLimit.storageType).toBe("redis");
    expect(problemsOf({ config, cacheserver, env: { HIKYAKU__REDIS__DEFAULT__CLUSTER__ADDRS: "[]" } })).toHaveLength(1);
  });
});

describe("parseAddress", () => {
  it.each([
    ["localhost:6379", { host: "localhost", port: 6379 }],
    ["redis_1.internal.:1", { host: "redis_1.internal.", port: 1 }],
    ["10.0.0.1:65535", { host: "10.0.0.1", port: 65535 }],
    ["[::1]:6379", { host: "::1", port: 6379 }],
  ])("splits %s", (text, address) => expect(parseAddress(text)).toEqual(address));

  it.each([
    "",
    "a",
    "a:",
    ":1",
    "a:0",
    "a:65536",
    "::1:6379",
    "[::1]",
    "[a]:1",
    "a b:1",
    "redis://a:1",
    "u@a:1",
    "1.2.3:1",
  ])("returns undefined for %j", (text) => expect(parseAddress(text)).toBeUndefined());
});
