import { type Config, loadConfig } from "@hikyaku/config";
import fastify from "fastify";
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
