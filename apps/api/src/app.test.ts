import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { problem, REGISTER_DEMO_JOB_PATH, readiness } from "@hikyaku/contract";
import { HikyakuError } from "hikyaku";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aTestApp, type TestApp } from "../test/a-test-app.ts";

let test: TestApp;
afterEach(() => test.close());

const json = { "content-type": "application/json" };
const asThisMachine = { url: "/readyz", headers: { host: "localhost:8080" }, remoteAddress: "127.0.0.1" };
const limitHeaders = [
  "x-ratelimit-limit",
  "x-ratelimit-remaining",
  "x-ratelimit-reset",
  "x-ratelimit-hour-limit",
  "x-ratelimit-hour-remaining",
  "x-ratelimit-hour-reset",
];

function register(headers: Record<string, string> = {}) {
  return test.app.inject({
    method: "POST",
    url: REGISTER_DEMO_JOB_PATH,
    headers: { ...json, ...headers },
    payload: "{}",
  });
}

describe("rate limits", () => {
  it("count down on every answer and end in 429 with the time to wait", async () => {
    test = await aTestApp({ requestsPerMinute: 2, requestsPerHour: 10 });
    const first = await register();
    expect(first.headers).toMatchObject({
      "x-ratelimit-limit": "2",
      "x-ratelimit-remaining": "1",
      "x-ratelimit-reset": "60",
      "x-ratelimit-hour-limit": "10",
      "x-ratelimit-hour-remaining": "9",
      "x-ratelimit-hour-reset": "3600",
    });
    expect(first.headers["retry-after"]).toBeUndefined();
    await register();
    const refused = await register();
    expect(refused.statusCode).toBe(429);
    expect(refused.headers).toMatchObject({ "x-ratelimit-remaining": "0", "x-ratelimit-hour-remaining": "8" });
    const wait = Number(refused.headers["retry-after"]);
    expect(wait).toBeGreaterThanOrEqual(59);
    expect(wait).toBeLessThanOrEqual(60);
    expect(problem.parse(refused.json())).toMatchObject({ status: 429, title: "Too Many Requests" });
    expect(await test.jobs()).toBe(2);
  });

  it("are told on answers of every kind under /api", async () => {
    test = await aTestApp({ client: { enqueue: () => Promise.reject(new Error("x")) } });
    const answers = await Promise.all([
      register(),
      test.app.inject({ method: "POST", url: REGISTER_DEMO_JOB_PATH, headers: json, payload: "{" }),
      test.app.inject({ method: "POST", url: REGISTER_DEMO_JOB_PATH, headers: json, payload: "[]" }),
      test.app.inject({
        method: "POST",
        url: REGISTER_DEMO_JOB_PATH,
        headers: { "content-type": "text/plain" },
        payload: "x",
      }),
      test.app.inject({ method: "DELETE", url: REGISTER_DEMO_JOB_PATH }),
      test.app.inject({ method: "GET", url: "/api/nothing" }),
      test.app.inject({ method: "POST", url: "/api/nothing" }),
      test.app.inject({ method: "GET", url: "/api/%zz" }),
      test.app.inject({ method: "OPTIONS", url: REGISTER_DEMO_JOB_PATH }),
      test.app.inject({ method: "POST", url: "/%61pi/dm-jobqueue/register", headers: json, payload: "[]" }),
    ]);
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([500, 400, 422, 415, 405, 404, 404, 400, 204, 422]);
    for (const answer of answers) expect(Object.keys(answer.headers)).toEqual(expect.arrayContaining(limitHeaders));
  });

  it("leave everything outside /api alone", async () => {
    test = await aTestApp({ requestsPerMinute: 1 });
    for (let count = 0; count < 5; count++) {
      const answer = await test.app.inject("/health");
      expect(answer.statusCode).toBe(200);
      expect(answer.headers["x-ratelimit-limit"]).toBeUndefined();
    }
  });

  it("bound pages, their files and /docs by a limit of their own, and leave /health alone", async () => {
    test = await aTestApp({ pageRequestsPerMinute: 3, requestsPerMinute: 5 });
    for (const url of ["/docs/static/swagger-ui-bundle.js", "/openapi.json", "/readyz"]) {
      expect((await test.app.inject(url)).statusCode).toBe(200);
    }
    const refused = await test.app.inject("/docs/");
    expect(refused.statusCode).toBe(429);
    expect(Number(refused.headers["retry-after"])).toBeGreaterThanOrEqual(59);
    expect(problem.parse(refused.json())).toMatchObject({ code: "rate_limited" });
    expect((await test.app.inject("/nothing")).statusCode).toBe(429);
    expect((await test.app.inject("/health")).statusCode).toBe(200);
    expect((await register()).headers["x-ratelimit-remaining"]).toBe("4");
    expect((await test.app.inject({ url: "/openapi.json", remoteAddress: "192.0.2.7" })).statusCode).toBe(200);
  });

  it("are not told when they are switched off", async () => {
    test = await aTestApp({ rateLimiter: undefined });
    const answer = await register();
    expect(answer.statusCode).toBe(201);
    expect(answer.headers["x-ratelimit-limit"]).toBeUndefined();
  });

  it("believe X-Forwarded-For of a trusted proxy only", async () => {
    test = await aTestApp({ requestsPerMinute: 1 });
    expect((await register({ "x-forwarded-for": "192.0.2.1" })).statusCode).toBe(201);
    expect((await register({ "x-forwarded-for": "192.0.2.2" })).statusCode).toBe(429);
    await test.close();
    test = await aTestApp({ requestsPerMinute: 1, trustProxy: true });
    expect((await register({ "x-forwarded-for": "192.0.2.1" })).statusCode).toBe(201);
    expect((await register({ "x-forwarded-for": "192.0.2.2" })).statusCode).toBe(201);
    expect((await register({ "x-forwarded-for": "192.0.2.2" })).statusCode).toBe(429);
  });
});

