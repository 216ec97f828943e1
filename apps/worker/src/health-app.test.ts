import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { problem, readiness } from "@hikyaku/contract";
import { ProcessMetrics } from "@hikyaku/operations/metrics";
import { delayPrint } from "@hikyaku/tasks";
import { type Broker, Server, silentLogger } from "hikyaku";
import { sqliteBroker } from "hikyaku/sqlite";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildHealthApp, serverProbe } from "./health-app.ts";

describe("the worker server's own port", () => {
  let folder: string;
  let broker: Broker;
  let server: Server;
  let app: ReturnType<typeof buildHealthApp>;
  let metrics: ProcessMetrics;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "hikyaku-worker-"));
    broker = sqliteBroker({ path: join(folder, "hikyaku.db") });
    server = new Server({ broker, concurrency: 4, logger: silentLogger });
    metrics = new ProcessMetrics(() => server.status());
    server.handle(delayPrint, () => ({ printed_at: new Date().toISOString() }));
    app = buildHealthApp({
      broker,
      queues: ["default"],
      probe: serverProbe(server),
      logger: pino({ level: "silent" }),
      permission: {
        canRead: async ({ headers }) => headers.authorization === "Bearer me",
        authorize: ({ headers }) => ({ scopes: headers.authorization === "Bearer me" ? ["read"] : [] }),
      },
      metrics: async () => metrics.families(),
    });
  });
  afterEach(async () => {
    await app.close();
    metrics.close();
    await server.stop();
    await broker.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("says that the process lives", async () => {
    expect((await app.inject("/health")).payload).toBe("OK");
  });

  it("is ready while the server takes tasks, and not before or after", async () => {
    expect((await app.inject("/readyz")).statusCode).toBe(503);
    server.start();
    const answer = await app.inject("/readyz");
    expect(answer.statusCode).toBe(200);
    expect(readiness.parse(answer.json()).checks.slice(0, 2)).toEqual([
      { name: "job_queue_store", level: "ok" },
      { name: "worker_server", level: "ok" },
    ]);
    await server.stop();
    expect((await app.inject("/readyz")).statusCode).toBe(503);
  });

  it("tells whoever may read it how the server is", async () => {
    server.start();
    const { checks } = readiness.parse(
      (await app.inject({ url: "/readyz", headers: { authorization: "Bearer me" } })).json(),
    );
    expect(checks[1]?.findings).toEqual([
      { code: "worker_server", level: "ok", state: "active", running: 0, concurrency: 4, order: null },
    ]);
  });

  it("gives the numbers of its process to whoever may read, and to nobody else", async () => {
    server.start();
    const { statusCode, payload, headers } = await app.inject({
      url: "/metrics",
      headers: { authorization: "Bearer me" },
    });
    expect(statusCode).toBe(200);
    expect(headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(payload).toContain('hikyaku_worker_slots{state="free"} 4\n');
    expect(payload).not.toContain("asynq_");
    expect((await app.inject("/metrics")).statusCode).toBe(403);
  });

  it("has nothing else", async () => {
    const answer = await app.inject("/api/dm-jobqueue/register");
    expect(answer.statusCode).toBe(404);
    expect(problem.parse(answer.json()).detail).toContain("/health, /readyz and /metrics only");
  });
});
