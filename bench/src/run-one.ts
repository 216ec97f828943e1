// One workload of one system in a process of its own. Prints its figures as one line of JSON.
// Usage: run-one.ts <system> <workload> <redis port> <folder> <sizes as JSON>
import { workloads } from "./measure.ts";
import { systems } from "./systems.ts";

const [systemName = "", workloadName = "", port = "", folder = "", sizes = "{}"] = process.argv.slice(2);
const make = systems[systemName];
const workload = workloads[workloadName];
if (make === undefined || workload === undefined)
  throw new Error(`expected a system and a workload, got ${systemName}, ${workloadName}`);
const store = { redisPort: Number(port), folder };
const system = await make(store);
const figures = await workload(system, store, JSON.parse(sizes));
process.stdout.write(`${JSON.stringify(figures)}\n`);
await system.close();
process.exit(0);