describe("other origins", () => {
  const preflight = { origin: "https://app.example.com", "access-control-request-method": "POST" };

  it("may ask when the settings name them, and read the limits even when they are refused", async () => {
    test = await aTestApp({ allowedOrigins: ["https://app.example.com"], requestsPerMinute: 1 });
    const asked = await test.app.inject({ method: "OPTIONS", url: REGISTER_DEMO_JOB_PATH, headers: preflight });
    expect(asked.statusCode).toBe(204);
    expect(asked.headers["access-control-allow-origin"]).toBe("https://app.example.com");
    expect(asked.headers["x-ratelimit-remaining"]).toBe("1");
    expect((await register({ origin: "https://app.example.com" })).statusCode).toBe(201);
    const refused = await register({ origin: "https://app.example.com" });
    expect(refused.statusCode).toBe(429);
    expect(refused.headers["access-control-allow-origin"]).toBe("https://app.example.com");
    expect(refused.headers["access-control-expose-headers"]).toContain("Retry-After");
  });

  it.each(["*", "https://app.example.com"])("never read operations, not even with %s", async (allowed) => {
    test = await aTestApp({ allowedOrigins: [allowed], operationsToken: "a-token-of-the-test-0123456789" });
    const { origin } = preflight;
    const authorization = "Bearer a-token-of-the-test-0123456789";
    for (const url of ["/api/v1/servers", "/%61pi/v1/servers", "/api/v1/nothing", "/readyz", "/health"]) {
      const answer = await test.app.inject({ url, headers: { origin, authorization } });
      expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
      const asked = await test.app.inject({ method: "OPTIONS", url, headers: preflight });
      expect(asked.headers["access-control-allow-origin"]).toBeUndefined();
    }
    const answer = await test.app.inject({ url: "/openapi.json", headers: { origin } });
    expect(answer.headers["access-control-allow-origin"]).toBe(allowed);
    expect((await register({ origin })).headers["access-control-allow-origin"]).toBe(allowed);
  });

  it("may use operations with a token when the settings name them for that, by every method and header of the API", async () => {
    const authorization = "Bearer a-token-of-the-test-0123456789";
    test = await aTestApp({
      operationsOrigins: ["https://ops.example.com"],
      allowedOrigins: ["https://app.example.com"],
      operationsToken: "a-token-of-the-test-0123456789",
    });
    const ask = (origin: string, headers: Record<string, string>, method: "OPTIONS" | "POST" = "POST") =>
      test.app.inject({
        method,
        url: "/api/v1/servers/x/quiet",
        headers: { origin, ...headers },
        ...(method === "POST" && { payload: { wait_seconds: 0 } }),
      });
    const asked = await ask("https://ops.example.com", { "access-control-request-method": "PATCH" }, "OPTIONS");
    expect(asked.statusCode).toBe(204);
    expect(asked.headers).toMatchObject({
      "access-control-allow-origin": "https://ops.example.com",
      "access-control-allow-methods": "HEAD, GET, POST, PUT, PATCH, DELETE",
      "access-control-allow-headers": expect.stringContaining("Authorization, Content-Type, Idempotency-Key, If-Match"),
    });
    const told = await ask("https://ops.example.com", { authorization });
    expect([told.statusCode, told.headers["access-control-allow-origin"]]).toEqual([202, "https://ops.example.com"]);
    expect((await ask("https://ops.example.com", {})).statusCode).toBe(401);
    const feature = await ask("https://app.example.com", { authorization });
    expect(feature.headers["access-control-allow-origin"]).toBeUndefined();
    const registered = await register({ origin: "https://ops.example.com" });
    expect(registered.headers["access-control-allow-origin"]).toBeUndefined();
  });

  it("may not when the settings do not name them", async () => {
    test = await aTestApp({ allowedOrigins: ["https://app.example.com"] });
    expect((await register({ origin: "https://evil.example" })).headers["access-control-allow-origin"]).toBeUndefined();
    await test.close();
    test = await aTestApp();
    const asked = await test.app.inject({ method: "OPTIONS", url: REGISTER_DEMO_JOB_PATH, headers: preflight });
    expect(asked.headers["access-control-allow-origin"]).toBeUndefined();
  });
});

