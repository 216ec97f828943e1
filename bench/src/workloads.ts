import type { Workload } from "./workload.ts";
import { bulkEnqueue, enqueueOneByOne } from "./workloads/enqueue.ts";
import { growth } from "./workloads/growth.ts";
import { limit } from "./workloads/limit.ts";
import { memory } from "./workloads/memory.ts";
import { eventLoop, processAll, wholeRound } from "./workloads/process.ts";
import { severalProcesses } from "./workloads/several-processes.ts";
import { delayed, idleCost, idlePickUp } from "./workloads/waiting.ts";

const away = "process, concurrency 100, 1 ms away";
const twoProcesses = "process, concurrency 100, 2 processes";

/** Every system runs each of these in a process of its own, on an empty store of its own. */
export const workloads: Readonly<Record<string, Workload>> = {
  "bulk enqueue": bulkEnqueue,
  "enqueue, 256 in flight": enqueueOneByOne("enqueue, 256 in flight", 256, 1),
  "enqueue, 1 in flight": enqueueOneByOne("enqueue, 1 in flight", 1, 1 / 8),
  "process, concurrency 10": processAll("process, concurrency 10", 10),
  "process, concurrency 100": processAll("process, concurrency 100", 100),
  [away]: processAll(away, 100, 1 / 2),
  [twoProcesses]: severalProcesses(twoProcesses, 2),
  "whole round": wholeRound,
  "idle pick-up": idlePickUp,
  delayed,
  "idle cost": idleCost,
  memory,
  "growth beside waiting": growth("waiting"),
  "growth beside scheduled": growth("scheduled"),
  "event loop": eventLoop,
  limit,
};

/** Whether a workload compares two stores. */
export function wantsTwoStores(workload: string): boolean {
  return workload.startsWith("growth");
}

/** Whether a workload runs with a millisecond added to each answer of Redis. */
export function isAway(workload: string): boolean {
  return workload === away;
}
