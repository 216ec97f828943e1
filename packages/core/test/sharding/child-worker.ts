// A worker process for tests: node child-worker.ts <store> <log file> <hangs at>
// Works on the ordered queue of `ordered-queue.ts` and never finishes the task of that number.
import { setTimeout as delay } from "node:timers/promises";
import { silentLogger } from "../../src/runtime/logger.ts";
import { Server } from "../../src/worker/server.ts";
import { openBroker } from "../worker/open-broker.ts";
import { handlerThatLogs, ordered, step } from "./ordered-queue.ts";

const [address = "", logFile = "", hangsAt = "0"] = process.argv.slice(2);
const server = new Server({
  broker: openBroker(address),
  queues: { steps: 1 },
  shardedQueues: [ordered],
  concurrency: 4,
  lease: "4s",
  logger: silentLogger,
});
const log = handlerThatLogs(logFile, "child");
let begun = 0;
server.handle(step, async (context) => {
  begun++;
  const hangs = begun === Number(hangsAt);
  const hang = (): Promise<never> => new Promise(() => process.stdout.write("hanging\n"));
  await log(context.payload, hangs ? hang : () => delay(20));
});
server.start();
