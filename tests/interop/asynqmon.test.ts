import { hostname } from "node:os";
import { describe, expect, it, vi } from "vitest";
import type { Asynqmon, ShownQueue, ShownTask } from "./support/asynqmon.ts";
import { bytes, Interop, needsAsynqmon } from "./support/interop.ts";
import type { Peer } from "./support/peer.ts";
import type { TaskSpec, ToldQueue, ToldTask } from "./support/peer-protocol.ts";

needsAsynqmon();

const hourMs = 3_600_000;
const nextAnnouncement = { timeout: 15_000, interval: 50 };
const states = ["active", "pending", "aggregating", "scheduled", "retry", "archived", "completed"];
const headers = { trace: "00-日本-01", empty: "" };
const aYearFromNow = new Date(Date.now() + 365 * 24 * hourMs);
const never = `0 0 1 ${aYearFromNow.getUTCMonth() === 0 ? 12 : 1} *`;

async function open(): Promise<readonly [ours: Peer, tool: Asynqmon, store: Interop]> {
  const store = await Interop.open();
  return Promise.all([store.peer("Hikyaku"), store.asynqmon(), store]);
}

/** What becomes retry, archived or completed as soon as a server works. */
const worked: readonly TaskSpec[] = [
  { type: "fail", payload: bytes("retry"), headers, options: { maxRetry: 7, uniqueForMs: hourMs } },
  { type: "skip", payload: bytes("archived"), options: { timeoutMs: 90_000 } },
  { type: "result", payload: bytes("done: 手紙"), headers, options: { retentionMs: hourMs } },
];

const waiting = (): readonly TaskSpec[] => [
  { type: "ok", payload: bytes('{"letter": 1}'), headers },
  { type: "ok", payload: bytes("unique"), options: { uniqueForMs: hourMs, maxRetry: 0 } },
  { type: "ok", payload: Buffer.from([0, 255, 10]).toString("base64") },
  { type: "ok", payload: null },
  { type: "ok", payload: bytes("scheduled"), headers, options: { at: Date.now() + 20 * 60_000 + 123 } },
  {
    type: "ok",
    payload: bytes("later"),
    options: { at: aYearFromNow.getTime(), deadlineAt: aYearFromNow.getTime() + hourMs },
  },
  { type: "ok", payload: bytes("grouped"), headers, options: { group: "letters" } },
];

/** A server of ours whose only slot runs a task that ends when it is released or cancelled. Gives its id. */
async function busy(ours: Peer, before: readonly TaskSpec[]): Promise<string> {
  await ours.enqueueMany(before);
  await ours.startServer({ concurrency: 1, queues: { default: 3, low: 1 }, strict: true });
  await ours.hear({ event: "returned" }, before.length);
  const { id } = await ours.enqueue({ type: "hold", payload: bytes("hold"), headers, options: { timeoutMs: 600_000 } });
  await ours.first({ event: "started", taskId: id });
  return id;
}

async function idsIn(ours: Peer, state: string): Promise<string[]> {
  return (await ours.list(state, "default", state === "aggregating" ? "letters" : "")).map(({ id }) => id);
}

function sameNumbers(shown: ShownQueue, ours: ToldQueue): void {
  const { queue, paused, counts, processedToday, failedToday } = ours;
  expect(shown).toMatchObject({
    queue,
    paused,
    ...counts,
    processed: processedToday,
    failed: failedToday,
    succeeded: processedToday - failedToday,
    size: Object.values(counts).reduce((sum, count) => sum + count, 0),
  });
}

/** As asynqmon shows bytes. */
function text(base64: string | null): string {
  const bytesOf = Buffer.from(base64 ?? "", "base64").toString();
  return /^\P{C}*\S\P{C}*$/u.test(bytesOf) && !bytesOf.includes("\uFFFD") ? bytesOf : "non-printable bytes";
}

/** Where both show a moment, asynqmon's is ours without its fraction. */
function sameMoment(shown: unknown, ours: number): void {
  const at = Date.parse(String(shown));
  expect(Math.abs(at - ours), `${String(shown)} and ${new Date(ours).toISOString()}`).toBeLessThan(1_000);
}

