import { startApi } from "@hikyaku/api";
import { brokerFromConfig, logReachability, runUntilSignal } from "@hikyaku/app-kit";
import { endedFromElsewhere, startWorker, workerStopTimeoutMs } from "@hikyaku/worker";

await runUntilSignal(async ({ config, logger }) => {
  const broker = brokerFromConfig(config);
  const endTelling = await logReachability(broker, logger);
  // The port first: if another Hikyaku has it, this one must not have taken any tasks.
  let worker: ReturnType<typeof startWorker> | undefined;
  const api = await startApi({ config, broker, logger, workerReport: () => worker?.status() });
  const server = startWorker({ config, broker, logger });
  worker = server;
  const { processes } = config.jobqueue;
  if (processes > 1) {
    logger.warn({ processes }, "this is one process: jobqueue.processes is for a worker apart (npm run start:worker)");
  }
  logger.info({ store: broker.location }, `Hikyaku runs: open ${api.address}`);
  return {
    stopTimeoutMs: workerStopTimeoutMs(config) + 5000,
    // One process, one life: an API server without its worker would look as if jobs still ran.
    ended: endedFromElsewhere(server),
    hurry: () => server.hurry(),
    stop: async () => {
      await Promise.all([api.stop(), server.stop()]);
      endTelling();
      await broker.close();
    },
  };
});
