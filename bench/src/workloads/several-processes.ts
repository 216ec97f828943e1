import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Tally } from "../tally.ts";
import type { ChildReport } from "../worker-child.ts";
import { faultsOf, type Workload } from "../workload.ts";

const program = fileURLToPath(new URL("../worker-child.ts", import.meta.url));

/** The same tasks as one process at concurrency 100, by several processes with 100 each. */
export function severalProcesses(name: string, processes: number): Workload {
  return async (system, store, sizes) => {
    const total = sizes.warmUp + sizes.process;
    await system.enqueueMany(0, total, "plain");
    const tally = new Tally(total, store.stallMs);
    const batches: { readonly at: number; readonly count: number }[] = [];
    const children = Array.from({ length: processes }, () =>
      fork(program, [system.name, JSON.stringify(store), "100"], { stdio: ["ignore", "inherit", "inherit", "ipc"] }),
    );
    await Promise.all(children.map((child) => once(child, "message")));
    for (const child of children) {
      child.on("message", (report: ChildReport) => {
        if (!("numbers" in report)) return;
        for (const number of report.numbers) tally.add(number);
        batches.push({ at: report.at, count: report.numbers.length });
      });
      child.send("go");
    }
    await tally.allRan();
    for (const child of children) child.send("stop");
    await Promise.all(children.map((child) => once(child, "close")));
    return [{ name, value: rateOf(batches, sizes.warmUp), unit: "per second" }, ...(await faultsOf(system, tally))];
  };
}

/** Tasks per second behind the batch in which the warm-up ended. */
function rateOf(batches: { readonly at: number; readonly count: number }[], warmUp: number): number {
  batches.sort((a, b) => a.at - b.at);
  let [ran, counted, start] = [0, 0, 0];
  for (const { at, count } of batches) {
    if (start > 0) counted += count;
    ran += count;
    if (start === 0 && ran >= warmUp) start = at;
  }
  return counted / (((batches.at(-1)?.at ?? 0) - start) / 1_000);
}
