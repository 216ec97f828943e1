// A worker process for tests: node killer-child.ts <store> <concurrency>
// Tasks of type "killer" end the process 300 ms into their run, those of type "innocent" take 400 ms. Says "begins <type> <id>"
// for each. Ends when it is asked to, by signal.
import { setTimeout as sleep } from "node:timers/promises";
import { silentLogger } from "../../src/runtime/logger.ts";
import { Server } from "../../src/worker/server.ts";
import { openBroker } from "./open-broker.ts";

const [address = "", concurrency = ""] = process.argv.slice(2);
const broker = openBroker(address);
const server = new Server({
  broker,
  concurrency: Number(concurrency),
  lease: "2s",
  shutdownTimeout: "0s",
  logger: silentLogger,
});
server.handleRaw("innocent", async ({ taskId }) => {
  process.stdout.write(`begins innocent ${taskId}\n`);
  await sleep(400);
});
server.handleRaw("killer", async ({ taskId }) => {
  process.stdout.write(`begins killer ${taskId}\n`);
  await sleep(300);
  process.exit(1);
});
await server.run();
await broker.close();