describe("names", () => {
  const asked = (host: string, remoteAddress = "127.0.0.1") =>
    test.app.inject({
      method: "POST",
      url: REGISTER_DEMO_JOB_PATH,
      headers: { ...json, host },
      payload: "{}",
      remoteAddress,
    });

  it.each(["local", "develop"] as const)("of other sites that were pointed here are refused in %s", async (appEnv) => {
    test = await aTestApp({ appEnv });
    for (const host of ["evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example:8080", "[::2]"]) {
      const answer = await asked(host);
      expect(answer.statusCode).toBe(421);
      const { code, detail } = problem.parse(answer.json());
      expect([code, detail]).toEqual(["wrong_host", expect.stringContaining("HIKYAKU__SERVER__ALLOWED_HOSTS")]);
    }
    expect(await test.jobs()).toBe(0);
    for (const host of ["localhost:8080", "127.0.0.1:9999", "[::1]:8080", "LOCALHOST", hostname()]) {
      expect((await asked(host)).statusCode).toBe(201);
    }
    expect((await asked("dev-box.example:8080", "192.0.2.7")).statusCode).toBe(201);
    expect((await test.app.inject({ url: "/health", headers: { host: "evil.example" } })).statusCode).toBe(200);
  });

  it("are any behind a proxy in production, until the settings list them", async () => {
    test = await aTestApp({ appEnv: "production" });
    expect((await asked("jobs.example")).statusCode).toBe(201);
    await test.close();
    test = await aTestApp({ appEnv: "production", allowedHosts: ["Jobs.example"] });
    expect((await asked("jobs.example:443")).statusCode).toBe(201);
    expect((await asked("localhost:8080")).statusCode).toBe(201);
    expect((await asked("evil.example", "192.0.2.7")).statusCode).toBe(421);
  });
});

