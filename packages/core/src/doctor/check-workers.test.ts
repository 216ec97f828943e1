import { expect, it } from "vitest";
import type { QueueNumbers } from "../broker/inspect-facet.ts";
import type { ServerRecord } from "../broker/presence-facet.ts";
import { ownProcessIdentity } from "../runtime/process-identity.ts";
import { checkTakers, checkWorkers } from "./check-workers.ts";

const numbers: QueueNumbers = {
  queue: "default",
  paused: false,
  latencyMs: 4_000,
  due: 10_000,
  overdueMs: 90_000,
  processedToday: 0,
  processedTotal: 0,
  failedToday: 0,
  failedTotal: 0,
  counts: { pending: 2, active: 0, scheduled: 20_000, retry: 0, archived: 0, completed: 0, aggregating: 0 },
};

function aServer(processIdentity: string | undefined): ServerRecord {
  return {
    serverId: "s",
    host: "box",
    pid: process.pid,
    concurrency: 1,
    queues: { default: 1 },
    strictPriority: false,
    status: "active",
    startedAt: 0,
    activeWorkers: 0,
    details: {
      version: "1",
      directory: "/app",
      commandLine: "node",
      handles: { kind: "all" },
      lastClaimAt: undefined,
      processIdentity,
    },
  };
}

it("counts what waits and what is due, says `at least` where due tasks were not all counted, and takes the longest wait", () => {
  const [finding] = checkTakers(numbers, []);
  expect(finding?.detail).toBe(
    'at least 10002 tasks of queue "default" wait or are due, the first for 90 s, and no live worker takes tasks of this queue',
  );
  expect(finding?.facts).toEqual({ tasks: 10_002, atLeast: true, waitingMs: 90_000, paused: false });
});

it.each(["toString", "__proto__"])(
  "takes no worker for one of a queue that is called as what every object has: %s",
  (queue) => {
    const elsewhere = aServer(undefined);
    expect(checkTakers({ ...numbers, queue }, [elsewhere])).toHaveLength(1);
    const here = { ...elsewhere, queues: Object.fromEntries([[queue, 1]]) };
    expect(checkTakers({ ...numbers, queue }, [here])).toEqual([]);
  },
);

it.skipIf(ownProcessIdentity() === undefined)("takes a worker whose process has ended for none, and names it", () => {
  const alive = aServer(ownProcessIdentity());
  expect(checkTakers(numbers, [alive])).toEqual([]);
  const gone = aServer(`${ownProcessIdentity()}1`);
  expect(checkTakers(numbers, [gone])).toHaveLength(1);
  expect(checkWorkers([gone], [])).toMatchObject([
    { kind: "gone_worker", level: "notice", facts: { serverId: "s", host: "box", pid: process.pid } },
  ]);
});
