// A scheduler process for tests: node child-scheduler.ts <store> <spec> <entry id>
// Says "fired <turn in milliseconds>" for each turn that it fired itself. Ends when it is asked to, by signal.

import { silentLogger } from "../../src/runtime/logger.ts";
import { Scheduler } from "../../src/scheduler/scheduler.ts";
import { defineTask } from "../../src/task/task.ts";
import { openBroker } from "../worker/open-broker.ts";

const [address = "", spec = "", id = ""] = process.argv.slice(2);
const broker = openBroker(address);
const scheduler = new Scheduler({
  broker,
  logger: silentLogger,
  // On a machine that is busy for longer than a turn takes, the turns of that time are wanted all the same.
  catchUp: { all: 60 },
  afterEnqueue: ({ turnAt }, result) => {
    if ("id" in result) process.stdout.write(`fired ${turnAt.getTime()}\n`);
  },
});
await scheduler.register(spec, defineTask({ type: "tick" }).with({}), { id });
await scheduler.run();
await broker.close();
