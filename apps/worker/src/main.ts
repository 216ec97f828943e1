import { brokerFromConfig, closeWithin, listen, logReachability, runUntilSignal } from "@hikyaku/app-kit";
import { buildHealthApp } from "./health-app.ts";
import { startWorker, workerStopTimeoutMs } from "./start-worker.ts";

await runUntilSignal(async ({ config, logger }) => {
  const broker = brokerFromConfig(config);
  const endTelling = await logReachability(broker, logger);
  const server = startWorker({ config, broker, logger });
  const app = buildHealthApp({ broker, server, logger });
  const { host, port } = config.jobqueue;
  const address = await listen(app, { host, port, what: "the worker server", portKey: "jobqueue.port" });
  logger.info(`the worker server runs: its health is at ${address}/readyz`);
  return {
    stopTimeoutMs: workerStopTimeoutMs(config),
    stop: async () => {
      await server.stop();
      await closeWithin(app, 1000);
      endTelling();
      await broker.close();
    },
  };
});
