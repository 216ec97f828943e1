// A worker of the workload with several processes. Says which tasks ran, in batches, with the moment of the last one.
// Usage: worker-child.ts <system> <store as JSON> <concurrency>
import { systems } from "./systems.ts";

const [name = "", store = "{}", concurrency = "100"] = process.argv.slice(2);
const everyMs = 10;

/** What a child tells: that it is ready, or which tasks ran until a moment on the machine's clock. */
export type ChildReport = { readonly ready: true } | { readonly numbers: readonly number[]; readonly at: number };

const make = systems[name];
if (make === undefined) throw new Error(`expected a system, got ${name}`);
const system = await make(JSON.parse(store));
let numbers: number[] = [];
let last = 0;
const flush = (): void => {
  if (numbers.length === 0) return;
  tell({ numbers, at: last });
  numbers = [];
};
const timer = setInterval(flush, everyMs);
process.once("disconnect", () => process.exit(1));
process.once("message", async () => {
  const worker = await system.work(
    Number(concurrency),
    ({ number }) => {
      numbers.push(number);
      last = performance.timeOrigin + performance.now();
    },
    "plain",
  );
  process.once("message", async () => {
    await worker.close();
    clearInterval(timer);
    flush();
    await system.close();
    process.exit(0);
  });
});
tell({ ready: true });

function tell(report: ChildReport): void {
  process.send?.(report);
}
