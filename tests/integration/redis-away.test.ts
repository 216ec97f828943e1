import { READINESS_PATH, readiness } from "@hikyaku/contract";
import { freePort, type RedisServer, startRedisServer } from "@hikyaku/test-support";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AppProcess, AppProcesses, eventually, register } from "./support/app-process.ts";
import { missingRedis, titled } from "./support/stores.ts";

describe.skipIf(missingRedis !== undefined)(titled("while the job queue's Redis is away", missingRedis), () => {
  const apps = new AppProcesses();
  let redis: RedisServer;
  let ports: { readonly api: number; readonly worker: number };
  let settings: Record<string, string | number>;

  beforeEach(async () => {
    redis = await startRedisServer({ args: ["--appendonly", "yes", "--appendfsync", "always"] });
    ports = { api: await freePort(), worker: await freePort() };
    settings = {
      JOBQUEUE__STORE: "redis",
      REDIS__JOBQUEUE__ADDR: `127.0.0.1:${redis.port}`,
      SERVER__PORT: ports.api,
      JOBQUEUE__PORT: ports.worker,
      API__RATE_LIMIT__ENABLED: "false",
    };
  });
  afterEach(async () => {
    await apps.killAll();
    await redis.stop();
  });

  async function startBoth(): Promise<{ api: AppProcess; worker: AppProcess }> {
    const api = apps.start("api", { settings });
    const worker = apps.start("worker", { settings });
    await Promise.all([api.ready(), worker.ready()]);
    return { api, worker };
  }

  async function ready(port: number) {
    const start = performance.now();
    const response = await fetch(`http://127.0.0.1:${port}${READINESS_PATH}`, { signal: AbortSignal.timeout(5000) });
    const body = readiness.parse(await response.json());
    return { status: response.status, body, ms: performance.now() - start };
  }

  async function expectRefusal(): Promise<void> {
    const answer = await register(ports.api, { message: "lost" });
    expect(answer.status).toBe(503);
    expect(answer.ms).toBeLessThan(1000);
    expect(answer.headers.get("content-type")).toContain("application/problem+json");
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
  }

  async function expectLineWithin(worker: AppProcess, timeoutMs: number, message: string): Promise<void> {
    const back = performance.now();
    await eventually(timeoutMs, async () => {
      expect((await register(ports.api, { message, delay_seconds: 1 })).status).toBe(201);
    });
    await worker.stdout.next(new RegExp(`\\] ${message}$`), {
      timeoutMs: timeoutMs + 1100 - (performance.now() - back),
    });
  }

  it("both processes start, say so on stderr, and serve within two seconds of its return", async () => {
    await redis.kill();
    const { api, worker } = await startBoth();
    for (const app of [api, worker]) {
      expect(app.stderr.toString()).toMatch(/store does not answer/);
      expect(app.stdout.all).toEqual([]);
    }
    await expectRefusal();
    for (const port of [ports.api, ports.worker]) {
      const answer = await ready(port);
      expect(answer).toMatchObject({ status: 503, body: { status: "not_ready" } });
      expect(answer.ms).toBeLessThan(1500);
    }
    await redis.restart();
    await expectLineWithin(worker, 2000, "at last");
    for (const port of [ports.api, ports.worker]) expect((await ready(port)).status).toBe(200);
  });

  it("requests are refused at once and nothing is stored, each time anew", async () => {
    const { worker } = await startBoth();
    for (const round of [1, 2, 3]) {
      await redis.kill();
      await expectRefusal();
      await expectRefusal();
      await redis.restart();
      await expectLineWithin(worker, 2000, `round ${round}`);
    }
    expect(worker.stdout.all.map(({ text }) => text.slice(22))).toEqual(["round 1", "round 2", "round 3"]);
  });

  it("a frozen server is answered for within a second too", async () => {
    const { worker } = await startBoth();
    redis.pause();
    try {
      await expectRefusal();
      expect((await ready(ports.api)).ms).toBeLessThan(1500);
    } finally {
      redis.resume();
    }
    await expectLineWithin(worker, 4000, "thawed");
  });

  it("a stop ends in time", async () => {
    const { api, worker } = await startBoth();
    await redis.kill();
    expect(await Promise.all([api.stop(), worker.stop()])).toEqual([0, 0]);
  });

  it("a stop ends at once when it is asked for a second time", async () => {
    const worker = await apps.start("worker", { settings }).ready();
    redis.pause();
    try {
      worker.signal("SIGTERM");
      await worker.stderr.next(/stopping/);
      const stopping = performance.now();
      const insisting = setInterval(() => worker.signal("SIGTERM"), 100);
      expect(await worker.exit()).toBe(1);
      clearInterval(insisting);
      expect(performance.now() - stopping).toBeLessThan(3000);
      expect(worker.stderr.toString()).toContain("asked again");
    } finally {
      redis.resume();
    }
  });
});
