import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { variableOf } from "../src/environment.ts";
import { settingsSchema } from "../src/schema.ts";
import { settingPaths } from "../src/schema-node.ts";
import { errorOf, load, makeRoot, problemsOf } from "./config-folder.ts";

describe("a HIKYAKU__ variable", () => {
  it("overrides the file, in the type of the setting", () => {
    const config = "server: {port: 1}\njobqueue: {queues: {default: 1}}";
    const env = {
      HIKYAKU__SERVER__PORT: "9090",
      HIKYAKU__SERVER__HOST: "0.0.0.0",
      HIKYAKU__SERVER__TRUST_PROXY: "true",
      HIKYAKU__JOBQUEUE__QUEUES: '{"critical":6,"default":3}',
      HIKYAKU__API__RATE_LIMIT__ENABLED: "false",
      HIKYAKU__REDIS__JOBQUEUE__ADDR: "127.0.0.1:6391",
      HIKYAKU__REDIS__DEFAULT__CLUSTER__ADDRS: "a:1, b:2",
    };
    expect(load({ config, env })).toMatchObject({
      server: { port: 9090, host: "0.0.0.0", trustProxy: true },
      jobqueue: { queues: { critical: 6, default: 3 } },
      api: { rateLimit: { enabled: false } },
      redis: { jobqueue: { addr: "127.0.0.1:6391" }, default: { cluster: { addrs: ["a:1", "b:2"] } } },
    });
  });

  it("replaces a wrong value of the file", () => {
    expect(load({ config: "server: {port: 70000}", env: { HIKYAKU__SERVER__PORT: "1" } }).server.port).toBe(1);
  });

  it("takes a list as JSON too, and the proxies as a list", () => {
    const env = {
      HIKYAKU__REDIS__DEFAULT__CLUSTER__ADDRS: '["a:1","b:2"]',
      HIKYAKU__SERVER__TRUST_PROXY: "10.0.0.1,::1",
    };
    const config = load({ env });
    expect(config.redis.default.cluster.addrs).toEqual(["a:1", "b:2"]);
    expect(config.server.trustProxy).toEqual(["10.0.0.1", "::1"]);
  });

  it("sets one entry of a map or a list and keeps the others", () => {
    const env = {
      HIKYAKU__JOBQUEUE__QUEUES__CRITICAL: "6",
      HIKYAKU__REDIS__DEFAULT__CLUSTER__ADDRS__0: "z:9",
      HIKYAKU__REDIS__DEFAULT__CLUSTER__ADDRS__2: "c:3",
    };
    const config = load({ env, cacheserver: "redis: {default: {cluster: {addrs: [a:1, b:2]}}}" });
    expect(config.jobqueue.queues).toEqual({ default: 10, critical: 6 });
    expect(config.redis.default.cluster.addrs).toEqual(["z:9", "b:2", "c:3"]);
  });

  it("sets an entry of the list that another variable gives", () => {
    const env = {
      HIKYAKU__REDIS__DEFAULT__CLUSTER__ADDRS__1: "z:9",
      HIKYAKU__REDIS__DEFAULT__CLUSTER__ADDRS: "a:1,b:2",
    };
    expect(load({ env }).redis.default.cluster.addrs).toEqual(["a:1", "z:9"]);
  });

  it("builds a list from its items, in the order of their numbers", () => {
    const addrs = Array.from({ length: 12 }, (_, index) => `host-${index}:6379`);
    const items = addrs.map((addr, index) => [`HIKYAKU__REDIS__DEFAULT__CLUSTER__ADDRS__${index}`, addr] as const);
    const env = { ...Object.fromEntries(items), HIKYAKU__REDIS__DEFAULT__CLUSTER__CONNECT_TIMEOUT_MS: "9" };
    expect(load({ env }).redis.default.cluster.addrs).toEqual(addrs);
  });

  it("leaves no hole in a list", () => {
    expect(problemsOf({ env: { HIKYAKU__REDIS__DEFAULT__CLUSTER__ADDRS__5: "a:1" } })).toEqual([
      "HIKYAKU__REDIS__DEFAULT__CLUSTER__ADDRS__5: redis.default.cluster.addrs: expected a position from 0 to 0, the end of the list, got 5",
    ]);
  });

  it("switches TLS on and off, and sets its parts", () => {
    const env = { HIKYAKU__REDIS__JOBQUEUE__TLS: "true", HIKYAKU__REDIS__JOBQUEUE__TLS__SERVER_NAME: "a.example" };
    expect(load({ env, cacheserver: "redis: {jobqueue: {tls: false}}" }).redis.jobqueue.tls).toEqual({
      enabled: true,
      serverName: "a.example",
      insecure: false,
    });
    const off = { HIKYAKU__REDIS__JOBQUEUE__TLS: "false" };
    expect(load({ env: off, cacheserver: "redis: {jobqueue: {tls: true}}" }).redis.jobqueue.tls).toBe(false);
  });

  it.each([
    ["HIKYAKU__SERVER__PORT", "70000", "server.port: expected an integer from 1 to 65535, got 70000"],
    ["HIKYAKU__SERVER__PORT", "NaN", 'server.port: expected an integer from 1 to 65535, got the text "NaN"'],
    ["HIKYAKU__SERVER__PORT", "80abc", 'got the text "80abc"'],
    ["HIKYAKU__SERVER__PORT", " 80", 'got the text " 80"'],
    ["HIKYAKU__SERVER__PORT", "0x50", 'got the text "0x50"'],
    ["HIKYAKU__SERVER__PORT", "1e3", 'got the text "1e3"'],
    ["HIKYAKU__SERVER__PORT", "80.5", "got 80.5"],
    ["HIKYAKU__SERVER__PORT", "9".repeat(400), "got Infinity"],
    ["HIKYAKU__SERVER__PORT", "", "server.port: expected a value, got an empty text (unset the variable"],
    ["HIKYAKU__REDIS__DEFAULT__CLUSTER__ADDRS", "", "or set it to [])"],
    ["HIKYAKU__REDIS__DEFAULT__CLUSTER__ADDRS", "a:1,,b:2", "redis.default.cluster.addrs.1: expected host:port"],
    ["HIKYAKU__REDIS__DEFAULT__CLUSTER__ADDRS", "[a:1]", 'expected a list: either a,b or JSON such as ["a","b"]'],
    ["HIKYAKU__API__RATE_LIMIT__ENABLED", "yes", 'expected true or false, got the text "yes"'],
    ["HIKYAKU__API__RATE_LIMIT__ENABLED", "1", 'expected true or false, got the text "1"'],
    ["HIKYAKU__REDIS__JOBQUEUE__TLS", "yes", 'redis.jobqueue.tls.enabled: expected true or false, got the text "yes"'],
    ["HIKYAKU__JOBQUEUE__QUEUES", "critical=6", 'expected a JSON map, such as {"critical":6,"default":3}'],
    ["HIKYAKU__JOBQUEUE__QUEUES", '["a"]', "expected a map of one or more queues"],
    ["HIKYAKU__JOBQUEUE__QUEUES", '{"a":1,"a":2}', "expected each key once, got a key that is given twice"],
    ["HIKYAKU__JOBQUEUE__QUEUES", '{"__proto__":1,"a":2}', "got the reserved name __proto__"],
    ["HIKYAKU__JOBQUEUE__QUEUES__CRITICAL", "x", "jobqueue.queues.critical: expected an integer from 1 to 1000000"],
    ["HIKYAKU__SERVER", '{"port":1}', "expected one setting a variable (HIKYAKU__SERVER__HOST, HIKYAKU__SERVER__PORT"],
  ])("is refused with its name: %s=%j", (name, value, message) => {
    const [problem, ...others] = problemsOf({ env: { [name]: value } });
    expect(others).toEqual([]);
    expect(problem?.startsWith(`${name}: `)).toBe(true);
    expect(problem).toContain(message);
  });

  it.each([
    ["HIKYAKU__SERVER__PROT", "HIKYAKU__SERVER__PORT"],
    ["HIKYAKU__server__port", "HIKYAKU__SERVER__PORT"],
    ["HIKYAKU_SERVER_PORT", "HIKYAKU__SERVER__PORT"],
    ["hikyaku__server__port", "HIKYAKU__"],
    ["HIKYAKU__JOBQUEUE__QUEUES__", "HIKYAKU__JOBQUEUE__QUEUES"],
    ["HIKYAKU__SERVER__PORT__X", "HIKYAKU__SERVER__PORT"],
    ["HIKYAKU__CONSTRUCTOR", "HIKYAKU__"],
    ["HIKYAKU__", "HIKYAKU__"],
  ])("with an unknown name is an error with the nearest known one: %s", (name, nearest) => {
    const [problem, ...others] = problemsOf({ env: { [name]: "1" } });
    expect(others).toEqual([]);
    expect(problem).toContain(
      `${name}: expected the name of a known setting, got an unknown name (the nearest known name is`,
    );
    expect(problem).toContain(nearest);
  });

  it("is no business of ours when it only begins alike", () => {
    expect(load({ env: { HIKYAKU_HOME: "/x", HIKYAKUX: "1", PORT: "1" } }).server.port).toBe(8080);
  });

  it("stands in the reference for every setting", () => {
    const reference = readFileSync(join(import.meta.dirname, "../../../docs/configuration.md"), "utf8");
    for (const path of settingPaths(settingsSchema("local", "/"))) {
      expect(reference).toContain(`\`${path.join(".")}\``);
      expect(reference).toContain(`\`${variableOf(path)}\``);
    }
  });
});

