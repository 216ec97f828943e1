// A worker process of a schedule of faults: node worker.ts <WorkerConfig as JSON>
// Writes what it does into the journal. Lines that come in: "offset <ms>" sets its clock. It stops when asked to by
// signal, and when its standard input ends, since then nobody is left to end it.
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { type Clock, type HandlerContext, jsonLogger, Scheduler, Server, systemClock } from "hikyaku";
import type { WorkerConfig } from "./fleet.ts";
import { openJournal } from "./journal.ts";
import { loggedBroker } from "./logged-broker.ts";
import { digest, killedByTask, killer, member, probe, queues, tick, work } from "./tasks.ts";

const config: WorkerConfig = JSON.parse(process.argv[2] ?? "{}");
const write = openJournal(config.journal, config.by);

let offsetMs = config.clockOffsetMs ?? 0;
const ownClock: Clock = { ...systemClock, now: () => systemClock.now() + offsetMs };
const clock = config.clockOffsetMs === undefined ? undefined : ownClock;
const withClock = clock === undefined ? {} : { clock };

const broker = loggedBroker(config, clock);
const logger = jsonLogger("warn", (line) => write({ e: "log", level: "warn", text: line.trim() }));
const server = new Server({
  broker,
  logger,
  queues,
  ...withClock,
  concurrency: 10,
  lease: { ms: config.leaseMs },
  shutdownTimeout: "2s",
  abortGrace: "500ms",
  maxLostAttempts: config.maxLostAttempts,
});

type Known = { readonly key: string; readonly members?: readonly string[] };

/** Runs a handler between the lines that tell of its start and its end. */
function told<Payload extends Known, Result>(
  run: (context: HandlerContext<Payload, Result>) => Promise<Result>,
): (context: HandlerContext<Payload, Result>) => Promise<Result> {
  return async (context) => {
    const { taskId: id, type, queue, attempt, payload, signal } = context;
    const { key, members } = payload;
    write({ e: "start", id, type, queue, attempt, key, ...(members !== undefined && { members }) });
    try {
      const result = await run(context);
      write({ e: "end", id, how: "ok" });
      return result;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      write({ e: "end", id, how: signal.aborted ? "aborted" : "failed", why });
      throw error;
    }
  };
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

server.handle(
  work,
  told(async ({ payload, attempt, signal }) => {
    const { key, ms, failures, blocks } = payload;
    // Stands still without using the processor that the others need.
    if (blocks) Atomics.wait(sleeper, 0, 0, ms);
    else if (ms > 0) await delay(ms, undefined, { signal });
    if (attempt <= failures) throw new Error(`attempt ${attempt} of ${key} fails as planned`);
    return { key };
  }),
);
server.handle(
  probe,
  told(async () => undefined),
);
server.handle(
  killer,
  told(async () => {
    // Long enough for others to have begun beside it.
    await delay(100);
    write({ e: "dies" });
    process.exit(killedByTask);
  }),
);
server.handle(
  tick,
  told(async () => undefined),
);
server.handle(
  digest,
  told(async ({ signal }) => delay(20, undefined, { signal })),
);
server.aggregate(
  member,
  async ({ tasks, group, signal }) => {
    await delay(30, undefined, { signal });
    return digest.with({ key: `digest of ${group}`, members: tasks.map(({ payload }) => payload.key) });
  },
  { gracePeriod: "1s", maxDelay: "2s", maxSize: 5, timeout: "1s" },
);

const scheduler = config.schedules ? new Scheduler({ broker, logger, ...withClock }) : undefined;

createInterface(process.stdin)
  .on("line", (line) => {
    const [word, value] = line.split(" ");
    if (word === "offset") offsetMs = Number(value);
  })
  .on("close", () => process.kill(process.pid, "SIGTERM"));

scheduler?.start();
write({ e: "up", server: server.serverId });
await server.run();
// Each step is written down, so that one that does not end can be told from the others.
write({ e: "log", level: "info", text: "the server has stopped" });
await scheduler?.close();
write({ e: "log", level: "info", text: "the scheduler is closed" });
await broker.close();
write({ e: "log", level: "info", text: "the broker is closed" });
process.stdin.destroy();
const lingering = (): void =>
  write({ e: "log", level: "error", text: `still alive, with ${process.getActiveResourcesInfo().join(", ")}` });
setTimeout(lingering, 3_000).unref();
