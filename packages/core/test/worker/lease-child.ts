// A worker process for tests: node lease-child.ts <store> <lease>
// Tasks of type "block" keep its event loop busy for as many milliseconds as their payload says. Tasks of type "gate"
// end when a line "open" comes in. It prints "running <id>", "ended <id>", and each warning or error that it logs. For
// each line "status" that comes in, it prints what `Server.status()` says.
import { createInterface } from "node:readline";
import { jsonLogger } from "../../src/runtime/logger.ts";
import { Server } from "../../src/worker/server.ts";
import { openBroker } from "./open-broker.ts";

const [address = "", lease = "2s"] = process.argv.slice(2);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const broker = openBroker(address);
const logger = jsonLogger("warn", (line) => say(`log ${line.trim()}`));
const server = new Server({
  broker,
  concurrency: 4,
  lease: lease as `${number}s`,
  abortGrace: "500ms",
  shutdownTimeout: "0s",
  logger,
});
const opened = Promise.withResolvers<void>();
server.handleRaw("block", ({ payload, taskId }) => {
  say(`running ${taskId}`);
  const end = performance.now() + Number(Buffer.from(payload).toString());
  while (performance.now() < end);
  say(`ended ${taskId}`);
});
server.handleRaw("gate", async ({ taskId }) => {
  say(`running ${taskId}`);
  await opened.promise;
  say(`ended ${taskId}`);
});
createInterface(process.stdin).on("line", (line) => {
  if (line === "open") opened.resolve();
  else if (line === "status") say(`status ${JSON.stringify(server.status())}`);
});
await server.run();
process.stdin.destroy();
await broker.close();
