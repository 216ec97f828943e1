// The process that many-servers.ts measures: many-servers-child.ts <address> <servers>
import { readdirSync } from "node:fs";
import { Client, defineTask, type Logger, Server } from "hikyaku";
import { redisBroker } from "hikyaku/redis";
import { sqliteBroker } from "hikyaku/sqlite";

/** What the process says of itself, once it has settled and each time that it is asked. */
export interface ManyServersReport {
  readonly rss: number;
  /** Undefined where the system does not tell. */
  readonly threads: number | undefined;
}

const tasksEach = 100;
/** Longer than it takes until a lease is extended, so that the lease threads have opened the store. */
const settleMs = 6_000;
const [address = "", count = "0"] = process.argv.slice(2);
const broker = address.startsWith("redis:") ? redisBroker({ url: address }) : sqliteBroker({ path: address });
const client = new Client({ broker });
const quick = defineTask({ type: "quick" });
const long = defineTask({ type: "long" });
const stopped = Promise.withResolvers<void>();
const warnings = (): Logger => {
  const say = (message: string, fields?: object): void =>
    void process.stderr.write(`${message} ${JSON.stringify(fields)}\n`);
  return { debug: () => undefined, info: () => undefined, warn: say, error: say };
};

let left = Number(count) * tasksEach;
const allRan = Promise.withResolvers<void>();
const names = Array.from({ length: Number(count) }, (_, index) => `queue-${index}`);
const running = names.map((queue) =>
  new Server({ broker, queues: { [queue]: 1 }, concurrency: 10, logger: warnings(), shutdownTimeout: "5s" })
    .handle(quick, async () => {
      left--;
      if (left === 0) allRan.resolve();
    })
    .handle(long, () => stopped.promise)
    .run(),
);
await client.enqueueMany(
  names.flatMap((queue) => [
    long.with(1, { queue }),
    ...Array.from({ length: tasksEach }, () => quick.with(1, { queue })),
  ]),
);
if (names.length > 0) await allRan.promise;
await new Promise((resolve) => setTimeout(resolve, settleMs));
tell();
process.on("message", async (message) => {
  if (message === "again") {
    tell();
    return;
  }
  stopped.resolve();
  process.kill(process.pid, "SIGTERM");
  await Promise.all(running);
  await client.close();
  await broker.close();
  process.exit(0);
});

function tell(): void {
  process.send?.({ rss: process.memoryUsage().rss, threads: threadCount() } satisfies ManyServersReport);
}

function threadCount(): number | undefined {
  return process.platform === "linux" ? readdirSync("/proc/self/task").length : undefined;
}
