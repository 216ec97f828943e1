import { libraryLogger } from "@hikyaku/app-kit";
import type { Config } from "@hikyaku/config";
import { delayPrint, delayPrintHandler } from "@hikyaku/tasks";
import { type Broker, Server } from "hikyaku";
import type { Logger } from "pino";

/** Starts a worker server that runs every task of `@hikyaku/tasks`. The broker stays the caller's. */
export function startWorker(parts: { config: Config; broker: Broker; logger: Logger }): Server {
  const { config, broker, logger } = parts;
  const { concurrency, queues, strictPriority, shutdownTimeoutSeconds } = config.jobqueue;
  const server = new Server({
    broker,
    concurrency,
    queues,
    strictPriority,
    shutdownTimeout: { ms: shutdownTimeoutSeconds * 1000 },
    logger: libraryLogger(logger),
  });
  server.handle(delayPrint, delayPrintHandler());
  server.start();
  return server;
}

/** The longest that stopping this server may take: its handlers' time, their grace, and its last words to the store. */
export function workerStopTimeoutMs({ jobqueue }: Pick<Config, "jobqueue">): number {
  return jobqueue.shutdownTimeoutSeconds * 1000 + 15_000;
}
