// The first task: define it, enqueue it, work on it. On an embedded SQLite file, with nothing to install.
//   node --conditions=source examples/first-task.ts
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, defineTask, Server } from "hikyaku";
import { sqliteBroker } from "hikyaku/sqlite";
import { z } from "zod";

// Said once, used by both sides. Any Standard Schema library will do in place of Zod.
const sendMail = defineTask({
  type: "email:send",
  payload: z.object({ userId: z.number().int(), template: z.string() }),
  maxRetry: 5,
  timeout: "30s",
});

const folder = mkdtempSync(join(tmpdir(), "hikyaku-first-task-"));
const broker = sqliteBroker({ path: join(folder, "tasks.db") });

// Where tasks come from. A resolved enqueue means that the task is on disk.
const client = new Client({ broker });
const task = await client.enqueue(sendMail, { userId: 42, template: "welcome" }, { in: "100ms" });
console.log(`enqueued ${task.type} (${task.state})`);

// Where they run: here, or in any other process on the same file.
const done = Promise.withResolvers<void>();
const server = new Server({ broker, concurrency: 10 });
server.handle(sendMail, ({ payload, attempt }) => {
  console.log(`attempt ${attempt}: mail "${payload.template}" to user ${payload.userId}`);
  done.resolve();
});
server.start(); // A program that only works calls `await server.run()`: it stops at SIGINT and SIGTERM.

await done.promise;
await server.stop();
await client.close();
await broker.close();
rmSync(folder, { recursive: true });
