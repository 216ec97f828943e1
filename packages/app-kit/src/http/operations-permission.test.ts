import { type Config, loadConfig } from "@hikyaku/config";
import { Operations, operationsPlugin } from "@hikyaku/operations";
import fastify, { type FastifyInstance } from "fastify";
import { silentLogger } from "hikyaku";
import { sqliteBroker } from "hikyaku/sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { OperationsPermission } from "./operations-permission.ts";

const { api } = loadConfig({ env: {} });
const token = "a-token-of-the-test-0123456789";

function permissionOf(appEnv: Config["appEnv"], more: Partial<Config["api"]> = {}): OperationsPermission {
  const broker = sqliteBroker({ path: ":memory:" });
  onTestFinished(() => broker.close());
  return new OperationsPermission({ appEnv, api: { ...api, ...more } }, broker);
}

async function canRead(permission: OperationsPermission, headers: Record<string, string> = {}): Promise<boolean> {
  const app = fastify();
  app.get("/", async (request) => ({ can: await permission.canRead(request) }));
  const answer = await app.inject({ url: "/", headers });
  await app.close();
  return answer.json().can;
}

describe("the permission of operations", () => {
  it("can be asked without being refused", async () => {
    const local = permissionOf("local");
    expect(local.access).toBe("this_machine");
    expect(await canRead(local)).toBe(true);
    expect(await canRead(local, { host: "evil.example" })).toBe(false);
    const closed = permissionOf("staging");
    expect(closed.access).toBe("closed");
    expect(await canRead(closed)).toBe(false);
    expect(await canRead(closed, { authorization: `Bearer ${token}` })).toBe(false);
  });

  it.each([
    "Client-IP",
    "X-Forward-For",
    "X-Originating-IP",
    "X-Real-Port",
    "X-Host",
    "X-Scheme",
    "Proxy-Connection",
    "X-Varnish",
    "Incap-Client-IP",
    "X-Sucuri-ClientIP",
    "DO-Connecting-IP",
    "Ali-CDN-Real-IP",
    "X_Forwarded_For",
    "Surrogate-Capability",
    "Max-Forwards",
    "Front-End-Https",
  ])("takes %s for the trace of a proxy", async (header) => {
    expect(await canRead(permissionOf("local"), { [header]: "192.0.2.7" })).toBe(false);
  });

  it("takes no address that cannot be for this machine", async () => {
    expect(await canRead(permissionOf("local"), { host: "127.0.0.256" })).toBe(false);
  });

  it("is a token's alone once there is one, in every environment", async () => {
    for (const appEnv of ["local", "develop", "staging", "production"] as const) {
      const permission = permissionOf(appEnv, { operations: { switchedOff: [], token } });
      expect(permission.access).toBe("credential");
      expect(await canRead(permission)).toBe(false);
      expect(await canRead(permission, { authorization: `Bearer ${token}x` })).toBe(false);
      const foreign = { origin: "https://app.example.com", "x-forwarded-for": "192.0.2.7", host: "jobs.example" };
      expect(await canRead(permission, { ...foreign, authorization: `Bearer ${token}` })).toBe(true);
    }
  });

  it("is a key's of the store too, in every environment, beside the token and without one", async () => {
    for (const more of [{}, { operations: { switchedOff: [], token } }]) {
      for (const appEnv of ["local", "production"] as const) {
        const permission = permissionOf(appEnv, more);
        const { key } = await permission.keys.create({ name: "monitor", scopes: ["read"], who: "ana" });
        const foreign = { host: "jobs.example", "x-forwarded-for": "192.0.2.7" };
        expect(await canRead(permission, { ...foreign, authorization: `Bearer ${key}` })).toBe(true);
        expect(await canRead(permission, { ...foreign, authorization: `Bearer ${key}x` })).toBe(false);
      }
    }
  });

  it("is the user's of the settings by basic authentication", async () => {
    const permission = permissionOf("production", {
      auth: { ...api.auth, basic: { username: "ana", password: "a long password" } },
    });
    expect(permission.access).toBe("credential");
    const sent = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString("base64")}` });
    expect(await canRead(permission, sent("ana:a long password"))).toBe(true);
    expect(await canRead(permission, sent("ana:another password"))).toBe(false);
    expect(await canRead(permission)).toBe(false);
  });

  it("is whose the trusted proxy says, and nobody's that only sends its headers", async () => {
    const proxy = { userHeader: "X-Auth-Request-User", separator: ",", groups: {}, scopes: ["read"] as const };
    const sent = { "x-auth-request-user": "ana" };
    const trusting = permissionOf("production", { auth: { ...api.auth, proxy: { ...proxy, trusted: ["127.0.0.1"] } } });
    expect(await canRead(trusting, sent)).toBe(true);
    const others = permissionOf("production", { auth: { ...api.auth, proxy: { ...proxy, trusted: ["10.0.0.1"] } } });
    expect(await canRead(others, { ...sent, "x-forwarded-for": "10.0.0.1" })).toBe(false);
  });
});

describe("a bearer token that is shown", () => {
  const proxy = {
    trusted: ["127.0.0.1"],
    userHeader: "X-User",
    separator: ",",
    groups: {},
    scopes: ["admin"] as const,
  };
  const basic = { username: "ana", password: "a long password" };
  const behindProxy = { auth: { ...api.auth, basic, proxy } };
  const user = { "x-user": "ana" };
  const unknown = [`hk_${"A".repeat(12)}_${"A".repeat(43)}`, "hk_", "junk", ""].map((sent) => `Bearer ${sent}`);
  const foreign = { origin: "http://evil.example" };

  async function serving(permission: OperationsPermission): Promise<FastifyInstance> {
    const broker = sqliteBroker({ path: ":memory:" });
    const { authorize, keys, sessions } = permission;
    const operations = new Operations({ broker, authorize, keys, sessions, logger: silentLogger });
    const app = fastify();
    await app.register(operationsPlugin, { operations });
    onTestFinished(async () => {
      await app.close();
      await broker.close();
    });
    return app;
  }

  it("decides alone: an unknown one is refused, whoever a trusted proxy, a session or this machine says it is", async () => {
    for (const more of [behindProxy, { ...behindProxy, operations: { switchedOff: [], token } }]) {
      const permission = permissionOf("production", more);
      const { cookie } = await permission.sessions.begin({ name: "ana", scopes: ["admin"] }, undefined);
      const app = await serving(permission);
      expect((await app.inject({ url: "/keys", headers: user })).statusCode).toBe(200);
      for (const authorization of [...unknown, unknown[0]?.replace("Bearer", "bearer") ?? ""]) {
        const headers = { ...user, cookie: cookie.split(";")[0] ?? "", authorization };
        expect((await app.inject({ url: "/keys", headers })).statusCode, authorization).toBe(401);
      }
    }
    const local = await serving(permissionOf("local"));
    expect((await local.inject({ url: "/keys" })).statusCode).toBe(200);
    for (const authorization of unknown) {
      expect((await local.inject({ url: "/keys", headers: { authorization } })).statusCode, authorization).toBe(401);
    }
  });

  it("goes before the user of a proxy: a key permits what it says, and no more", async () => {
    const permission = permissionOf("production", behindProxy);
    const { key } = await permission.keys.create({ name: "sender", scopes: ["enqueue"], who: "ana" });
    const app = await serving(permission);
    const headers = { ...user, authorization: `Bearer ${key}` };
    expect((await app.inject({ url: "/queues", headers })).statusCode).toBe(403);
    expect((await app.inject({ url: "/keys", headers })).statusCode).toBe(403);
    const sent = { method: "POST", url: "/queues/mail/tasks", headers, payload: { type: "x", payload: 1 } } as const;
    expect((await app.inject(sent)).statusCode).toBe(201);
  });

  it("lets a page of another site change something only when it is what lets the caller in", async () => {
    const app = await serving(permissionOf("production", { ...behindProxy, operations: { switchedOff: [], token } }));
    const pause = async (headers: Record<string, string>) =>
      (
        await app.inject({
          method: "POST",
          url: "/queues/mail/pause",
          headers: { ...foreign, ...headers },
          payload: {},
        })
      ).statusCode;
    expect(await pause({ authorization: `Bearer ${token}` })).toBe(200);
    expect(await pause(user)).toBe(403);
    expect(await pause({ ...user, authorization: "Bearer junk" })).toBe(401);
    const password = Buffer.from(`${basic.username}:${basic.password}`).toString("base64");
    expect(await pause({ authorization: `Basic ${password}` })).toBe(403);
  });

  it("of somebody's own way in counts for nothing where another credential let the caller in", async () => {
    const broker = sqliteBroker({ path: ":memory:" });
    const operations = new Operations({ broker, authorize: () => ({ scopes: ["admin"] }), logger: silentLogger });
    const app = fastify();
    await app.register(operationsPlugin, { operations });
    onTestFinished(async () => {
      await app.close();
      await broker.close();
    });
    const headers = { ...foreign, authorization: "Bearer junk" };
    const answer = await app.inject({ method: "POST", url: "/queues/mail/pause", headers, payload: {} });
    expect(answer.statusCode).toBe(403);
  });
});
