import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { CONFIG_EXIT_CODE, ConfigError, describeConfig, loadConfig } from "../src/index.ts";
import { errorOf, load, makeRoot, problemsOf } from "./config-folder.ts";

const repository = join(import.meta.dirname, "../../..");

describe("the files of the repository", () => {
  it.each(["local", "develop", "staging"])("load as they are for %s", (appEnv) => {
    expect(loadConfig({ env: { APP_ENV: appEnv } }).appEnv).toBe(appEnv);
  });

  it("bind to this machine in local and say their host elsewhere", () => {
    expect(loadConfig({ env: {} })).toMatchObject({ server: { host: "127.0.0.1" }, jobqueue: { store: "embedded" } });
    expect(loadConfig({ env: { APP_ENV: "staging" } })).toMatchObject({
      server: { host: "0.0.0.0" },
      jobqueue: { store: "redis" },
    });
  });

  it("name a shared cache in develop and staging, and none in local", () => {
    const addrsIn = (appEnv: string) => loadConfig({ env: { APP_ENV: appEnv } }).redis.default.cluster.addrs;
    expect(["local", "develop", "staging"].map(addrsIn)).toEqual([[], ["localhost:6379"], ["localhost:6379"]]);
  });

  it("hold examples for production that load once they are copied", () => {
    const root = mkdtempSync(join(tmpdir(), "hikyaku-config-"));
    onTestFinished(() => rmSync(root, { recursive: true }));
    mkdirSync(join(root, "config/production"), { recursive: true });
    for (const name of ["config.yaml", "cacheserver.yaml"]) {
      cpSync(join(repository, "config/production", `${name}.example`), join(root, "config/production", name));
    }
    const config = loadConfig({ rootDir: root, env: { APP_ENV: "production" } });
    expect(config.redis.default.cluster.addrs).toHaveLength(3);
    expect(config.redis.jobqueue.tls).toEqual({ enabled: true, insecure: false });
  });
});