function sameTask(shown: ShownTask, { id, type, queue, payload, maxRetry, retried, lastError }: ToldTask): void {
  const error_message = lastError;
  expect(shown).toMatchObject({
    id,
    type,
    queue,
    payload: text(payload),
    max_retry: maxRetry,
    retried,
    error_message,
  });
}

describe("asynqmon on a store that ours wrote", () => {
  it("shows every state, every task and all numbers as ours does", async () => {
    const [ours, tool] = await open();
    const held = await busy(ours, worked);
    await ours.enqueueMany(waiting());
    await ours.enqueue({ type: "ok", options: { queue: "other" } });
    expect(await tool.page()).toContain("<html");

    const { queues } = await tool.get<{ queues: readonly ShownQueue[] }>("queues");
    expect(queues.map(({ queue }) => queue).toSorted()).toEqual(["default", "other"]);
    for (const shown of queues) sameNumbers(shown, await ours.queue(shown.queue));
    const { current, history } = await tool.get<{ current: ShownQueue; history: unknown }>("queues/default");
    sameNumbers(current, await ours.queue());
    expect(current).toMatchObject({ groups: 1, memory_usage_bytes: expect.any(Number) });
    expect(history).toHaveLength(10);
    expect(history).toMatchObject([{ processed: 3, succeeded: 1, failed: 2 }, ...Array(9).fill({ processed: 0 })]);
    expect(await tool.get("queue_stats")).toMatchObject({
      stats: { default: expect.any(Array), other: expect.any(Array) },
    });
    expect(await tool.get("queues/default/groups")).toMatchObject({ groups: [{ group: "letters", size: 1 }] });
    expect(await tool.get("redis_info")).toMatchObject({ cluster: false });

    for (const state of states) {
      const told = await ours.list(state, "default", state === "aggregating" ? "letters" : "");
      const { tasks, stats } = await tool.list(state);
      sameNumbers(stats, await ours.queue());
      expect(tasks.map(({ id }) => id).toSorted(), state).toEqual(told.map(({ id }) => id).toSorted());
      expect(tasks, state).not.toEqual([]);
      for (const shown of tasks) {
        const own = await ours.task(shown.id);
        const detail = await tool.task(shown.id);
        sameTask(shown, own);
        sameTask(detail, own);
        expect(detail).toMatchObject({ state, timeout_seconds: own.timeoutMs / 1_000, result: text(own.result) });
        if (own.deadlineAt > 0) sameMoment(detail["deadline"], own.deadlineAt);
        if (own.lastFailedAt > 0) sameMoment(detail["last_failed_at"], own.lastFailedAt);
        if (state === "scheduled" || state === "retry") {
          sameMoment(shown["next_process_at"], own.nextProcessAt);
          sameMoment(detail["next_process_at"], own.nextProcessAt);
        }
        if (state === "archived") sameMoment(shown["last_failed_at"], own.lastFailedAt);
        if (state === "completed") {
          sameMoment(shown["completed_at"], own.completedAt);
          expect(shown).toMatchObject({ result: "done: 手紙" });
          expect(Math.abs(Number(shown["ttl_seconds"]) - hourMs / 1_000)).toBeLessThan(60);
        }
      }
    }
    expect((await tool.list("active")).tasks).toMatchObject([{ id: held, is_orphaned: false }]);
    expect(tool.logged).toBe("");
  });

  it("shows our server and what it runs, until it stops", async () => {
    const [ours, tool] = await open();
    const held = await busy(ours, []);
    await vi.waitFor(async () => {
      const { servers } = await tool.get<{ servers: unknown }>("servers");
      const [own] = await ours.servers();
      expect(servers).toMatchObject([
        {
          id: own?.serverId,
          host: hostname(),
          pid: process.pid,
          concurrency: 1,
          status: "active",
          queue_priorities: { default: 3, low: 1 },
          strict_priority_enabled: true,
          active_workers: [{ task_id: held, queue: "default", task_type: "hold", task_payload: "hold" }],
        },
      ]);
    }, nextAnnouncement);
    const [worker] = (await ours.servers()).flatMap(({ workers }) => workers);
    const [shown] = (await tool.list("active")).tasks;
    sameMoment(shown?.["start_time"], worker?.startedAt ?? 0);
    sameMoment(shown?.["deadline"], worker?.deadlineAt ?? 0);
    await ours.release(held);
    await ours.shutDownServer();
    expect(await tool.get("servers")).toEqual({ servers: [] });
    expect(tool.logged).toBe("");
  });

  it("shows the entries of our scheduler, their options and what they have enqueued", async () => {
    const [ours, tool] = await open();
    const options = { queue: "all", maxRetry: 7, timeoutMs: 90_000, uniqueForMs: 24 * hourMs, retentionMs: hourMs };
    const [rare = "", frequent = ""] = await ours.startScheduler({
      entries: [
        { spec: never, task: { type: "rare", payload: bytes("new year"), options: { ...options, inMs: 1_500 } } },
        { spec: "@every 1s", task: { type: "frequent", payload: bytes("tick"), headers } },
        { spec: "0 0 31 2 *", task: { type: "no day at all", payload: null } },
      ],
    });
    const fired = (await ours.hear({ event: "fired" }, 2)).map(({ taskId }) => taskId);
    await vi.waitFor(async () => {
      const { entries } = await tool.get<{ entries: readonly ShownTask[] }>("scheduler_entries");
      const shown = Object.fromEntries(entries.map((entry) => [String(entry["task_type"]), entry]));
      expect(Object.keys(shown).toSorted()).toEqual(["frequent", "no day at all", "rare"]);
      expect(shown["rare"]).toMatchObject({ id: rare, spec: never, task_payload: "new year" });
      expect(shown["rare"]).not.toHaveProperty("prev_enqueue_at");
      const shownOptions = (shown["rare"]?.["options"] ?? []) as string[];
      expect(shownOptions.toSorted()).toEqual([
        "MaxRetry(7)",
        "ProcessIn(1.5s)",
        'Queue("all")',
        "Retention(1h0m0s)",
        "Timeout(1m30s)",
        "Unique(24h0m0s)",
      ]);
      const own = (await ours.schedulerEntries()).find(({ entryId }) => entryId === rare);
      sameMoment(shown["rare"]?.["next_enqueue_at"], own?.nextAt ?? 0);
      expect(shown["frequent"]).toMatchObject({
        id: frequent,
        spec: "@every 1s",
        task_payload: "tick",
        prev_enqueue_at: expect.any(String),
      });
    }, nextAnnouncement);
    await vi.waitFor(async () => {
      const path = `scheduler_entries/${frequent}/enqueue_events?size=100`;
      const { events } = await tool.get<{ events: readonly { task_id: string }[] }>(path);
      expect(events.map(({ task_id }) => task_id)).toEqual(expect.arrayContaining(fired));
    }, nextAnnouncement);
    await ours.shutDownScheduler();
    expect(await tool.get("scheduler_entries")).toEqual({ entries: [] });
    expect(tool.logged).toBe("");
  });
});

