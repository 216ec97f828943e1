import { startApi } from "@hikyaku/api";
import { brokerFromConfig, logReachability, runUntilSignal } from "@hikyaku/app-kit";
import { startWorker, workerStopTimeoutMs } from "@hikyaku/worker";

await runUntilSignal(async ({ config, logger }) => {
  const broker = brokerFromConfig(config);
  const endTelling = await logReachability(broker, logger);
  // The port first: when another Hikyaku has it, this one must not have taken any tasks.
  const api = await startApi({ config, broker, logger });
  const server = startWorker({ config, broker, logger });
  logger.info({ store: broker.location }, `Hikyaku runs: open ${api.address}`);
  return {
    stopTimeoutMs: workerStopTimeoutMs(config) + 5000,
    stop: async () => {
      await Promise.all([api.stop(), server.stop()]);
      endTelling();
      await broker.close();
    },
  };
});