describe("the files of an environment", () => {
  it("give every default when they are empty", () => {
    const root = makeRoot({});
    expect(load({}, root)).toEqual({
      appEnv: "local",
      server: {
        host: "127.0.0.1",
        port: 8080,
        trustProxy: false,
        allowedHosts: [],
        maxConnections: 400,
        maxConnectionsPerAddress: 64,
      },
      jobqueue: {
        store: "embedded",
        embedded: { path: join(root, "data/hikyaku.db") },
        concurrency: 10,
        processes: 1,
        queues: { default: 10 },
        strictPriority: false,
        host: "127.0.0.1",
        port: 8082,
        shutdownTimeoutSeconds: 8,
      },
      api: {
        rateLimit: {
          enabled: true,
          requestsPerMinute: 60,
          requestsPerHour: 1000,
          pageRequestsPerMinute: 600,
          operationsRequestsPerMinute: 6000,
          storageType: "auto",
        },
        operations: { switchedOff: [] },
        masking: { keys: [], hidden: { read: [], operate: [] } },
        audit: { maxEntries: 10_000, maxAgeDays: 90 },
        auth: {
          basic: {},
          session: { maxHours: 12 },
          proxy: { trusted: [], userHeader: "X-Auth-Request-User", separator: ",", groups: {}, scopes: [] },
        },
      },
      cors: { allowedOrigins: [], operationsOrigins: [] },
      logging: { level: "info", format: "json" },
      redis: {
        jobqueue: {
          addr: "localhost:6379",
          db: 0,
          tls: false,
          durability: { replicas: 0, onDisk: false, timeoutMs: 1000 },
          connectTimeoutMs: 5000,
          commandTimeoutMs: 3000,
          reconnect: { minDelayMs: 50, maxDelayMs: 1000 },
        },
        default: {
          cluster: {
            addrs: [],
            tls: false,
            connectTimeoutMs: 2000,
            commandTimeoutMs: 250,
            reconnect: { minDelayMs: 50, maxDelayMs: 1000 },
          },
        },
      },
    });
  });

  it("are picked by APP_ENV, which is local when it is not set", () => {
    const rootDir = makeRoot({ config: "server: {port: 1111}" });
    expect(loadConfig({ rootDir, env: {} }).server.port).toBe(1111);
  });

  it.each(["prod", "", "LOCAL", "../local"])("are not looked for when APP_ENV is %j", (appEnv) => {
    const rootDir = makeRoot({});
    expect(() => loadConfig({ rootDir, env: { APP_ENV: appEnv } })).toThrow(
      /APP_ENV: expected one of local, develop, staging, production, got the text/,
    );
  });

  it("are asked for by name when they are missing, both at once", () => {
    const files = { "config/production/config.yaml.example": "" };
    const root = makeRoot({ files });
    expect(problemsOf({ appEnv: "production" }, root)).toEqual([
      expect.stringMatching(
        /^config\/production\/config.yaml: .* got no file \(copy .*config.yaml.example to config\/production\/config.yaml and fill it in\)$/,
      ),
      expect.stringMatching(/^config\/production\/cacheserver.yaml: .* got no file \(restore it/),
    ]);
  });

  it("must say the API's host outside local", () => {
    expect(problemsOf({ appEnv: "staging" })).toEqual([
      "config/staging/config.yaml: server.host: expected a host name or an IP address without a port, got nothing",
    ]);
    expect(load({ appEnv: "staging", config: "server: {host: 0.0.0.0}" }).jobqueue.store).toBe("redis");
  });

  it("may leave a section empty", () => {
    expect(load({ config: "server:\n  # port: 1\njobqueue:\n  embedded:\n" }).server.port).toBe(8080);
  });

  it("tell file and line of a syntax error, and the other file's problems too", () => {
    const problems = problemsOf({
      config: "server:\n  port: 80\n  host: [a\n",
      cacheserver: "redis: {jobqueue: {db: x}}",
    });
    expect(problems).toHaveLength(2);
    expect(problems[0]).toMatch(/^config\/local\/config.yaml:[34]: expected valid YAML, got "/);
    expect(problems[1]).toMatch(/^config\/local\/cacheserver.yaml:1: redis.jobqueue.db: expected an integer/);
  });

  it.each([
    ["a tab", "server:\n\tport: 1", /config.yaml:\d: expected valid YAML/],
    ["an unknown anchor", "server: {port: *nowhere}", /config.yaml: expected valid YAML/],
    ["an unknown tag", "server: !js {port: 1}", /config.yaml:1: expected valid YAML/],
    ["two documents", "server: {port: 1}\n---\nserver: {port: 2}", /config.yaml:2: expected valid YAML/],
    ["YAML 1.1", "%YAML 1.1\n---\nserver: {port: 1}", /config.yaml:1: expected YAML 1.2, got %YAML 1.1/],
    ["a list at the top", "- server", /config.yaml: expected a map of keys, got a list of 1 item/],
    ["a text at the top", "hello", /config.yaml: expected a map of keys, got the text "hello"/],
    [
      "bytes that are no UTF-8",
      new Uint8Array([0xff, 0xfe, 0x00]),
      /config.yaml: expected a readable YAML file in UTF-8/,
    ],
    ["a million laughs", laughs(), /config.yaml: expected valid YAML, got "Excessive alias count/],
  ])("are refused with %s", (_, config, message) => {
    expect(problemsOf({ config }).join("\n")).toMatch(message);
  });

  it("are refused with a key that stands twice, with its line", () => {
    expect(problemsOf({ config: "server:\n  port: 1\n  host: a\n  port: 2\n" })).toEqual([
      "config/local/config.yaml:4: expected each key once, got a key that stands above it already",
    ]);
  });

  it("may use anchors and aliases, and a loop of them ends", () => {
    const config = "server: {port: &p 9000}\njobqueue: {concurrency: *p}\n";
    expect(load({ config }).jobqueue.concurrency).toBe(9000);
    expect(problemsOf({ config: "jobqueue: &j\n  queues: *j\n" }).join("\n")).toMatch(/jobqueue.queues/);
    expect(problemsOf({ config: "cors: {allowed_origins: &a [*a]}" }).join("\n")).toMatch(/cors.allowed_origins.0/);
    expect(problemsOf({ config: "server:\n  <<: {port: 1}\n" }).join("\n")).toMatch(/server.<<: expected a known key/);
  });

  it.each(["__proto__: {port: 1}", "server: {__proto__: {port: 1}}", "jobqueue: {queues: {__proto__: 1, default: 1}}"])(
    "are refused with a reserved name: %s",
    (config) => {
      expect(problemsOf({ config }).join("\n")).toMatch(/config.yaml:1: .*__proto__: expected another name/);
      expect(({} as Record<string, unknown>)["port"]).toBeUndefined();
    },
  );

  it("are refused when one is a folder", () => {
    const root = makeRoot({});
    rmSync(join(root, "config/local/config.yaml"));
    mkdirSync(join(root, "config/local/config.yaml"));
    expect(problemsOf({}, root).join("\n")).toMatch(/config.yaml: expected a readable YAML file in UTF-8, got EISDIR/);
  });
});

describe("an unknown key", () => {
  it.each([
    ["server: {prot: 1}", "server.prot", "the nearest known key is server.port"],
    ["server: {trustProxy: true}", "server.trustProxy", "the nearest known key is server.trust_proxy"],
    ["severs: {port: 1}", "severs", "the nearest known key is server"],
    ["concurrency: 1", "concurrency", "there is jobqueue.concurrency"],
    ["api: {rate_limit: {constructor: 1}}", "api.rate_limit.constructor", "the nearest known key is"],
    ["zzz: 1", "zzz", "the nearest known key is"],
  ])("is an error with the nearest known name: %s", (config, key, hint) => {
    const [problem, ...others] = problemsOf({ config });
    expect(others).toEqual([]);
    expect(problem).toContain(`config/local/config.yaml:1: ${key}: expected a known key, got an unknown one (${hint}`);
  });

  it("says which file it belongs to when it is the other file's", () => {
    expect(problemsOf({ config: "redis: {jobqueue: {db: 1}}" })).toEqual([
      "config/local/config.yaml:1: redis: expected only the keys of config.yaml, got redis (move it to config/local/cacheserver.yaml)",
    ]);
  });
});

describe("a configuration error", () => {
  it("lists every problem with its place, and stands for exit code 78", () => {
    const error = errorOf({
      config:
        "server:\n  port: 70000\n  hots: a\njobqueue:\n  concurrency: 0\napi:\n  rate_limit:\n    storage_type: redis\n",
      cacheserver: "redis:\n  jobqueue:\n    addr: localhost\n",
      env: { HIKYAKU__LOGGING__LEVEL: "loud", HIKYAKU__NOTHING: "1" },
    });
    expect(error).toBeInstanceOf(ConfigError);
    expect(CONFIG_EXIT_CODE).toBe(78);
    expect(error.problems.map(({ source, key }) => [source, key])).toEqual(
      expect.arrayContaining([
        ["config/local/config.yaml:2", "server.port"],
        ["config/local/config.yaml:3", "server.hots"],
        ["config/local/config.yaml:5", "jobqueue.concurrency"],
        ["config/local/config.yaml:8", "api.rate_limit.storage_type"],
        ["config/local/cacheserver.yaml:3", "redis.jobqueue.addr"],
        ["HIKYAKU__LOGGING__LEVEL", "logging.level"],
        ["HIKYAKU__NOTHING", undefined],
      ]),
    );
    expect(error.problems).toHaveLength(7);
    expect(error.message).toMatch(/^The configuration for APP_ENV=local cannot be used, 7 problems:\n {2}1\. /);
  });
});

describe("the settings", () => {
  it("are frozen to the last leaf", () => {
    const config = load({ config: "jobqueue: {queues: {a: 1}}\ncors: {allowed_origins: [https://a.example]}" });
    const check = (value: unknown): void => {
      if (typeof value !== "object" || value === null) return;
      expect(Object.isFrozen(value)).toBe(true);
      Object.values(value).forEach(check);
    };
    check(config);
    expect(() => Object.assign(config.jobqueue.queues, { b: 2 })).toThrow(TypeError);
  });

  it("describe themselves without their secrets", () => {
    const env = {
      HIKYAKU__REDIS__JOBQUEUE__PASSWORD: "hunter2",
      HIKYAKU__REDIS__DEFAULT__CLUSTER__PASSWORD: "hunter3",
    };
    const config = load({ env, config: "jobqueue: {queues: {password: 3, password_file: 4}}" });
    const described = describeConfig(config);
    expect(JSON.stringify(described)).not.toContain("hunter");
    expect(described.redis.jobqueue.password).toBe("***");
    expect(described.jobqueue.queues).toEqual({ password: 3, password_file: 4 });
    expect(config.redis.jobqueue.password).toBe("hunter2");
    expect(describeConfig(load({})).redis.jobqueue).not.toHaveProperty("password");
  });
});

function laughs(): string {
  const lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 8; i++) {
    const before = String.fromCharCode(96 + i);
    lines.push(
      `${String.fromCharCode(97 + i)}: &${String.fromCharCode(97 + i)} [${Array(10).fill(`*${before}`).join(", ")}]`,
    );
  }
  return lines.join("\n");
}
