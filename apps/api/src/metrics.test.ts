import { ApiKeys } from "@hikyaku/operations/access";
import { afterEach, describe, expect, it } from "vitest";
import { aTestApp, type TestApp, type TestAppOptions } from "../test/a-test-app.ts";

describe("GET /metrics of the API server", () => {
  let test: TestApp;
  afterEach(() => test.close());
  const scrape = async (options: TestAppOptions, headers: Record<string, string> = {}) => {
    test = await aTestApp(options);
    return test.app.inject({ url: "/metrics", headers });
  };
  const token = "0123456789abcdef0123";

  it("tells this machine everything in local, as it reads the operations", async () => {
    const { statusCode, payload, headers } = await scrape({
      workerReport: () => ({ running: 1, concurrency: 4, unanswered: 0 }) as never,
    });
    expect(statusCode).toBe(200);
    expect(headers).toMatchObject({
      "content-type": "text/plain; version=0.0.4; charset=utf-8",
      "cache-control": "no-store",
    });
    expect(payload).toContain("# TYPE asynq_queue_size gauge\n");
    expect(payload).toContain("hikyaku_store_up 1\n");
    expect(payload).toContain('hikyaku_worker_slots{state="busy"} 1\n');
  });

  it("is OpenMetrics for a scraper that asks for it", async () => {
    const { payload, headers } = await scrape(
      {},
      { accept: "application/openmetrics-text;version=1.0.0,text/plain;q=0.5" },
    );
    expect(headers["content-type"]).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
    expect(payload.endsWith("# EOF\n")).toBe(true);
  });

  it("is closed elsewhere until a token is set, and then open to whoever sends it", async () => {
    expect((await scrape({ appEnv: "production" })).statusCode).toBe(401);
    await test.close();
    const refused = await scrape({ appEnv: "production", operationsToken: token });
    expect([refused.statusCode, refused.headers["www-authenticate"]]).toEqual([401, 'Bearer realm="operations"']);
    expect(refused.payload).not.toContain("hikyaku_");
    const sent = { authorization: `Bearer ${token}` };
    expect((await test.app.inject({ url: "/metrics", headers: sent })).statusCode).toBe(200);
    expect((await test.app.inject({ url: "/metrics", method: "POST", headers: sent })).statusCode).toBe(405);
  });

  it("is for who may read all queues: it names each of them", async () => {
    expect((await scrape({ appEnv: "production" })).statusCode).toBe(401);
    const keys = new ApiKeys(test.broker);
    const statusWith = async (queues: readonly string[] | undefined) => {
      const { key } = await keys.create({ name: "monitor", scopes: ["read"], queues, who: "test" });
      return (await test.app.inject({ url: "/metrics", headers: { authorization: `Bearer ${key}` } })).statusCode;
    };
    expect([await statusWith(undefined), await statusWith(["mail"]), await statusWith(["*"])]).toEqual([200, 403, 403]);
  });

  it("tells nothing to a page of another site, or through a proxy, in local", async () => {
    expect((await scrape({}, { origin: "https://evil.example" })).statusCode).toBe(403);
    expect((await test.app.inject({ url: "/metrics", headers: { "x-forwarded-for": "10.0.0.1" } })).statusCode).toBe(
      403,
    );
  });
});
