// A process of its own on a file system with little room, for tests. It fills the file system and then gives room back.
// A line of JSON tells what the broker made of both.
import { rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { sqliteBroker } from "../../src/broker/sqlite/index.ts";
import { isHikyakuError } from "../../src/errors.ts";
import { idsOf, placedNow } from "./builders.ts";

const [folder = ""] = process.argv.slice(2);
const broker = sqliteBroker({ path: join(folder, "tasks.db") });
const filler = join(folder, "filler");
const told: Record<string, unknown> = {};
const accepted: string[] = [];
const payload = new Uint8Array(2_000);

await broker.ready();
const { bavail, bsize } = statfsSync(folder);
writeFileSync(filler, new Uint8Array(Math.max(0, bavail - 40) * bsize));
for (let call = 0; call < 200 && told["code"] === undefined; call++) {
  const items = Array.from({ length: 5 }, () => placedNow({ payload }));
  try {
    const outcomes = await broker.enqueue(items);
    accepted.push(...idsOf(items).filter((_, index) => outcomes[index]?.kind === "accepted"));
    const failed = outcomes.find((outcome) => outcome.kind === "failed");
    if (failed?.kind === "failed") throw failed.error;
  } catch (error) {
    Object.assign(told, isHikyakuError(error) ? { code: error.code, message: error.message } : { code: String(error) });
    told["away"] = broker.reachability();
  }
}
rmSync(filler);
const startedAt = performance.now();
while (!broker.reachability().reachable && performance.now() - startedAt < 10_000) await delay(5);
told["backAfterMs"] = performance.now() - startedAt;
const found = await broker.get("default", accepted);
told["accepted"] = accepted.length;
told["found"] = found.filter((task) => task !== undefined).length;
told["inAll"] = (await broker.queue("default"))?.counts.pending;
await broker.close();
console.log(JSON.stringify(told));
