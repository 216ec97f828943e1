// Stop without losing work: nothing new is taken, running handlers may finish, and what does not is handed back.
//   node --conditions=source examples/graceful-stop.ts
import { setTimeout as delay } from "node:timers/promises";
import { Client, defineTask, isHikyakuError, Server } from "hikyaku";
import { sqliteBroker } from "hikyaku/sqlite";
import { z } from "zod";

const work = defineTask({ type: "work", payload: z.object({ name: z.string(), ms: z.number() }) });

const broker = sqliteBroker({ path: ":memory:" });
const client = new Client({ broker });
const started: string[] = [];
const allStarted = Promise.withResolvers<void>();

const server = new Server({
  broker,
  concurrency: 2,
  shutdownTimeout: "300ms", // running handlers may go on for so long; then their signals fire
  abortGrace: "1s", // and for so long after that
});
server.handle(work, async ({ payload, signal }) => {
  if (started.push(payload.name) === 2) allStarted.resolve();
  try {
    await delay(payload.ms, undefined, { signal }); // pass the signal on to whatever takes one
    console.log(`${payload.name}: finished`);
  } catch (error) {
    if (isHikyakuError(signal.reason)) console.log(`${payload.name}: asked to stop (${signal.reason.code})`);
    throw error; // a stopping server blames no task: it goes back to the front of its queue, no retry spent
  }
});
server.start();

await client.enqueue(work, { name: "short", ms: 100 });
await client.enqueue(work, { name: "long", ms: 60_000 });
await client.enqueue(work, { name: "not begun", ms: 1 });
await allStarted.promise;

// `await server.run()` does the same at SIGINT and SIGTERM; a second signal hurries.
await server.stop();
const left = await broker.list({ queue: "default", state: "pending", limit: 10 });
console.log(`left for the next server: ${left.tasks.length} tasks`);

await client.close();
await broker.close();
