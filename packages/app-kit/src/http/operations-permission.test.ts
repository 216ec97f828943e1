import { loadConfig } from "@hikyaku/config";
import fastify from "fastify";
import { describe, expect, it } from "vitest";
import { OperationsPermission } from "./operations-permission.ts";

const { api } = loadConfig({ env: {} });
const token = "a-token-of-the-test-0123456789";

async function canRead(permission: OperationsPermission, headers: Record<string, string> = {}): Promise<boolean> {
  const app = fastify();
  app.get("/", async (request) => ({ can: await permission.canRead(request) }));
  const answer = await app.inject({ url: "/", headers });
  await app.close();
  return answer.json().can;
}

describe("the permission of operations", () => {
  it("can be asked without being refused", async () => {
    const local = new OperationsPermission({ appEnv: "local", api });
    expect(local.access).toBe("this_machine");
    expect(await canRead(local)).toBe(true);
    expect(await canRead(local, { host: "evil.example" })).toBe(false);
    const closed = new OperationsPermission({ appEnv: "staging", api });
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
    expect(await canRead(new OperationsPermission({ appEnv: "local", api }), { [header]: "192.0.2.7" })).toBe(false);
  });

  it("takes no address that cannot be for this machine", async () => {
    expect(await canRead(new OperationsPermission({ appEnv: "local", api }), { host: "127.0.0.256" })).toBe(false);
  });

  it("is a token's alone once there is one, in every environment", async () => {
    for (const appEnv of ["local", "develop", "staging", "production"] as const) {
      const permission = new OperationsPermission({ appEnv, api: { ...api, operations: { token } } });
      expect(permission.access).toBe("token");
      expect(await canRead(permission)).toBe(false);
      expect(await canRead(permission, { authorization: `Bearer ${token}x` })).toBe(false);
      const foreign = { origin: "https://app.example.com", "x-forwarded-for": "192.0.2.7", host: "jobs.example" };
      expect(await canRead(permission, { ...foreign, authorization: `Bearer ${token}` })).toBe(true);
    }
  });
});