describe("health", () => {
  it("says that the process lives", async () => {
    test = await aTestApp();
    const answer = await test.app.inject("/health");
    expect([answer.statusCode, answer.payload, answer.headers["content-type"]]).toEqual([
      200,
      "OK",
      "text/plain; charset=utf-8",
    ]);
  });

  it("has one level per check, and warns that nobody works", async () => {
    test = await aTestApp();
    const answer = await test.app.inject(asThisMachine);
    expect(answer.statusCode).toBe(200);
    expect(readiness.parse(answer.json())).toEqual({
      status: "ready",
      level: "warning",
      checks: [
        {
          name: "job_queue_store",
          level: "ok",
          findings: [{ code: "store_answers", level: "ok", store: expect.stringContaining("hikyaku.db") }],
        },
        {
          name: "rate_limit_store",
          level: "ok",
          findings: [{ code: "rate_limit_counts", level: "ok", store: null }],
        },
        { name: "workers", level: "warning", findings: [{ code: "no_worker", level: "warning" }] },
      ],
    });
  });

  it("says so where requests are not counted", async () => {
    test = await aTestApp({ rateLimiter: undefined });
    const { checks } = readiness.parse((await test.app.inject(asThisMachine)).json());
    expect(checks[1]).toEqual({
      name: "rate_limit_store",
      level: "ok",
      findings: [{ code: "rate_limit_off", level: "ok" }],
    });
  });

  it("tells strangers levels only: no path, host, process or build", async () => {
    test = await aTestApp({ operationsToken: "open-sesame-0123456789" });
    await announceTwo();
    const levels = {
      status: "ready",
      level: "warning",
      checks: [
        { name: "job_queue_store", level: "ok" },
        { name: "rate_limit_store", level: "ok" },
        { name: "workers", level: "warning" },
      ],
    };
    expect((await test.app.inject(asThisMachine)).json()).toEqual(levels);
    const headers = { authorization: "Bearer open-sesame-0123456789" };
    expect((await test.app.inject({ url: "/readyz", headers })).body).toContain("/srv/11");
    await test.close();
    test = await aTestApp({ appEnv: "production" });
    await announceTwo();
    expect((await test.app.inject(asThisMachine)).json()).toEqual(levels);
    await test.close();
    test = await aTestApp();
    await announceTwo();
    const proxied = { ...asThisMachine, headers: { ...asThisMachine.headers, "x-forwarded-for": "203.0.113.7" } };
    expect((await test.app.inject(proxied)).json()).toEqual(levels);
  });

  it("names who works, and warns when there is more than one", async () => {
    test = await aTestApp();
    await announceTwo();
    const { checks } = readiness.parse((await test.app.inject(asThisMachine)).json());
    const [several, warning] = checks.find(({ name }) => name === "workers")?.findings ?? [];
    expect(several).toMatchObject({
      code: "several_workers",
      level: "warning",
      count: 2,
      workers: [
        { host: "box", pid: 11, directory: "/srv/11", version: "0.1.0", build: null },
        { host: "box", pid: 12, directory: "/srv/12" },
      ],
    });
    expect(warning).toMatchObject({
      code: "worker_warning",
      level: "warning",
      warning: { kind: "other_directory", worker: { pid: 11 }, beside: { pid: 12 }, queues: ["default"] },
    });
  });

  it("is not ready once the store is gone", async () => {
    test = await aTestApp();
    await test.broker.close();
    const answer = await test.app.inject(asThisMachine);
    expect(answer.statusCode).toBe(503);
    expect(readiness.parse(answer.json())).toMatchObject({
      status: "not_ready",
      level: "error",
      checks: [
        { level: "error", findings: [{ code: "store_away" }] },
        { level: "ok" },
        { level: "warning", findings: [{ code: "workers_unknown" }] },
      ],
    });
  });

  async function announceTwo(): Promise<void> {
    for (const pid of [11, 12]) {
      await test.broker.announce(
        {
          serverId: `server-${pid}`,
          host: "box",
          pid,
          concurrency: 10,
          queues: { default: 1 },
          strictPriority: false,
          status: "active",
          startedAt: Date.now(),
          activeWorkers: 0,
          details: {
            version: "0.1.0",
            directory: `/srv/${pid}`,
            commandLine: "node",
            handles: { kind: "all" },
            lastClaimAt: undefined,
          },
        },
        [],
        10_000,
      );
    }
  }
});

