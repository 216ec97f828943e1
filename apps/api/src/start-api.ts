import { join } from "node:path";
import { buildId, closeWithin, listen, type OperationsAccess, OperationsPermission } from "@hikyaku/app-kit";
import type { Config } from "@hikyaku/config";
import { type Broker, Client, type ServerReport } from "hikyaku";
import type { Logger } from "pino";
import { buildApp } from "./app.ts";
import { rateLimiterFromConfig } from "./rate-limit/rate-limiter-from-config.ts";

export interface RunningApi {
  /** The address to open in a browser. */
  readonly address: string;
  /** Answers requests that are under way, for 5 seconds at most. Then closes everything except the broker. */
  stop(): Promise<void>;
}

interface ApiParts {
  readonly config: Config;
  readonly broker: Broker;
  readonly logger: Logger;
  /** How the worker server of this process is, for metrics. Absent where it runs none. */
  readonly workerReport?: () => ServerReport | undefined;
}

const STOP_TIMEOUT_MS = 5000;
const WEB_ROOT = join(import.meta.dirname, "../../web/dist");

/**
 * Starts the API server on `server.host` and `server.port`. The broker stays the caller's.
 * @throws ListenError when it cannot listen there.
 */
export async function startApi(parts: ApiParts): Promise<RunningApi> {
  const { config, broker, logger, workerReport } = parts;
  const client = new Client({ broker });
  const rateLimiter = await rateLimiterFromConfig(config, logger);
  const permission = new OperationsPermission(config, broker);
  const app = await buildApp({
    config,
    permission,
    client,
    broker,
    rateLimiter,
    logger,
    build: buildId(config),
    webRoot: WEB_ROOT,
    ...(workerReport !== undefined && { workerReport }),
  });
  const stop = async (): Promise<void> => {
    await closeWithin(app, STOP_TIMEOUT_MS);
    await client.close({ within: "1s" });
  };
  try {
    const place = { ...config.server, what: "the API server", portKey: "server.port" };
    const address = await listen(app, place);
    tellAccess(permission.access, logger);
    return { address, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Says in one line who may use the operations, unless a token decides. */
function tellAccess(access: OperationsAccess, logger: Logger): void {
  const set = "HIKYAKU__API__OPERATIONS__TOKEN";
  if (access === "this_machine") {
    logger.info(
      `operations (/api/v1) need no token, but answer only what comes straight from this machine; set ${set} before a proxy stands in front`,
    );
  }
  if (access === "closed") {
    logger.warn(
      `operations (/api/v1) are closed: no credential is set for them; set ${set}, and restart, or make a key with \`hikyaku keys create\``,
    );
  }
}
