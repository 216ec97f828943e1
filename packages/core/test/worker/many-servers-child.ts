// A process with many servers for tests: node many-servers-child.ts <store> <how many> [<file>]
// Server n works on queue "q<n>". Tasks of type "hold" end when they are told to stop, those of type "block" keep the event
// loop busy for as many milliseconds as their payload says. Where a file is named, the lease thread dies or hangs when it says so.
// Lines that come in: "status", "stop <n>". Says "running <queue>", "blocking", "status <json>", "stopped <n>" and "log <json>".
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { jsonLogger } from "../../src/runtime/logger.ts";
import { Server } from "../../src/worker/server.ts";
import type { ServerReport } from "../../src/worker/server-report.ts";
import { flakyBroker } from "./flaky-broker.ts";
import { mortalRecipe } from "./mortal-broker.fixture.ts";
import { openBroker } from "./open-broker.ts";

export interface ManyServersStatus {
  readonly servers: readonly ServerReport[];
  /** Threads that the servers brought; undefined where the system does not tell. */
  readonly threads: number | undefined;
  readonly signalListeners: number;
}

const [address = "", count = "", dieAt] = process.argv.slice(2);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const threads = (): number | undefined =>
  process.platform === "linux" ? readdirSync("/proc/self/task").length : undefined;
// What uses the pool of threads that every Node.js process may have starts all of it.
await readFile(import.meta.filename);
const own = openBroker(address);
const broker = dieAt === undefined ? own : flakyBroker(own, { recipe: mortalRecipe(address, dieAt) });
await broker.ready();
const threadsBefore = threads();
const logger = jsonLogger("info", (line) => say(`log ${line.trim()}`));
const servers = Array.from({ length: Number(count) }, (_, index) => {
  const queue = `q${index}`;
  const queues = { [queue]: 1 };
  const times = { lease: "4s", abortGrace: "5s", shutdownTimeout: "0s" } as const;
  return new Server({ broker, queues, concurrency: 2, logger, ...times })
    .handleRaw("hold", async ({ signal }) => {
      say(`running ${queue}`);
      await sleep(600_000, undefined, { signal });
    })
    .handleRaw("block", ({ payload }) => {
      say("blocking");
      const end = performance.now() + Number(Buffer.from(payload).toString());
      while (performance.now() < end);
    });
});
const running = servers.map((server) => server.run());
createInterface(process.stdin).on("line", async (line) => {
  const [word, number = ""] = line.split(" ");
  if (word === "stop") {
    await servers[Number(number)]?.stop();
    say(`stopped ${number}`);
  } else {
    const now = threads();
    const status: ManyServersStatus = {
      servers: servers.map((server) => server.status()),
      threads: now === undefined ? undefined : now - (threadsBefore ?? 0),
      signalListeners: process.listenerCount("SIGTERM"),
    };
    say(`status ${JSON.stringify(status)}`);
  }
});
await Promise.all(running);
process.stdin.destroy();
await own.close();