describe("error answers", () => {
  it("carry a code that names their kind", async () => {
    test = await aTestApp({ requestsPerMinute: 8 });
    const bundle = "/docs/static/swagger-ui-bundle.js";
    const send = (more: object) =>
      test.app.inject({ method: "POST", url: REGISTER_DEMO_JOB_PATH, headers: json, payload: "{}", ...more });
    const answers = [
      await send({ payload: "{" }),
      await send({ payload: '{"message":1}' }),
      await send({ payload: JSON.stringify({ message: "x".repeat(70_000) }) }),
      await send({ headers: { "content-type": "text/plain" } }),
      await send({ method: "PUT" }),
      await send({ url: "/api/nothing" }),
      await send({ url: "/api/%zz" }),
      await test.app.inject({ url: "/api/v1/servers", remoteAddress: "192.0.2.7" }),
      await send({ headers: { ...json, "content-encoding": "gzip" } }),
      await test.app.inject({ url: bundle, headers: { range: "bytes=99999999-" } }),
      await test.app.inject({ url: bundle, headers: { "if-match": '"another"' } }),
      await test.app.inject("/docs/static/%00"),
      await send({}),
      await send({}),
    ];
    expect(answers.map((answer) => `${answer.statusCode} ${answer.json().code ?? answer.json().status}`)).toEqual([
      "400 malformed_body",
      "422 invalid_body",
      "413 body_too_large",
      "415 unsupported_media_type",
      "405 method_not_allowed",
      "404 not_found",
      "400 bad_request",
      "403 forbidden",
      "415 unsupported_media_type",
      "416 range_not_satisfiable",
      "412 precondition_failed",
      "403 forbidden",
      "201 registered",
      "429 rate_limited",
    ]);
  });

  it.each([
    ["broker_unavailable", "nothing was stored"],
    ["answer_lost", "may or may not"],
    ["deadline_exceeded", "may or may not"],
  ] as const)("say by their code what became of the job: %s", async (code, words) => {
    test = await aTestApp({ client: { enqueue: () => Promise.reject(new HikyakuError(code, "the store is odd")) } });
    const answer = await register();
    expect(answer.statusCode).toBe(503);
    expect(problem.parse(answer.json())).toMatchObject({ code, detail: expect.stringContaining(words) });
  });
});

