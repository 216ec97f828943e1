import { brokerFromConfig, logReachability, runUntilSignal } from "@hikyaku/app-kit";
import { startApi } from "./start-api.ts";

await runUntilSignal(async ({ config, logger }) => {
  const broker = brokerFromConfig(config);
  const endTelling = await logReachability(broker, logger);
  const api = await startApi({ config, broker, logger });
  logger.info({ store: broker.location }, `the API server runs: open ${api.address}`);
  return {
    stopTimeoutMs: 10_000,
    stop: async () => {
      await api.stop();
      endTelling();
      await broker.close();
    },
  };
});
