import { type AddressInfo, connect } from "node:net";
import { evictServerResponse, listServersResponse, problem, serverOrderResponse } from "@hikyaku/contract";
import { Server, silentLogger } from "hikyaku";
import { defaultMessage } from "hikyaku/broker";
import { afterEach, describe, expect, it, vi } from "vitest";
import { aTestApp, type TestApp, type TestAppOptions } from "../test/a-test-app.ts";

const token = "a-token-of-the-test-0123456789";
const json = { "content-type": "application/json" };
const patience = { timeout: 5_000, interval: 20 };

describe("the operations API of worker servers", () => {
  let test: TestApp;
  const servers: Server[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop();
    await test.close();
  });

  /** A running server on the store of the test. */
  async function aServer(options: TestAppOptions = {}): Promise<Server> {
    test = await aTestApp(options);
    const server = new Server({
      broker: test.broker,
      build: "b7",
      concurrency: 3,
      logger: silentLogger,
      shutdownTimeout: "0s",
      abortGrace: "100ms",
    });
    servers.push(server);
    server.handleRaw("email:send", ({ signal }) => new Promise((resolve) => signal.addEventListener("abort", resolve)));
    server.start();
    await vi.waitFor(async () => expect((await test.broker.servers()).servers).toHaveLength(1), patience);
    return server;
  }

  const post = (id: string, order: string, payload: object = {}, headers: Record<string, string> = {}) =>
    test.app.inject({
      method: "POST",
      url: `/api/v1/servers/${id}/${order}`,
      headers: { ...json, ...headers },
      payload,
    });

  it("lists who works, and on what code", async () => {
    const server = await aServer();
    const answer = await test.app.inject("/api/v1/servers");
    expect(answer.statusCode).toBe(200);
    expect(listServersResponse.parse(answer.json()).servers).toMatchObject([
      {
        id: server.serverId,
        pid: process.pid,
        status: "active",
        concurrency: 3,
        queues: { default: 1 },
        build: "b7",
        directory: process.cwd(),
        silent_since: null,
        running: [],
        warnings: [],
        handles: { all: false, exact: ["email:send"], prefixes: [] },
      },
    ]);
  });

  it("quiets and stops a server, with 200 once it was seen to obey", async () => {
    const server = await aServer();
    const quiet = await post(server.serverId, "quiet", { reason: "new build" });
    expect(quiet.statusCode).toBe(200);
    expect(serverOrderResponse.parse(quiet.json())).toMatchObject({ acknowledged: true, status: "stopped" });
    expect(server.status().order).toMatchObject({ kind: "quiet", reason: "new build" });
    expect(server.status().order?.by?.who).toBe("the API, asked by 127.0.0.1");
    expect((await post(server.serverId, "stop", { timeout_seconds: 0 })).statusCode).toBe(200);
    await server.whenClosed();
  });

  it("answers 202 where nobody was seen to obey", async () => {
    await aServer();
    const answer = await post("0199e0a4-6b52-4c1e-9f57-2d8c4be0f3aa", "stop");
    expect(answer.statusCode).toBe(202);
    expect(serverOrderResponse.parse(answer.json())).toMatchObject({ presence: "unknown", acknowledged: false });
  });

  it("evicts one that is there only by force, and says what it took", async () => {
    const server = await aServer();
    const message = defaultMessage({ id: "t1", type: "email:send", queue: "default", timeoutMs: 60_000 });
    await test.broker.enqueue([{ message, placement: { kind: "now" } }]);
    await vi.waitFor(() => expect(server.status().running).toBe(1), patience);
    const refused = await post(server.serverId, "evict");
    expect(refused.statusCode).toBe(409);
    expect(problem.parse(refused.json()).detail).toContain("force");
    const answer = await post(server.serverId, "evict", { force: true });
    expect(answer.statusCode).toBe(200);
    expect(evictServerResponse.parse(answer.json())).toMatchObject({ tasks: { default: 1 }, acknowledged: true });
    await server.whenClosed();
  });

  it("refuses bodies with errors and bodies that are no JSON, and does nothing", async () => {
    const server = await aServer();
    expect((await post(server.serverId, "quiet", { resaon: "x" })).statusCode).toBe(422);
    expect((await post(server.serverId, "stop", { timeout_seconds: -1 })).statusCode).toBe(422);
    const form = { "content-type": "application/x-www-form-urlencoded" };
    const url = `/api/v1/servers/${server.serverId}/quiet`;
    expect((await test.app.inject({ method: "POST", url, headers: form, payload: "reason=x" })).statusCode).toBe(415);
    expect((await test.app.inject({ method: "POST", url })).statusCode).toBe(422);
    expect(server.status().state).toBe("active");
  });

  it("logs what failed inside under the id of the answer, and tells nothing of it", async () => {
    await aServer();
    vi.spyOn(test.broker, "servers").mockRejectedValueOnce(new Error("the secret path /srv/x"));
    const answer = await test.app.inject("/api/v1/servers");
    expect([answer.statusCode, answer.body.includes("secret")]).toEqual([500, false]);
    const { instance } = problem.parse(answer.json());
    expect(instance).toBe(`urn:uuid:${answer.headers["x-request-id"]}`);
    const line = test.log.find(({ msg }) => msg === "operations: a request failed");
    expect(line).toMatchObject({
      error: "the secret path /srv/x",
      stack: expect.stringContaining("Error: the secret"),
    });
    expect(`urn:uuid:${String(line?.["requestId"])}`).toBe(instance);
  });

  it("answers an id that is too long as the description says: 422", async () => {
    await aServer();
    for (const length of [101, 201, 5_000]) {
      const answer = await post("x".repeat(length), "stop");
      expect(answer.statusCode).toBe(length <= 200 ? 202 : 422);
      if (length > 200) expect(problem.parse(answer.json())).toMatchObject({ code: "invalid_path" });
    }
  });

  it("is in the description of the API, with its token", async () => {
    await aServer();
    const { paths, components } = (await test.app.inject("/openapi.json")).json();
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining(["/api/v1/servers", "/api/v1/servers/{id}/quiet", "/api/v1/servers/{id}/evict"]),
    );
    expect(paths["/api/v1/servers/{id}/stop"].post).toMatchObject({
      operationId: "stop-server",
      security: [{ operationsToken: [] }],
    });
    expect(components.securitySchemes.operationsToken).toMatchObject({ type: "http", scheme: "bearer" });
  });

  describe("without a token", () => {
    const list = (options: { headers?: Record<string, string>; remoteAddress?: string } = {}) =>
      test.app.inject({ url: "/api/v1/servers", ...options });

    it.each(["local", "develop"] as const)("answers this machine in %s, however it is named", async (appEnv) => {
      await aServer({ appEnv });
      for (const host of ["127.0.0.1:8080", "localhost", "[::1]:8080"]) {
        expect((await list({ headers: { host } })).statusCode).toBe(200);
      }
      expect((await list({ remoteAddress: "::ffff:127.0.0.1" })).statusCode).toBe(200);
    });

    const proxyHeaders = [
      "forwarded",
      "x-forwarded-for",
      "X-Forwarded-Proto",
      "x_forwarded_for",
      "x-real-ip",
      "via",
      "CF-Connecting-IP",
      "cf-ray",
      "true-client-ip",
      "x-client-ip",
    ];
    const refused: [what: string, options: Parameters<typeof list>[0]][] = [
      ["comes from another one", { remoteAddress: "192.0.2.7" }],
      ["names another one", { headers: { host: "jobs.example:8080" } }],
      ...proxyHeaders.map((name): [string, Parameters<typeof list>[0]] => [
        `came through a proxy that says ${name}`,
        { headers: { [name]: "192.0.2.7" } },
      ]),
      ["comes from a page of another site", { headers: { host: "localhost:8080", origin: "http://localhost:9999" } }],
      ["comes from an image in another site's page", { headers: { "sec-fetch-site": "cross-site" } }],
    ];
    it.each(refused)("refuses a request that %s, and says what to set", async (_what, options) => {
      await aServer({ allowedHosts: ["jobs.example"] });
      const answer = await list(options);
      expect(answer.statusCode).toBe(403);
      const { code, detail } = problem.parse(answer.json());
      expect([code, detail]).toEqual(["forbidden", expect.stringContaining("HIKYAKU__API__OPERATIONS__TOKEN")]);
    });

    it.each(["staging", "production"] as const)("refuses everybody in %s, and says what to set", async (appEnv) => {
      await aServer({ appEnv });
      for (const answer of [await list(), await list({ remoteAddress: "192.0.2.7" }), await post("x", "stop")]) {
        expect(answer.statusCode).toBe(401);
        expect(answer.headers["www-authenticate"]).toBe('Bearer realm="operations"');
        const { code, detail } = problem.parse(answer.json());
        expect([code, detail]).toEqual(["unauthenticated", expect.stringContaining("HIKYAKU__API__OPERATIONS__TOKEN")]);
      }
      const registered = { method: "POST", url: "/api/dm-jobqueue/register", headers: json, payload: "{}" } as const;
      expect((await test.app.inject(registered)).statusCode).toBe(201);
    });

    it("believes no forwarded address", async () => {
      await aServer({ trustProxy: true });
      const forwarded = { "x-forwarded-for": "127.0.0.1" };
      expect((await list({ remoteAddress: "192.0.2.7", headers: forwarded })).statusCode).toBe(403);
    });
  });

  it("trusts no request in HTTP/1.0, as plain proxies speak it, without a token", async () => {
    await aServer();
    await test.app.listen({ host: "127.0.0.1", port: 0 });
    const { port } = test.app.server.address() as AddressInfo;
    const answerTo = async (version: string) => {
      const socket = connect(port, "127.0.0.1");
      socket.end(`GET /api/v1/servers HTTP/${version}\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
      return (await socket.toArray()).map(String).join("");
    };
    expect(await answerTo("1.1")).toMatch(/^HTTP\/1.1 200 /);
    expect(await answerTo("1.0")).toMatch(/^HTTP\/1.[01] 403 /);
  });

  it.each([
    { origin: "https://evil.example" },
    { origin: "null" },
    { origin: "http://localhost:9999" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
  ])("lets no page of another site write: %j", async (headers) => {
    const server = await aServer();
    const host = "localhost:8080";
    expect((await post(server.serverId, "quiet", {}, { host, ...headers })).statusCode).toBe(403);
    expect(server.status().state).toBe("active");
    const own = { host, origin: `http://${host}`, "sec-fetch-site": "same-origin" };
    expect((await post(server.serverId, "quiet", {}, own)).statusCode).toBe(200);
  });

  it.each(["local", "production"] as const)(
    "with a token answers whoever sends it in %s, and nobody else",
    async (appEnv) => {
      const server = await aServer({ appEnv, operationsToken: token });
      const list = (authorization?: string) =>
        test.app.inject({
          url: "/api/v1/servers",
          remoteAddress: "192.0.2.7",
          headers: {
            host: "jobs.example",
            "x-forwarded-for": "198.51.100.1",
            ...(authorization !== undefined && { authorization }),
          },
        });
      expect((await list(`Bearer ${token}`)).statusCode).toBe(200);
      for (const wrong of [undefined, "Bearer", `Bearer ${token}x`, `Basic ${token}`, token]) {
        const answer = await list(wrong);
        expect(answer.statusCode).toBe(401);
        expect(answer.headers["www-authenticate"]).toBe('Bearer realm="operations"');
        expect(answer.payload).not.toContain(token);
      }
      expect((await post(server.serverId, "quiet")).statusCode).toBe(401);
      expect(server.status().state).toBe("active");
      const authorization = `Bearer ${token}`;
      expect((await post(server.serverId, "quiet", {}, { authorization })).statusCode).toBe(200);
    },
  );

  it("has a rate limit of its own, apart from the feature's", async () => {
    await aServer({ requestsPerMinute: 1, operationsRequestsPerMinute: 3, operationsToken: token });
    const register = () =>
      test.app.inject({ method: "POST", url: "/api/dm-jobqueue/register", headers: json, payload: "{}" });
    const list = (more: object = {}) =>
      test.app.inject({ url: "/api/v1/servers", headers: { authorization: `Bearer ${token}` }, ...more });
    const first = await list();
    expect(first.headers).toMatchObject({
      "x-ratelimit-limit": "3",
      "x-ratelimit-remaining": "2",
      "x-ratelimit-reset": "60",
    });
    expect(first.headers["x-ratelimit-hour-limit"]).toBeUndefined();
    expect((await register()).headers["x-ratelimit-remaining"]).toBe("0");
    expect((await list({ headers: {} })).statusCode).toBe(401);
    expect((await list({ method: "DELETE" })).statusCode).toBe(405);
    const refused = await list();
    expect([refused.statusCode, problem.parse(refused.json()).code]).toEqual([429, "rate_limited"]);
    expect(Number(refused.headers["retry-after"])).toBeGreaterThanOrEqual(59);
    expect((await list({ method: "OPTIONS" })).statusCode).toBe(204);
    expect((await list({ remoteAddress: "192.0.2.7" })).statusCode).toBe(200);
    expect((await register()).statusCode).toBe(429);
  });
});
