// One worker server of several: started by the supervisor, which has the port and says when to stop.
// Usage: worker-process.ts <number of this process> <pid of the supervisor>
import { Worker } from "node:worker_threads";
import { brokerFromConfig, logReachability, runUntilSignal } from "@hikyaku/app-kit";
import { ProcessMetrics } from "@hikyaku/operations/metrics";
import { endedFromElsewhere, startWorker, workerStopTimeoutMs } from "./start-worker.ts";
import type { FromWorker, ToWorker } from "./worker-messages.ts";

const [number = "", supervisor = ""] = process.argv.slice(2);
if (process.send === undefined) {
  process.stderr.write("worker-process.ts is started by apps/worker/src/main.ts --processes <n>, not by hand\n");
  process.exit(64);
}

let stopping = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    stopping = true;
  });
}

/** Stops as at a signal. Once only: a terminal's Ctrl-C reaches this process as well as its supervisor. */
function askToStop(): void {
  if (!stopping) process.emit("SIGTERM", "SIGTERM");
}

function say(message: FromWorker): void {
  // A supervisor that has gone needs no answer. "disconnect" tells that it has gone.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

await runUntilSignal(async ({ config, logger: processLogger }) => {
  const logger = processLogger.child({ process: Number(number) });
  const orphanGraceMs = workerStopTimeoutMs(config) + 2_000;
  const watch = new Worker(new URL("./orphan-watch.ts", import.meta.url), {
    workerData: { supervisor: Number(supervisor), graceMs: orphanGraceMs },
  });
  watch.unref();
  process.on("disconnect", () => {
    logger.warn("the supervisor has gone: this process stops, too");
    askToStop();
  });
  // The supervisor may have gone while this process was starting.
  if (!process.connected) setImmediate(askToStop);

  const broker = brokerFromConfig(config);
  const endTelling = await logReachability(broker, logger);
  const server = startWorker({ config, broker, logger });
  const metrics = new ProcessMetrics(() => server.status());
  process.on("message", (message: ToWorker) => {
    if (message.kind === "stop") return askToStop();
    const { state, running, concurrency } = server.status();
    const more = message.metrics ? { metrics: metrics.families() } : {};
    say({ kind: "status", question: message.question, report: { state, running, concurrency, ...more } });
  });
  say({ kind: "runs", serverId: server.serverId });
  return {
    stopTimeoutMs: workerStopTimeoutMs(config),
    ended: endedFromElsewhere(server).then((end) => {
      if (end.exitCode === 0) say({ kind: "told_to_stop" });
      return end;
    }),
    stop: async () => {
      await server.stop();
      metrics.close();
      endTelling();
      await broker.close();
    },
  };
});
