import {
  brokerFromConfig,
  closeWithin,
  listen,
  logReachability,
  OperationsPermission,
  type Start,
} from "@hikyaku/app-kit";
import { ProcessMetrics } from "@hikyaku/operations/metrics";
import { buildHealthApp, serverProbe } from "./health-app.ts";
import { endedFromElsewhere, startWorker, workerStopTimeoutMs } from "./start-worker.ts";

/** One worker server in this process, with its health on the port of the settings. */
export const runWorker: Start = async ({ config, logger }) => {
  const broker = brokerFromConfig(config);
  const endTelling = await logReachability(broker, logger);
  const server = startWorker({ config, broker, logger });
  const metrics = new ProcessMetrics(() => server.status());
  const app = buildHealthApp({
    broker,
    queues: Object.keys(config.jobqueue.queues),
    probe: serverProbe(server),
    logger,
    permission: new OperationsPermission(config, broker),
    metrics: async () => metrics.families(),
  });
  const { host, port } = config.jobqueue;
  const address = await listen(app, { host, port, what: "the worker server", portKey: "jobqueue.port" });
  logger.info({ store: broker.location }, `the worker server runs: its health is at ${address}/readyz`);
  return {
    stopTimeoutMs: workerStopTimeoutMs(config),
    ended: endedFromElsewhere(server),
    hurry: () => server.hurry(),
    stop: async () => {
      await server.stop();
      await closeWithin(app, 1000);
      metrics.close();
      endTelling();
      await broker.close();
    },
  };
};
