import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listServersResponse, problem, serverOrderResponse } from "@hikyaku/contract";
import { type RedisServer, startRedisServer } from "@hikyaku/test-support";
import type { Broker, ServerRecord } from "hikyaku";
import { redisBroker } from "hikyaku/redis";
import { sqliteBroker } from "hikyaku/sqlite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { type Mounting, mountings } from "./mountings.ts";
import { testOperations } from "./test-operations.ts";

const json = { "content-type": "application/json" };
const as = (scopes: string) => ({ authorization: `Bearer ${scopes}` });
const post = (scopes: string, value: unknown) => ({
  method: "POST",
  headers: { ...json, ...as(scopes) },
  body: JSON.stringify(value),
});

const server: ServerRecord = {
  serverId: "server-11",
  host: "box",
  pid: 11,
  concurrency: 10,
  queues: { default: 1 },
  strictPriority: false,
  status: "active",
  startedAt: 1_700_000_000_000,
  activeWorkers: 0,
  details: undefined,
};

describe.each(Object.entries(mountings))("operations mounted in %s", (name, mount) => {
  let broker: Broker;
  let mounting: Mounting;
  let folder: string;
  let hanging: ReturnType<typeof testOperations>["hanging"];
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "hikyaku-operations-"));
    broker = sqliteBroker({ path: join(folder, "hikyaku.db") });
    const test = testOperations(broker);
    hanging = test.hanging;
    mounting = await mount(test.operations);
  });
  afterEach(async () => {
    await mounting.close();
    await broker.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("list what is in the store and pass orders on, with who gave them", async () => {
    await broker.announce(server, [], 60_000);
    const listed = await mounting.ask("/servers?x=1", { headers: as("read") });
    expect(listed.status).toBe(200);
    expect(Object.fromEntries(listed.headers)).toMatchObject({
      "content-type": "application/json; charset=utf-8",
      "cache-control": "no-store",
    });
    const { servers } = listServersResponse.parse(await listed.json());
    expect(servers).toMatchObject([{ id: "server-11", host: "box", running: [], handles: null }]);
    const told = await mounting.ask("/servers/other%2Fone/quiet", post("operate", { wait_seconds: 0, reason: "new" }));
    expect(told.status).toBe(202);
    expect(serverOrderResponse.parse(await told.json())).toMatchObject({ id: "other/one", acknowledged: false });
    const head = await mounting.ask("/servers", { method: "HEAD", headers: as("read") });
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });

  it("hand on what a payload, a query and a path hold, up to a payload of 1 MiB", async () => {
    const payload = "x".repeat(1_048_576);
    const asked = await mounting.ask("/echo/a%20b?times=3&tag=one&tag=two%20+", post("enqueue", { payload }));
    expect(asked.status).toBe(201);
    expect(await asked.json()).toEqual({ name: "a b", times: 3, tags: ["one", "two  "], length: payload.length });
    const refused = await mounting.ask("/echo/a", post("enqueue", { payload: "x".repeat(1_200_000) }));
    expect([refused.status, problem.parse(await refused.json()).code]).toEqual([413, "body_too_large"]);
    // Whoever was refused can go on.
    expect((await mounting.ask("/servers", { headers: as("read") })).status).toBe(200);
  });

  it("hand on the headers that an endpoint reads, and send those that it names, and no others", async () => {
    const echo = (headers: Record<string, string>) =>
      mounting.ask("/echo/a", {
        ...post("enqueue", { payload: "" }),
        headers: { ...json, ...as("enqueue"), ...headers },
      });
    const told = await echo({ "X-Echo": "hello" });
    expect([told.status, told.headers.get("x-echoed")]).toEqual([201, "hello"]);
    expect((await echo({})).headers.get("x-echoed")).toBeNull();
    const refused = await echo({ "X-Echo": "much too long" });
    expect([refused.status, problem.parse(await refused.json())]).toEqual([
      422,
      expect.objectContaining({
        code: "invalid_headers",
        errors: [expect.objectContaining({ location: "header.x-echo", value: "much too long" })],
      }),
    ]);
    const overstepped = await mounting.ask("/overstep", { headers: as("read") });
    expect([overstepped.status, overstepped.headers.get("x-unnamed")]).toEqual([500, null]);
  });

  it("tell in a problem what was found, beside its own members and never instead of them", async () => {
    const refused = await mounting.ask("/stale", { headers: as("read") });
    expect(problem.parse(await refused.json())).toMatchObject({ status: 409, code: "wrong_state", state: "active" });
  });

  it("refuse what does not fit, each with its code", async () => {
    const codeOf = async (path: string, init?: RequestInit): Promise<string> => {
      const answer = await mounting.ask(path, init);
      expect(answer.headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
      const { code, status, instance } = problem.parse(await answer.json());
      expect(status).toBe(answer.status);
      expect(instance).toMatch(/^urn:uuid:[0-9a-f-]{36}$/);
      return `${status} ${code}`;
    };
    const sent = (headers: Record<string, string>, body: string | null) => ({
      method: "POST",
      headers: { ...as("enqueue"), ...headers },
      ...(body !== null && { body }),
    });
    expect(await codeOf("/nothing", { headers: as("admin") })).toBe("404 not_found");
    expect(await codeOf("/servers/", { headers: as("admin") })).toBe("404 not_found");
    expect(await codeOf("", { headers: as("admin") })).toBe("404 not_found");
    expect(await codeOf("/echo/a", sent(json, '{"payload":7}'))).toBe("422 invalid_body");
    expect(await codeOf("/echo/a", sent({}, null))).toBe("422 invalid_body");
    // Fastify's own router, which comes before the plug-in, answers for itself.
    if (name !== "Fastify") expect(await codeOf("/echo/%zz", post("enqueue", {}))).toBe("400 bad_request");
    // A parser that runs before answers for itself.
    if (!name.includes("body parser")) {
      expect(await codeOf("/echo/a", sent(json, '{"payload":'))).toBe("400 malformed_body");
      for (const charset of ["utf-16", "UTF-16LE", '"iso-8859-1"']) {
        const headers = { "content-type": `application/json; charset=${charset}` };
        expect(await codeOf("/echo/a", sent(headers, '{"payload":"x"}'))).toBe("415 unsupported_media_type");
      }
    }
    const form = { "content-type": "application/x-www-form-urlencoded" };
    expect(await codeOf("/echo/a", sent(form, "payload=x"))).toBe("415 unsupported_media_type");
    const utf8 = { "content-type": 'application/json; Charset="UTF-8"' };
    expect((await mounting.ask("/echo/a", sent(utf8, '{"payload":"x"}'))).status).toBe(201);
    expect(await codeOf(`/echo/${"x".repeat(41)}`, post("enqueue", { payload: "" }))).toBe("422 invalid_path");
    expect(await codeOf("/echo/a?times=12", post("enqueue", { payload: "" }))).toBe("422 invalid_query");
    expect(await codeOf("/burst", { headers: as("read") })).toBe("500 internal_error");
  });

  it("never say more than the contract names, nor what a terminal obeys, nor what went wrong inside", async () => {
    const leaked = await mounting.ask("/leak", { headers: as("read") });
    expect(await leaked.text()).toBe('{"shown":"yes\\u001b[31m"}');
    expect(await (await mounting.ask("/burst", { headers: as("read") })).text()).not.toContain("secret of the server");
  });

  it("are open only where an endpoint says so", async () => {
    const answer = await mounting.ask("/door");
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ who: expect.stringMatching(/^the API/) });
  });

  it("answer 503 when an endpoint's time is up, and tell its handler to stop", async () => {
    const answer = await mounting.ask("/hang", { headers: as("read") });
    expect([answer.status, problem.parse(await answer.json()).code]).toEqual([503, "deadline_exceeded"]);
    const { signal, deadlineAt } = await hanging;
    expect(signal.reason).toMatchObject({ code: "deadline_exceeded" });
    expect(deadlineAt).toBeLessThanOrEqual(Date.now() + 50);
  });

  it("tell a handler when whoever asked has gone", async () => {
    const leaving = new AbortController();
    const asked = mounting.ask("/hang-long", { headers: as("read"), signal: leaving.signal }).catch(() => undefined);
    const { signal } = await hanging;
    expect(signal.aborted).toBe(false);
    const stopped = new Promise((resolve) => signal.addEventListener("abort", resolve));
    leaving.abort();
    await Promise.all([asked, stopped]);
    expect(signal.reason).toMatchObject({ code: "cancelled" });
  });

  it("leave alone what lies beside them", async () => {
    for (const path of ["/queue/v12/servers", "/queue", "/servers"]) {
      const answer = await mounting.askBeside(path);
      expect(answer.status).toBe(404);
    }
  });
});

describe("operations on Redis", () => {
  let redis: RedisServer;
  beforeAll(async () => {
    if (inject("redisServerPath") !== null) redis = await startRedisServer();
  });
  afterAll(() => redis?.stop());
  beforeEach(({ skip }) => skip(inject("redisServerPath") === null, "redis-server is not installed"));

  it("answer the same", async () => {
    const broker = redisBroker({ url: redis.url });
    await broker.announce(server, [], 60_000);
    const mounting = await mountings["plain Node"]?.(testOperations(broker).operations);
    if (mounting === undefined) throw new Error("expected a mounting");
    const { servers } = listServersResponse.parse(
      await (await mounting.ask("/servers", { headers: as("read") })).json(),
    );
    expect(servers).toMatchObject([{ id: "server-11", host: "box", running: [], handles: null }]);
    const told = await mounting.ask("/servers/other/quiet", post("operate", { wait_seconds: 0 }));
    expect(told.status).toBe(202);
    const found = await mounting.ask("/findings", { headers: as("read") });
    expect(await found.json()).toMatchObject({ queues_checked: 0 });
    await mounting.close();
    await broker.close();
  });
});
