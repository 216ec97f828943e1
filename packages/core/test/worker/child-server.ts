// A worker process for tests: node child-server.ts <store> <type> <shutdown timeout> <lease>
// Says "running <task id>" for each task it starts, and never finishes one. Ends when it is asked to, by signal.
import { silentLogger } from "../../src/runtime/logger.ts";
import { Server } from "../../src/worker/server.ts";
import { openBroker } from "./open-broker.ts";

const [address = "", type = "", shutdownTimeout = "0s", lease = "2s"] = process.argv.slice(2);
const broker = openBroker(address);
const server = new Server({
  broker,
  concurrency: 4,
  lease: lease as `${number}s`,
  abortGrace: "100ms",
  logger: silentLogger,
  shutdownTimeout: shutdownTimeout as `${number}s`,
});
server.handleRaw(type, ({ taskId }) => {
  process.stdout.write(`running ${taskId}\n`);
  return new Promise<never>(() => undefined);
});
await server.run();
await broker.close();