describe("a secret", () => {
  const variable = "HIKYAKU__REDIS__JOBQUEUE__PASSWORD";

  it("comes from the environment", () => {
    expect(load({ env: { [variable]: " p@ss,1 " } }).redis.jobqueue.password).toBe(" p@ss,1 ");
  });

  it.each([
    ["hunter2\n", "hunter2"],
    ["hunter2\r\n", "hunter2"],
    ["hunter2\n\n", "hunter2\n"],
    [" hunter2 ", " hunter2 "],
  ])("comes from a file named by the environment, less one line break: %j", (content, password) => {
    const root = makeRoot({ files: { "run/secret": content } });
    expect(load({ env: { [`${variable}_FILE`]: join(root, "run/secret") } }, root).redis.jobqueue.password).toBe(
      password,
    );
    expect(load({ env: { [`${variable}_FILE`]: "run/secret" } }, root).redis.jobqueue.password).toBe(password);
  });

  it.each([
    ["nowhere", "got a path that cannot be read (ENOENT)"],
    ["empty", "got an empty file"],
    ["line", "got an empty file"],
    ["big", "got a file of 70000 bytes"],
    ["config", "got the path of something else"],
    ["", "an empty text"],
  ])("cannot come from the file %j", (file, got) => {
    const root = makeRoot({ files: { empty: "", line: "\n", big: "x".repeat(70_000) } });
    const [problem, ...others] = problemsOf({ env: { [`${variable}_FILE`]: file } }, root);
    expect(others).toEqual([]);
    expect(problem).toContain(`${variable}_FILE: redis.jobqueue.password: expected the path of a readable file`);
    expect(problem).toContain(got);
    if (file === "nowhere") expect(problem).not.toContain(file);
  });

  it("comes from one place only", () => {
    expect(problemsOf({ env: { [variable]: "a", [`${variable}_FILE`]: "b" } })).toEqual([
      `${variable}_FILE: redis.jobqueue.password: expected either this variable or ${variable}, got both`,
    ]);
  });

  it("may be empty nowhere", () => {
    expect(problemsOf({ env: { [variable]: "" } }).join()).toMatch(/expected a value, got an empty text/);
  });

  it.each(["password: hunter2", "password: [hunter2]", "password:", "password_file: hunter2"])(
    "in a file is an error that says where it belongs and does not show it: %s",
    (line) => {
      const error = errorOf({ cacheserver: `redis:\n  jobqueue:\n    ${line}\n`, env: { [variable]: "other" } });
      expect(error.message).not.toMatch(/hunter|other/);
      expect(error.problems).toHaveLength(1);
      expect(error.message).toContain("config/local/cacheserver.yaml:3: redis.jobqueue.password");
      expect(error.message).toContain(`remove it and set ${variable}, or ${variable}_FILE to the path`);
    },
  );

  it("only secrets have a variable that names a file", () => {
    expect(problemsOf({ env: { HIKYAKU__REDIS__JOBQUEUE__USERNAME_FILE: "x" } }).join()).toMatch(/an unknown name/);
  });

  it("goes with a user name", () => {
    const cacheserver = "redis: {jobqueue: {username: app}}";
    expect(load({ cacheserver, env: { [variable]: "x" } }).redis.jobqueue).toMatchObject({
      username: "app",
      password: "x",
    });
  });
});
