import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OperationsPermission } from "@hikyaku/app-kit";
import { type Config, loadConfig } from "@hikyaku/config";
import type { FastifyInstance } from "fastify";
import { type Broker, Client } from "hikyaku";
import { sqliteBroker } from "hikyaku/sqlite";
import { pino } from "pino";
import { type AppParts, buildApp } from "../src/app.ts";
import { MemoryRateLimiter } from "../src/rate-limit/memory-rate-limiter.ts";

export interface TestApp {
  readonly app: FastifyInstance;
  readonly broker: Broker;
  /** Every log line so far, parsed. */
  readonly log: readonly Record<string, unknown>[];
  /** How many jobs lie in the store. */
  jobs(): Promise<number>;
  close(): Promise<void>;
}

export interface TestAppOptions extends Partial<Omit<AppParts, "config">> {
  readonly trustProxy?: boolean;
  readonly allowedOrigins?: readonly string[];
  readonly allowedHosts?: readonly string[];
  readonly operationsOrigins?: readonly string[];
  readonly pageRequestsPerMinute?: number;
  readonly operationsRequestsPerMinute?: number;
  readonly requestsPerMinute?: number;
  readonly requestsPerHour?: number;
  /** Default `local`. */
  readonly appEnv?: Config["appEnv"];
  readonly operationsToken?: string;
}

const { api, server } = loadConfig({ env: {} });

/** The API server on an embedded store of its own, with limits that no test meets unless it asks for less. */
export async function aTestApp(options: TestAppOptions = {}): Promise<TestApp> {
  const {
    trustProxy = false,
    allowedOrigins = [],
    allowedHosts = [],
    operationsOrigins = [],
    pageRequestsPerMinute = 1_000_000,
    operationsRequestsPerMinute = 1_000_000,
    requestsPerMinute = 1_000_000,
    requestsPerHour = 1_000_000,
    appEnv = "local",
    operationsToken,
  } = options;
  const folder = await mkdtemp(join(tmpdir(), "hikyaku-api-"));
  const broker = options.broker ?? sqliteBroker({ path: join(folder, "hikyaku.db") });
  const client = options.client ?? new Client({ broker });
  const log: Record<string, unknown>[] = [];
  const logger = pino(
    { level: "debug" },
    { write: (line) => void log.push(JSON.parse(line) as Record<string, unknown>) },
  );
  const config = {
    appEnv,
    server: { ...server, host: "127.0.0.1", port: 0, trustProxy, allowedHosts },
    cors: { allowedOrigins, operationsOrigins },
    api: {
      ...api,
      rateLimit: { ...api.rateLimit, pageRequestsPerMinute, operationsRequestsPerMinute },
      operations: { switchedOff: [], ...(operationsToken !== undefined && { token: operationsToken }) },
    },
  };
  const app = await buildApp({
    broker,
    client,
    logger,
    webRoot: join(folder, "dist"),
    build: undefined,
    rateLimiter: new MemoryRateLimiter({ requestsPerMinute, requestsPerHour }),
    permission: new OperationsPermission(config, broker),
    ...options,
    config,
  });
  return {
    app,
    broker,
    log,
    jobs: async () => (await broker.queue("default"))?.counts.scheduled ?? 0,
    close: async () => {
      await app.close();
      if (client instanceof Client) await client.close();
      await broker.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
