// Keep a task and its result after success, and read the result back, with its type.
//   node --conditions=source examples/results.ts
import { Client, defineTask, parseResult, Server } from "hikyaku";
import { sqliteBroker } from "hikyaku/sqlite";
import { z } from "zod";

const makeReport = defineTask({
  type: "report:make",
  payload: z.object({ month: z.string() }),
  result: z.object({ pages: z.number() }),
  retention: "1d", // without it a task is removed as soon as it has succeeded
});

const broker = sqliteBroker({ path: ":memory:" });
const client = new Client({ broker });
const server = new Server({ broker });
const settled = Promise.withResolvers<void>();
server.handle(makeReport, async (context) => {
  await context.writeResult({ pages: 0 }); // can be read while the task still runs
  console.log(`writing the report of ${context.payload.month}`);
  setImmediate(settled.resolve);
  return { pages: 12 }; // kept for a day
});

const { id, queue } = await client.enqueue(makeReport, { month: "2026-03" });
server.start();
await settled.promise;
await server.stop(); // a stop waits for what runs, so the result is written when it is over

const [task] = await broker.get(queue, [id]);
if (task === undefined || task.unreadable !== undefined) throw new Error("the report is not there");
const result = await parseResult(makeReport, task.result);
console.log(`${task.state}: ${result?.pages} pages, in ${task.attempts.length} attempt`);

await client.close();
await broker.close();
