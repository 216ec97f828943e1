import { buildId, libraryLogger, type RunEnd } from "@hikyaku/app-kit";
import type { Config } from "@hikyaku/config";
import { delayPrint, delayPrintHandler } from "@hikyaku/tasks";
import { type Broker, Server } from "hikyaku";
import type { Logger } from "pino";

/** Starts a worker server that runs every task of `@hikyaku/tasks`. The broker stays the caller's. */
export function startWorker(parts: { config: Config; broker: Broker; logger: Logger }): Server {
  const { config, broker, logger } = parts;
  const { concurrency, queues, strictPriority, shutdownTimeoutSeconds } = config.jobqueue;
  const build = buildId(config);
  const server = new Server({
    broker,
    concurrency,
    queues,
    strictPriority,
    shutdownTimeout: { ms: shutdownTimeoutSeconds * 1000 },
    logger: libraryLogger(logger),
    ...(build !== undefined && { build }),
  });
  server.handle(delayPrint, delayPrintHandler());
  server.start();
  return server;
}

/**
 * Resolves when the server was stopped or evicted from elsewhere. Its process should then end. An evicted server ends
 * with 1, so that a supervisor starts it anew. A server that was told to stop should stay away.
 */
export async function endedFromElsewhere(server: Server): Promise<RunEnd> {
  await server.whenClosed();
  const { order } = server.status();
  if (order === undefined || order.kind === "quiet") return new Promise(() => undefined);
  return order.kind === "evict"
    ? { why: "the worker server was evicted", exitCode: 1 }
    : { why: "the worker server was told to stop from elsewhere", exitCode: 0 };
}

/** The longest that stopping this server may take: its handlers' time, their grace, and its last calls to the store. */
export function workerStopTimeoutMs({ jobqueue }: Pick<Config, "jobqueue">): number {
  return jobqueue.shutdownTimeoutSeconds * 1000 + 15_000;
}