describe("asynqmon's actions on tasks of ours", () => {
  const inAnHour = (): TaskSpec => ({ type: "ok", headers, options: { at: Date.now() + hourMs + 123 } });
  const grouped: TaskSpec = { type: "ok", headers, options: { group: "letters" } };
  const failing: TaskSpec = { type: "flaky:1", headers };
  const hopeless: TaskSpec = { type: "skip", headers };

  it("run, archive and delete work in each state that has them, and our server runs what was run", async () => {
    const [ours, tool, store] = await open();
    const held = await busy(ours, [...Array(5).fill(failing), hopeless, hopeless, worked[2] as TaskSpec]);
    await ours.enqueueMany([...Array.from({ length: 5 }, inAnHour), ...Array(3).fill(grouped)]);
    const pending = await ours.enqueueMany(Array(4).fill({ type: "ok", headers }));

    const ran: string[] = [];
    const archived: string[] = [];
    const deleted: string[] = [];
    for (const state of ["archived", "scheduled", "retry", "aggregating"]) {
      const [toRun = "", toDelete = "", toArchive = ""] = await idsIn(ours, state);
      await tool.act("run", state, toRun);
      expect(await ours.task(toRun)).toMatchObject({ state: "pending", headers });
      ran.push(toRun);
      await tool.act("delete", state, toDelete);
      deleted.push(toDelete);
      if (state === "archived") continue;
      await tool.act("archive", state, toArchive);
      expect(await ours.task(toArchive)).toMatchObject({ state: "archived", headers });
      archived.push(toArchive);
    }
    const [toArchive = "", toDelete = "", ...stay] = pending;
    await tool.act("archive", "pending", toArchive);
    await tool.act("delete", "pending", toDelete);
    const [completed = ""] = await idsIn(ours, "completed");
    await tool.act("delete", "completed", completed);

    const scheduled = await idsIn(ours, "scheduled");
    expect(await tool.actOnMany("run", "scheduled", scheduled)).toEqual({ pending_ids: scheduled, error_ids: [] });
    const failed = await idsIn(ours, "retry");
    expect(await tool.actOnMany("delete", "retry", failed)).toEqual({ deleted_ids: failed, failed_ids: [] });
    archived.push(toArchive);
    deleted.push(toDelete, completed, ...failed);
    expect((await idsIn(ours, "archived")).toSorted()).toEqual(archived.toSorted());
    for (const taskId of deleted) await expect(ours.task(taskId)).rejects.toMatchObject({ kind: "task_not_found" });

    const due = [...ran, ...scheduled, ...stay];
    const before = ours.heard({ event: "started" }).length;
    await ours.release(held);
    await ours.hear({ event: "returned" }, 9 + due.length);
    const started = ours.heard({ event: "started" }).slice(before);
    expect(started.map(({ taskId }) => taskId).toSorted()).toEqual(due.toSorted());
    for (const event of started) expect(event).toMatchObject({ headers });
    await ours.shutDownServer();

    // Past each moment that ours had noted of them, it has forgotten those and has run nothing.
    const later = await store.peer("Hikyaku", { clockAheadMs: 2 * hourMs });
    await later.startServer();
    await vi.waitFor(async () => expect(await later.check()).toEqual([]), nextAnnouncement);
    await later.shutDownServer();
    expect(later.heard({ event: "started" })).toEqual([]);
    expect(tool.logged).toBe("");
  });

  it("deleting a unique one frees what it held", async () => {
    const [ours, tool] = await open();
    const unique: TaskSpec = { type: "ok", payload: bytes("one"), options: { uniqueForMs: hourMs } };
    const { id } = await ours.enqueue(unique);
    await expect(ours.enqueue(unique)).rejects.toMatchObject({ kind: "duplicate" });
    await tool.act("delete", "pending", id);
    await ours.enqueue(unique);
    expect(tool.logged).toBe("");
  });

  it("pausing holds the queue for our server until it is resumed", async () => {
    const [ours, tool] = await open();
    const { id } = await ours.enqueue({ type: "ok" });
    await tool.pause();
    expect(await ours.queue()).toMatchObject({ paused: true });
    await ours.startServer({ queues: { default: 9, open: 1 } });
    const probe = await ours.enqueue({ type: "ok", options: { queue: "open" } });
    await ours.first({ event: "returned", taskId: probe.id });
    expect(ours.heard({ event: "started", taskId: id })).toEqual([]);
    await tool.resume();
    await ours.first({ event: "returned", taskId: id });
    expect(await ours.queue()).toMatchObject({ paused: false });
    expect(tool.logged).toBe("");
  });

  it("cancelling tells the handler, and the task comes back as a failed one", async () => {
    const [ours, tool] = await open();
    const held = await busy(ours, []);
    await tool.act("cancel", "active", held);
    await ours.first({ event: "returned", taskId: held });
    await vi.waitFor(async () => expect(await ours.task(held)).toMatchObject({ state: "retry" }), nextAnnouncement);
    sameTask(await tool.task(held), await ours.task(held));
    expect(tool.logged).toBe("");
  });
});