describe("documentation", () => {
  it("is OpenAPI 3.1 from the same schemas", async () => {
    test = await aTestApp();
    const answer = await test.app.inject("/openapi.json");
    expect(answer.statusCode).toBe(200);
    const document = answer.json();
    expect(document.openapi).toBe("3.1.0");
    expect(Object.keys(document.paths)).toContain(REGISTER_DEMO_JOB_PATH);
    const operation = document.paths[REGISTER_DEMO_JOB_PATH].post;
    expect(operation).toMatchObject({ operationId: "register-demo-job", tags: ["jobqueue-demo"] });
    expect(Object.keys(operation.responses)).toEqual([
      "201",
      "400",
      "408",
      "409",
      "413",
      "415",
      "421",
      "422",
      "429",
      "431",
      "500",
      "503",
    ]);
    expect(JSON.stringify(document)).toContain("delay_seconds");
  });

  it("can be read in a browser, from this server alone", async () => {
    test = await aTestApp();
    const answer = await test.app.inject("/docs/");
    expect(answer.statusCode).toBe(200);
    expect(answer.payload).not.toMatch(/(?:src|href)="https?:/);
    expect(answer.headers["content-security-policy"]).toContain("default-src 'self'");
    expect((await test.app.inject("/docs/static/swagger-ui-bundle.js")).statusCode).toBe(200);
    expect((await test.app.inject("/docs")).statusCode).toBe(200);
  });
});

describe("addresses that are not there", () => {
  beforeEach(async () => {
    test = await aTestApp();
  });

  it("are answered with 404 and a problem, whatever is sent", async () => {
    for (const method of ["GET", "POST", "PUT"] as const) {
      const answer = await test.app.inject({
        method,
        url: "/nothing/here",
        headers: { "content-type": "x/y" },
        ...(method === "GET" ? {} : { payload: "x" }),
      });
      expect(answer.statusCode).toBe(404);
      expect(problem.parse(answer.json()).detail).toContain("/nothing/here");
    }
  });

  it("are never looked for among the files under /api", async () => {
    for (const url of ["/api/v1/..", "/api/v1/%00", `/api/v1/${"x".repeat(8_000)}`, "/api", "/api/"]) {
      const answer = await test.app.inject(url);
      expect([answer.statusCode, problem.parse(answer.json()).code]).toEqual([404, "not_found"]);
    }
  });

  it("are answered with 400 when they are no addresses", async () => {
    const answer = await test.app.inject("/%zz");
    expect(answer.statusCode).toBe(400);
    expect(problem.safeParse(answer.json()).success).toBe(true);
  });

  it("are answered with a problem too when they are no HTTP, or too long", async () => {
    await test.app.listen({ host: "127.0.0.1", port: 0 });
    const address = test.app.server.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    for (const [sent, status] of [
      ["hello\r\n\r\n", 400],
      [`GET /${"x".repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
    ] as const) {
      const socket = connect(port, "127.0.0.1");
      socket.end(sent);
      const answer = (await socket.toArray()).map(String).join("");
      expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(answer).toContain("application/problem+json");
    }
  });

  it("do not lead out of the web application's folder", async () => {
    for (const url of [
      "/../package.json",
      "/..%2fpackage.json",
      "/assets/..%2f..%2fpackage.json",
      "/%2e%2e/%2e%2e/etc/passwd",
    ]) {
      const answer = await test.app.inject(url);
      expect(answer.statusCode).toBeGreaterThanOrEqual(400);
      expect(answer.statusCode).toBeLessThan(500);
    }
  });
});

describe("pages", () => {
  let webRoot: string;
  beforeEach(async () => {
    webRoot = await mkdtemp(join(tmpdir(), "hikyaku-web-"));
  });
  afterEach(() => rm(webRoot, { recursive: true, force: true }));

  async function build() {
    await mkdir(join(webRoot, "assets"));
    await writeFile(join(webRoot, "index.html"), "<!doctype html><title>Hikyaku</title>");
    await writeFile(join(webRoot, "assets", "main-abc123.js"), "export {};");
    await writeFile(join(webRoot, "favicon.svg"), "<svg/>");
  }

  it("are the web application's, never stale, with strict headers", async () => {
    await build();
    test = await aTestApp({ webRoot });
    for (const url of ["/", "/dm-jobqueue", "/dm-jobqueue?lang=ja", "/dm-jobqueue/jobs/any-id"]) {
      const answer = await test.app.inject(url);
      expect([answer.statusCode, answer.payload]).toEqual([200, "<!doctype html><title>Hikyaku</title>"]);
      expect(answer.headers).toMatchObject({
        "cache-control": "no-cache",
        "content-type": "text/html; charset=utf-8",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "content-security-policy": expect.stringMatching(/default-src 'self'.*frame-ancestors 'none'/),
      });
    }
  });

  it("come with assets that may be kept for ever", async () => {
    await build();
    test = await aTestApp({ webRoot });
    const script = await test.app.inject("/assets/main-abc123.js");
    expect(script.headers["cache-control"]).toBe("public, max-age=31536000, immutable");
    expect(script.headers["content-type"]).toContain("javascript");
    expect((await test.app.inject("/favicon.svg")).headers["cache-control"]).toBe("public, max-age=3600");
    expect((await test.app.inject("/assets/old-000.js")).statusCode).toBe(404);
  });

  it("are at every address that may be a page's, so that a link into the application works", async () => {
    await build();
    test = await aTestApp({ webRoot });
    const pages = ["/tasks/default/019aa9d2", "/queues", "/queues/mail.high/tasks?state=retry", "/tasks/a%2Fb"];
    for (const url of [...pages, "/tasks/mail/a.b", "/queues/mail.high", "/tasks/mail/report.pdf?tab=log"]) {
      const answer = await test.app.inject({ url, headers: { accept: "text/html,*/*" } });
      expect([answer.statusCode, answer.payload]).toEqual([200, "<!doctype html><title>Hikyaku</title>"]);
      expect(answer.headers["cache-control"]).toBe("no-cache");
      expect((await test.app.inject({ url, headers: { accept: "application/json" } })).statusCode).toBe(404);
      const posted = await test.app.inject({ method: "POST", url, headers: { accept: "text/html" } });
      expect(posted.statusCode).toBe(404);
    }
  });

  it("are shown to people with status 404 where a file is missing, and never under /api", async () => {
    await build();
    test = await aTestApp({ webRoot });
    for (const url of ["/no-such.png", "/assets/old", "/assets/deep/old.js", "/docs/nothing", "/.git/config"]) {
      const answer = await test.app.inject({ url, headers: { accept: "text/html,*/*" } });
      expect([answer.statusCode, answer.payload]).toEqual([404, "<!doctype html><title>Hikyaku</title>"]);
    }
    for (const url of ["/api/x", "/api/v1/x", "/api/v1/servers/x", "/%61pi/x"]) {
      const answer = await test.app.inject({ url, headers: { accept: "text/html" } });
      expect([answer.statusCode, answer.headers["content-type"]]).toEqual([
        404,
        "application/problem+json; charset=utf-8",
      ]);
    }
  });

  it("say how to build them when they are not built, and are there as soon as they are", async () => {
    test = await aTestApp({ webRoot });
    const missing = await test.app.inject("/");
    expect(missing.statusCode).toBe(503);
    expect(missing.payload).toContain("npm run build");
    expect((await register()).statusCode).toBe(201);
    await build();
    expect((await test.app.inject("/")).statusCode).toBe(200);
  });
});
