// Archives a million tasks and deletes them again, while a worker runs others: what that costs the others.
// Usage: node --conditions=source bench/src/delete-a-million.ts [how many]
import { startRedisServer } from "@hikyaku/test-support";
import { Client, defineTask, Inspector, Server } from "hikyaku";
import { redisBroker } from "hikyaku/redis";

const total = Number(process.argv[2] ?? 1_000_000);
const atOnce = 20_000;
const task = defineTask({ type: "bench:archived" });

const redis = await startRedisServer({ args: ["--appendonly", "yes", "--appendfsync", "everysec"] });
const broker = redisBroker({ url: redis.url });
const client = new Client({ broker });
const inspector = new Inspector({ broker });

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const answer = await work();
  process.stdout.write(`${what}: ${((performance.now() - start) / 1_000).toFixed(1)} s\n`);
  return answer;
}

await timed(`enqueued ${total}`, async () => {
  for (let sent = 0; sent < total; sent += atOnce) {
    const results = await client.enqueueMany(Array.from({ length: atOnce }, () => task.with(1)));
    for (const result of results) if (!result.ok) throw result.error;
  }
});
await timed("archived them", () => inspector.archiveTasks({ queue: "default", state: "pending" }));

const server = new Server({ broker, concurrency: 10, archiveMaxCount: total });
let ran = 0;
server.handle(task, async () => {
  ran++;
});
server.start();
const took: number[] = [];
let deleting = true;
const others = (async () => {
  while (deleting) {
    const start = performance.now();
    await client.enqueue(task, 2);
    took.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
})();
const { changed } = await timed("deleted them", () => inspector.deleteTasks({ queue: "default", state: "archived" }));
deleting = false;
await others;
await server.stop();

took.sort((a, b) => a - b);
const at = (share: number): string => (took[Math.floor((took.length - 1) * share)] ?? Number.NaN).toFixed(1);
process.stdout.write(`deleted ${changed}; meanwhile ${took.length} tasks were enqueued and ${ran} ran; `);
process.stdout.write(`an enqueue took p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, at most ${at(1)} ms\n`);
await client.close();
await broker.close();
await redis.stop();
if (changed !== total || ran !== took.length) process.exitCode = 1;
