// One workload of one system in a process of its own. Prints its figures as one line of JSON.
// Usage: run-one.ts <system> <workload> <store as JSON> <sizes as JSON> [cpu|allocations <folder>]
import { startProfile } from "./profile.ts";
import { systems } from "./systems.ts";
import { workloads } from "./workloads.ts";

const [systemName = "", workloadName = "", storeText = "{}", sizes = "{}", kind, folder = ""] = process.argv.slice(2);
const make = systems[systemName];
const workload = workloads[workloadName];
if (make === undefined || workload === undefined)
  throw new Error(`expected a system and a workload, got ${systemName}, ${workloadName}`);
const store = JSON.parse(storeText);
const system = await make(store);
if (kind === "cpu" || kind === "allocations") startProfile({ kind, folder, systemName, workloadName, store });
const figures = await workload(system, store, JSON.parse(sizes), make);
process.stdout.write(`${JSON.stringify(figures)}\n`);
await system.close();
process.exit(0);
