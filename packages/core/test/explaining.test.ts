import { describe, expect, it } from "vitest";
import type { ServerRecord } from "../src/broker/presence-facet.ts";
import { explainTask } from "../src/inspector/explain-task.ts";
import { Inspector } from "../src/inspector/inspector.ts";
import { taskInfoOf } from "../src/inspector/task-info.ts";
import { ownProcessIdentity } from "../src/runtime/process-identity.ts";
import { defineTask } from "../src/task/task.ts";
import { aTask, claimedOne, enqueuedAndClaimed, placedAt, placedNow, settled } from "./support/builders.ts";
import { aClient, aServer, Happenings, stores } from "./worker/stores.ts";

const now = Date.UTC(2026, 0, 1);

function aWorkerServer(more: Partial<ServerRecord> = {}): ServerRecord {
  return {
    serverId: "s",
    host: "box",
    pid: 7,
    concurrency: 2,
    queues: { default: 1 },
    strictPriority: false,
    status: "active",
    startedAt: now,
    activeWorkers: 0,
    details: {
      version: "1.0.0",
      build: "b1",
      directory: "/app",
      commandLine: "node",
      lastClaimAt: undefined,
      handles: { kind: "some", exact: ["email:send"], prefixes: ["demo:"] },
    },
    ...more,
  };
}

const places = {
  dueAt: undefined,
  keptUntil: undefined,
  archivedAt: undefined,
  pendingSince: undefined,
  leaseEndsAt: undefined,
  leaseToken: undefined,
  result: undefined,
  attempts: [],
  lostAttempts: 0,
  progress: undefined,
};
const pending = { ...places, state: "pending", message: aTask(), pendingSince: now - 5_000 } as const;

function reasonOf(
  task: Parameters<typeof taskInfoOf>[0],
  more: { paused?: boolean; servers?: readonly ServerRecord[] } = {},
) {
  const info = taskInfoOf(task, now);
  if (info.kind !== "task") throw new Error("expected a task");
  const { paused = false, servers = [aWorkerServer()] } = more;
  const explained = explainTask({ task: info, paused, servers, workers: [], silent: [], now });
  return explained.kind === "waits" ? explained.reason : explained.kind;
}

describe("why a task does not run", () => {
  it("is that its moment has not come, whoever is there", () => {
    const scheduled = { ...pending, state: "scheduled", dueAt: now + 1, pendingSince: undefined } as const;
    expect(reasonOf(scheduled)).toBe("not_due");
    expect(reasonOf({ ...scheduled, state: "retry" })).toBe("backing_off");
    expect(reasonOf(scheduled, { servers: [], paused: true })).toBe("not_due");
  });

  it("is, for one that is due, what stands in the way first", () => {
    expect(reasonOf(pending)).toBe("in_line");
    expect(reasonOf(pending, { paused: true, servers: [] })).toBe("queue_paused");
    expect(reasonOf(pending, { servers: [] })).toBe("no_worker");
    expect(reasonOf(pending, { servers: [aWorkerServer({ queues: { other: 1 } })] })).toBe("no_worker");
    expect(reasonOf(pending, { servers: [aWorkerServer({ status: "stopped" })] })).toBe("workers_quiet");
    expect(reasonOf(pending, { servers: [aWorkerServer({ activeWorkers: 2 })] })).toBe("workers_busy");
    expect(reasonOf({ ...pending, message: aTask({ type: "other" }) })).toBe("type_not_handled");
    expect(reasonOf({ ...pending, message: aTask({ type: "demo:x" }) })).toBe("in_line");
  });

  it("is that workers died while they ran it, and none runs so few others that it may begin", () => {
    const busy = (activeWorkers: number) => ({ servers: [aWorkerServer({ concurrency: 20, activeWorkers })] });
    const lost = (lostAttempts: number) => ({ ...pending, lostAttempts });
    expect(reasonOf(lost(1), busy(19))).toBe("in_line");
    expect([0, 1, 2, 20].map((activeWorkers) => reasonOf(lost(2), busy(activeWorkers)))).toEqual([
      "in_line",
      "in_line",
      "runs_apart",
      "workers_busy",
    ]);
    expect([0, 1].map((activeWorkers) => reasonOf(lost(3), busy(activeWorkers)))).toEqual(["in_line", "runs_apart"]);
    const go = aWorkerServer({ details: undefined, activeWorkers: 1 });
    expect(reasonOf(lost(9), { servers: [go] })).toBe("in_line");
    expect(reasonOf(lost(9), { servers: [] })).toBe("no_worker");
  });

  it("is looked for also where nobody has brought a due task to its line yet", () => {
    const overdue = { ...pending, state: "scheduled", dueAt: now - 9_000, pendingSince: undefined } as const;
    expect(reasonOf(overdue, { servers: [] })).toBe("no_worker");
  });

  it("counts a quiet server that handles the type, beside one that does not, as quiet", () => {
    const servers = [aWorkerServer({ status: "stopped" }), aWorkerServer({ details: otherTypes() })];
    expect(reasonOf(pending, { servers })).toBe("workers_quiet");
  });

  it("takes a server of another library for one that runs everything", () => {
    const servers = [aWorkerServer({ details: undefined })];
    expect(reasonOf({ ...pending, message: aTask({ type: "other" }) }, { servers })).toBe("in_line");
  });

  it("is its group, or nothing once it is over", () => {
    expect(reasonOf({ ...pending, state: "aggregating" })).toBe("collected");
    expect(reasonOf({ ...pending, state: "completed" })).toBe("over");
    expect(reasonOf({ ...pending, state: "archived" })).toBe("over");
  });
});

