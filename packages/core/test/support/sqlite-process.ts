// A process of its own on a SQLite file, for tests: `producer` enqueues until it is killed, `patient` as well, also where it is
// refused, `worker` claims and settles until it is told to stop. They tell their parent what the broker has confirmed, and
// nothing before that; `patient` also what it was refused with. `idle` has the file open, and has enqueued as many tasks as asked for.
import { setTimeout as delay } from "node:timers/promises";
import { sqliteBroker } from "../../src/broker/sqlite/index.ts";
import { errorText, isHikyakuError } from "../../src/errors.ts";
import { aClaim, idsOf, placedNow } from "./builders.ts";

const [role = "", path = "", count = "0"] = process.argv.slice(2);
const broker = sqliteBroker({ path, commandTimeoutMs: 10_000 });
const tell = (message: unknown) => new Promise<void>((resolve) => process.send?.(message, () => resolve()));
const stop = new AbortController();
process.once("message", () => stop.abort());

if (role === "producer") {
  await broker.ready();
  await tell("ready");
  while (!stop.signal.aborted) {
    const items = Array.from({ length: 20 }, () => placedNow());
    const outcomes = await broker.enqueue(items);
    await tell(idsOf(items).filter((_, index) => outcomes[index]?.kind === "accepted"));
  }
} else if (role === "patient") {
  await broker.ready();
  await tell("ready");
  while (!stop.signal.aborted) {
    const items = Array.from({ length: 5 }, () => placedNow());
    try {
      const outcomes = await broker.enqueue(items);
      await tell(idsOf(items).filter((_, index) => outcomes[index]?.kind === "accepted"));
    } catch (error) {
      await tell({ refused: isHikyakuError(error) ? error.code : errorText(error) });
    }
    await delay(2);
  }
} else if (role === "idle") {
  const items = Array.from({ length: Number(count) }, () => placedNow());
  if (items.length > 0) await broker.enqueue(items);
  else await broker.ready();
  await tell(idsOf(items));
  await new Promise((resolve) => stop.signal.addEventListener("abort", resolve));
} else if (role === "worker") {
  const request = aClaim({ limit: 7, serverId: `server-${process.pid}` });
  await broker.ready();
  await tell("ready");
  while (!stop.signal.aborted) {
    const { tasks } = await broker.claim(request);
    if (tasks.length === 0) {
      await broker.waitForWork(["default"], { timeoutMs: 5_000, signal: stop.signal }).catch(() => undefined);
      continue;
    }
    const { results } = await broker.settle(tasks.map((task) => ({ task, outcome: { kind: "done" } })));
    await tell(idsOf(tasks).filter((_, index) => results[index] === "settled"));
  }
} else {
  // `holder`: claims and never settles.
  const { tasks } = await broker.claim(aClaim({ limit: 50, serverId: "holder" }));
  await tell(idsOf(tasks));
  await new Promise((resolve) => stop.signal.addEventListener("abort", resolve));
}
await broker.close();
process.disconnect();
