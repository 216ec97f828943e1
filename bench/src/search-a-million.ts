// A page of 50 out of a million tasks by what their payloads hold, on both stores: how long it takes, and how far it got.
// Usage: node --conditions=source bench/src/search-a-million.ts [how many]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRedisServer } from "@hikyaku/test-support";
import { type Broker, Client, defineTask, Inspector, type TaskSearch } from "hikyaku";
import { redisBroker } from "hikyaku/redis";
import { sqliteBroker } from "hikyaku/sqlite";

const total = Number(process.argv[2] ?? 1_000_000);
const atOnce = 10_000;
const rounds = 15;
const task = defineTask({ type: "bench:searched" });
const words = "a payload as services send it, with a text of some length in it";

const searches: Readonly<Record<string, TaskSearch>> = {
  "no condition": {},
  "a value of one task in 10": { payloadValue: { path: ["user", "group"], value: "g3" } },
  "a value of one task in 1,000": { payloadValue: { path: ["user", "tenant"], value: 77 } },
  "a value of the last task": { payloadValue: { path: ["user", "id"], value: total - 1 } },
  "a text that no task has": { payload: "nowhere to be found" },
};

async function measure(name: string, broker: Broker): Promise<void> {
  const client = new Client({ broker });
  for (let sent = 0; sent < total; sent += atOnce) {
    const requests = Array.from({ length: Math.min(atOnce, total - sent) }, (_, index) => {
      const id = sent + index;
      return task.with({ user: { id, tenant: id % 1_000, group: `g${id % 10}` }, words });
    });
    for (const result of await client.enqueueMany(requests)) if (!result.ok) throw result.error;
  }
  const inspector = new Inspector({ broker });
  for (const [what, search] of Object.entries(searches)) {
    const took: number[] = [];
    let page = await inspector.search({ ...search, limit: 50 });
    for (let round = 0; round < rounds; round++) {
      const start = performance.now();
      page = await inspector.search({ ...search, limit: 50 });
      took.push(performance.now() - start);
    }
    took.sort((a, b) => a - b);
    const [median = Number.NaN, most = Number.NaN] = [took[Math.floor(rounds / 2)], took.at(-1)];
    process.stdout.write(
      `${name}, ${what}: ${median.toFixed(1)} ms (at most ${most.toFixed(1)}), ${page.tasks.length} found, ` +
        `${page.scanned} looked at, ${page.complete ? "complete" : "partial"}\n`,
    );
  }
  await client.close();
  await broker.close();
}

const redis = await startRedisServer();
await measure("Redis", redisBroker({ url: redis.url }));
await redis.stop();

const folder = mkdtempSync(join(tmpdir(), "hikyaku-search-"));
await measure("SQLite", sqliteBroker({ path: join(folder, "tasks.db") }));
rmSync(folder, { recursive: true, force: true });
