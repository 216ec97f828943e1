import { inspect } from "node:util";
import { makeTestCertificate } from "@hikyaku/test-support";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Broker } from "../src/broker/broker.ts";
import { type RedisOptions, redisBroker } from "../src/broker/redis/index.ts";
import { addressOfUrl } from "../src/broker/redis/wire/redis-url.ts";
import { isHikyakuError } from "../src/errors.ts";

/** Nobody has to listen: what is looked at is what the options mean. */
function open(options: unknown): Broker {
  const broker = redisBroker(options as RedisOptions);
  onTestFinished(() => broker.close());
  return broker;
}

function refusalOf(options: unknown): string {
  try {
    open(options);
  } catch (error) {
    if (isHikyakuError(error, "invalid_option")) return error.message;
    throw error;
  }
  throw new Error(`expected a refusal of ${JSON.stringify(options)}`);
}

const secret = "pa55word";

describe("the options of a broker on Redis", () => {
  it.each([
    [{ host: "h", port: 6380 }, /redisBroker: unknown option "host"; known are url, addr,/],
    [{ adr: "h:1" }, /unknown option "adr"; did you mean "addr"\?/],
    [{ addr: "h:1", tls: { rejectUnauthorized: false } }, /tls: unknown option "rejectUnauthorized"/],
    [{ cluster: { addrs: ["h:1"], nodes: [] } }, /cluster: unknown option "nodes"/],
    [{ sentinel: { masterName: "m", addrs: ["h:1"], name: "m" } }, /sentinel: unknown option "name"/],
    [{ durability: { replica: 1 } }, /durability: unknown option "replica"; did you mean "replicas"\?/],
    [{ db: -1 }, /option "db": expected an integer from 0 to/],
    [{ db: "3" }, /option "db": expected an integer from 0 to \d+, got "3"/],
    [{ connectTimeoutMs: 0 }, /option "connectTimeoutMs": expected an integer from 1/],
    [{ commandTimeoutMs: Number.NaN }, /option "commandTimeoutMs"/],
    [{ username: 7 }, /option "username": expected a text, got a value of type number/],
    [{ tls: { verify: "no" } }, /option "tls.verify": expected true or false/],
    [{ tls: "yes" }, /tls: expected an object with options, got a value of type string/],
    [{ cluster: { addrs: [] } }, /option "cluster.addrs": expected one or more host:port in an array, got none/],
    [{ tls: { ca: "no PEM" } }, /option "tls.ca": expected PEM that OpenSSL can use/],
    [{ url: "rediss://h", tls: false }, /options "url" and "tls": expected TLS in both or in neither/],
    ["redis://h", /redisBroker: expected an object with options, such as \{ url: .*, got a value of type string/],
  ])("refuses %j", (options, message) => {
    expect(refusalOf(options)).toMatch(message);
  });

  it.each([
    { password: [secret] },
    `redis://:${secret}@h`,
    { url: [`redis://:${secret}@h`] },
    { addr: [`:${secret}@h`] },
    { addr: [secret] },
    { cluster: `redis://:${secret}@h` },
    { cluster: { addrs: `redis://:${secret}@h:1` } },
    { sentinel: { masterName: "m", addrs: [`:${secret}@h:1`] } },
    { tls: secret },
    { tls: { ca: secret } },
    { tls: { cert: secret, key: secret } },
  ])("repeats no secret that stands in the wrong place: %j", (options) => {
    expect(refusalOf(options)).not.toContain(secret);
  });

  it.each([
    ["redis://h", { place: { host: "h", port: 6_379 }, tls: false }],
    ["rediss://h:6380/3", { place: { host: "h", port: 6_380 }, db: 3, tls: true }],
    ["redis://[::1]:1/", { place: { host: "::1", port: 1 }, db: undefined }],
    ["redis://ana:p%40ss%25%23@h", { username: "ana", password: "p@ss%#" }],
    ["redis://:only@h", { username: undefined, password: "only" }],
  ])("reads %s", (url, expected) => {
    expect(addressOfUrl(url)).toMatchObject(expected);
  });

  it.each([
    [
      `redis://h?db=3&password=${secret}`,
      /the query "db", "password" is not read; the database follows the host as \/3/,
    ],
    ["redis://h/3?", /a query is not read/],
    [`redis://ana:${secret}#45@h`, /a # in a user name or password is written %23/],
    [`redis://ana:${secret}%@h`, /a % in a user name or password is written %25/],
    [`redis://ana:${secret}/x@h`, /it can't be read|must be the number of a database|names no host/],
    ["redis://h /1", /white space/],
    ["redis://h\n", /white space/],
    ["redis://h:0", /a port is from 1/],
    ["redis://h:70000", /it can't be read/],
    ["redis://h/-1", /the number of a database/],
    ["http://h", /its scheme is neither redis nor rediss/],
    ["h:6379", /its scheme is neither|names no host/],
    ["", /it can't be read/],
    [`redis://ana:${secret}@h:1,ana:${secret}@g:1`, /it names one server, .* "sentinel" and "cluster"/],
    ["redis://h:1,g:1", /it names one server/],
    [`redis://h:${secret}`, /it can't be read/],
    [`redis://h:6379:${secret}`, /it can't be read/],
    [`redis://h/${secret}`, /the number of a database/],
    [`redis://h;password=${secret}`, /got "redis:\/\/h\*\*\*": a host has letters/],
    [`h:6379,password=${secret},ssl=true`, /got "h:6379\*\*\*"/],
    [`h:6379:${secret}`, /its scheme is neither/],
  ])("explains what is wrong with %j and shows no secret", (url, why) => {
    let message = "accepted";
    try {
      addressOfUrl(url);
    } catch (error) {
      expect(isHikyakuError(error, "invalid_option")).toBe(true);
      message = String(error);
    }
    expect(message).toMatch(/option "url": expected redis:\/\//);
    expect(message).toMatch(why);
    expect(message).not.toContain(secret);
  });

  it("shows an IPv6 address in brackets", async () => {
    const broker = redisBroker({ addr: "[::1]:1" });
    expect(broker.location).toContain("redis://[::1]:1/0");
    await broker.close();
  });

  it.each([
    `h:6379,password=${secret}`,
    `h:6379:${secret}`,
    `h;password=${secret}:6379`,
    `h${secret}!:6379`,
    `redis://h/${secret}`,
    `ana:${secret}#45@h`,
    `ana:${secret}@h:6379`,
    "h",
    "h:0",
    "h:6379/3",
    "redis://h:6379",
    "::1:6379",
  ])("takes nothing but a host and a port for an address: %j", (addr) => {
    const message = refusalOf({ addr });
    expect(message).toMatch(/option "addr": expected host:port/);
    expect(message).not.toContain(secret);
  });
});

describe("a broker that is printed", () => {
  it.each([
    { url: `redis://ana:${secret}@127.0.0.1:1` },
    { addr: "127.0.0.1:1", password: secret, username: secret },
    { sentinel: { masterName: "m", addrs: ["127.0.0.1:1"], password: secret } },
    { cluster: { addrs: ["127.0.0.1:1"] }, password: secret },
  ])("shows no secret: %j", (options) => {
    expect(everythingOf(open(options))).not.toContain(secret);
  });

  it("shows no private key", async () => {
    const certificate = await makeTestCertificate();
    onTestFinished(() => certificate.remove());
    const { cert, key } = certificate;
    const broker = open({ addr: "127.0.0.1:1", tls: { cert, key } });
    expect(everythingOf(broker)).not.toContain(key.split("\n")[1]);
  });
});

function everythingOf(broker: Broker): string {
  return [
    inspect(broker, { depth: 9, showHidden: true, getters: true }),
    JSON.stringify(broker),
    broker.location,
    JSON.stringify(broker.reachability()),
    String(Object.entries(broker.recipe)),
  ].join("\n");
}