function otherTypes(): ServerRecord["details"] {
  return {
    version: "1.0.0",
    directory: "/app",
    commandLine: "node",
    lastClaimAt: undefined,
    handles: { kind: "some", exact: ["other"], prefixes: [] },
  };
}

const mail = defineTask({ type: "email:send", retention: "1h" });

describe.each(stores)("what became of a task, on $name", ({ open }) => {
  async function setup() {
    const store = await open();
    const broker = store.connect();
    return { store, broker, inspector: new Inspector({ broker }) };
  }

  it("is told for each id in order, with nothing for one that is not there, also without a queue", async () => {
    const { broker, inspector } = await setup();
    expect(await inspector.explainTasks("default", ["x"])).toEqual({ paused: false, servers: [], tasks: [undefined] });
    const [one, two] = [placedNow(), placedAt(Date.now() + 60_000)];
    await broker.enqueue([one, two]);
    await broker.pause("default");
    const { paused, tasks } = await inspector.explainTasks("default", [two.message.id, "x", one.message.id]);
    expect(paused).toBe(true);
    expect(tasks).toMatchObject([
      { task: { state: "scheduled" }, explanation: { kind: "waits", reason: "not_due", until: expect.any(Date) } },
      undefined,
      { task: { state: "pending" }, explanation: { kind: "waits", reason: "queue_paused", since: expect.any(Date) } },
    ]);
  });

  it("names directory and build of the server that runs it, and afterwards of the one that ran it", async () => {
    const { store, broker, inspector } = await setup();
    const happenings = new Happenings<string>();
    const finish = Promise.withResolvers<void>();
    const server = aServer(broker, { build: "b7" });
    server.handle(mail, async () => {
      happenings.add("runs");
      await finish.promise;
    });
    server.start();
    const { id } = await aClient(store.connect()).enqueue(mail, null);
    await happenings.reach(1);
    const look = async () => (await inspector.explainTasks("default", [id])).tasks[0];
    await expect.poll(look, { timeout: 20_000 }).toMatchObject({
      explanation: {
        kind: "runs",
        lost: false,
        silentSince: undefined,
        serverId: server.serverId,
        startedAt: expect.any(Date),
        server: { pid: process.pid, details: { directory: process.cwd(), build: "b7" } },
      },
    });
    finish.resolve();
    await expect.poll(look, { timeout: 20_000 }).toMatchObject({
      task: {
        state: "completed",
        attempts: [{ serverId: server.serverId, pid: process.pid, directory: process.cwd(), build: "b7" }],
      },
      explanation: { kind: "over" },
    });
  });

  it.skipIf(ownProcessIdentity() === undefined)(
    "takes a server whose process has ended for none, also while its last word holds",
    async () => {
      const { broker, inspector } = await setup();
      const server = aWorkerServer({ pid: process.pid });
      const details = { ...server.details, handles: { kind: "all" }, processIdentity: `${ownProcessIdentity()}1` };
      const [waits, runs] = [placedNow(), placedNow()];
      await broker.enqueue([runs]);
      await claimedOne(broker, { serverId: server.serverId });
      await broker.enqueue([waits]);
      await broker.announce({ ...server, details } as ServerRecord, [], 60_000);
      const { servers, tasks } = await inspector.explainTasks("default", [waits.message.id, runs.message.id]);
      expect(servers).toEqual([]);
      expect(tasks).toMatchObject([
        { explanation: { kind: "waits", reason: "no_worker" } },
        { explanation: { kind: "runs", server: { pid: process.pid }, silentSince: expect.any(Date) } },
      ]);
    },
  );

  it("names nobody of whom nothing is known, and tells when the lease ends", async () => {
    const { broker, inspector } = await setup();
    const claimed = await enqueuedAndClaimed(broker);
    const { tasks } = await inspector.explainTasks("default", [claimed.message.id]);
    expect(tasks[0]).toMatchObject({
      explanation: { kind: "runs", server: undefined, startedAt: undefined, leaseEndsAt: expect.any(Date), takers: 0 },
    });
    await settled(broker, claimed, { kind: "archived", error: "x" });
    expect((await inspector.explainTasks("default", [claimed.message.id])).tasks[0]).toMatchObject({
      explanation: { kind: "over" },
    });
  });
});
