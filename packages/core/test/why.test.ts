import { describe, expect, it, onTestFinished } from "vitest";
import type { QueueNumbers, StoredTask } from "../src/broker/inspect-facet.ts";
import { leaseToken } from "../src/broker/lease-token.ts";
import type { ServerRecord } from "../src/broker/presence-facet.ts";
import type { Standing } from "../src/broker/standing.ts";
import { countPlaces, noCounts } from "../src/broker/statistics-counts.ts";
import { checkStore } from "../src/doctor/check-store.ts";
import { Inspector } from "../src/inspector/inspector.ts";
import { taskInfoOf } from "../src/inspector/task-info.ts";
import type { QueueWhy, TaskWhy } from "../src/inspector/why.ts";
import { type LineFacts, whyQueue } from "../src/inspector/why-queue.ts";
import { type TaskFacts, whyTask } from "../src/inspector/why-task.ts";
import { queueSentence, taskSentence } from "../src/inspector/why-text.ts";
import { anAttempt, aTask, claimedOne, enqueuedAndClaimed, placedAt, placedNow, settled } from "./support/builders.ts";
import { stores } from "./worker/stores.ts";

const now = Date.UTC(2026, 0, 1);
const iso = (afterMs: number) => new Date(now + afterMs).toISOString();

function aWorkerServer(more: Partial<ServerRecord> = {}): ServerRecord {
  return {
    serverId: "s1",
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
      handles: { kind: "some", exact: ["email:send"], prefixes: [] },
    },
    ...more,
  };
}

const aPending: StoredTask = {
  message: aTask({ id: "t1", maxRetry: 5 }),
  state: "pending",
  dueAt: undefined,
  keptUntil: undefined,
  archivedAt: undefined,
  pendingSince: now - 5_000,
  leaseEndsAt: undefined,
  leaseToken: undefined,
  result: undefined,
  attempts: [],
  lostAttempts: 0,
  progress: undefined,
};
const attempt = { ...anAttempt(), serverId: "s0", host: "old", pid: 3, directory: "/app", build: "b0" };
const ran = { ...attempt, startedAt: now - 60_000, endedAt: now - 50_000, outcome: "retry" } as const;

const nobodyElse: Standing = {
  ahead: 0,
  running: undefined,
  nextRetry: undefined,
  nextScheduled: undefined,
  group: undefined,
};

function why(task: Partial<StoredTask>, more: Partial<TaskFacts> = {}): TaskWhy {
  const info = taskInfoOf({ ...aPending, ...task }, now);
  if (info.kind !== "task") throw new Error("expected a task");
  return whyTask({
    task: info,
    numbers: { queue: "default", paused: false },
    standing: nobodyElse,
    heldBy: undefined,
    startedPerMinute: undefined,
    servers: [aWorkerServer()],
    workers: [],
    silent: [],
    now,
    ...more,
  });
}

const held = taskInfoOf(
  {
    ...aPending,
    message: aTask({ id: "held" }),
    state: "active",
    leaseToken: leaseToken("s1", 1, now),
    leaseEndsAt: now + 20_000,
  },
  now,
);
const holding = held.kind === "task" ? held : undefined;
const scheduled = { state: "scheduled", pendingSince: undefined, dueAt: now + 10_800_000 } as const;
const retry = { ...scheduled, state: "retry", dueAt: now + 12_000 } as const;
const failed = (more: object) => ({ message: aTask({ id: "t1", maxRetry: 5, ...more }) });
const fallen = [{ server: aWorkerServer({ serverId: "s9", host: "far", pid: 9 }), silentSince: now - 30_000 }];
const ordered = { queue: "default", paused: false, policy: "ordered:strict" };
const mute = aWorkerServer({ details: undefined });

const rows: readonly (readonly [name: string, found: TaskWhy, expected: Partial<TaskWhy>, sentence: string])[] = [
  [
    "it is not due",
    why(scheduled),
    { code: "not_due", obstacle: undefined },
    `It is due in 3 h, at ${iso(10_800_000)}.`,
  ],
  [
    "it is not due, and nobody would take it then",
    why(scheduled, { servers: [] }),
    { code: "not_due", obstacle: "no_worker" },
    `It is due in 3 h, at ${iso(10_800_000)}; no live worker would take it then: start one.`,
  ],
  [
    "it is not due, and its queue is paused",
    why(scheduled, { numbers: { queue: "default", paused: true } }),
    { code: "not_due", obstacle: "queue_paused" },
    `It is due in 3 h, at ${iso(10_800_000)}; its queue is paused now.`,
  ],
  [
    "it failed and waits for its retry",
    why({ ...retry, ...failed({ retried: 2, lastError: "no such mailbox" }) }),
    { code: "backing_off", retry: 2, maxRetry: 5, error: "no such mailbox" },
    `It failed and is tried again in 12 s, at ${iso(12_000)}: retry 2 of 5, after "no such mailbox".`,
  ],
  [
    "its queue was paused by somebody",
    why(
      {},
      { numbers: { queue: "default", paused: true, pause: { at: now - 1_000, who: "ann", reason: "a deploy" } } },
    ),
    { code: "queue_paused", pause: { since: new Date(now - 1_000), by: "ann", reason: "a deploy" } },
    `It has been due for 5 s, and its queue is paused by ann since ${iso(-1_000)} (a deploy): resume the queue to run it.`,
  ],
  [
    "its queue was paused by Go's tools",
    why({}, { numbers: { queue: "default", paused: true, pause: { at: now - 1_000 } } }),
    { code: "queue_paused", pause: { since: new Date(now - 1_000), by: undefined, reason: undefined } },
    `It has been due for 5 s, and its queue is paused since ${iso(-1_000)}: resume the queue to run it.`,
  ],
  [
    "nobody works on its queue",
    why({}, { servers: [] }),
    { code: "no_worker", seen: [] },
    "It has been due for 5 s, and no live worker takes from its queue: start one.",
  ],
  [
    "nobody works on its queue, and somebody fell silent",
    why({ attempts: [ran] }, { servers: [], silent: fallen }),
    { code: "no_worker" },
    `It has been due for 5 s, and no live worker takes from its queue: start one, such as far pid 9 in /app build b1 (silent since ${iso(-30_000)}).`,
  ],
  [
    "its workers are quiet",
    why({}, { servers: [aWorkerServer({ status: "stopped" })] }),
    { code: "workers_quiet" },
    "It has been due for 5 s, and the workers of its queue take nothing new (box pid 7 in /app build b1): start another one.",
  ],
  [
    "nobody handles its type, and a build did before",
    why({ message: aTask({ id: "t1", type: "report" }), attempts: [ran] }),
    { code: "type_not_handled", type: "report", seen: [expect.objectContaining({ build: "b0", by: "attempt" })] },
    `It has been due for 5 s, and no live worker of its queue handles its type "report": start one that does, such as old pid 3 in /app build b0 (ran it last at ${iso(-50_000)}).`,
  ],
  [
    "a Go server counts as one that handles everything",
    why({ message: aTask({ id: "t1", type: "report" }) }, { servers: [mute] }),
    { code: "in_line", takers: 1 },
    "It has been due for 5 s and is in line.",
  ],
  [
    "workers died while they ran it",
    why({ lostAttempts: 3 }, { servers: [aWorkerServer({ concurrency: 20, activeWorkers: 4 })] }),
    { code: "runs_apart", lostAttempts: 3 },
    "3 workers died while they ran it: it runs beside few others or alone, and waits for 5 s until a worker runs few enough.",
  ],
  [
    "its ordered queue works on another one",
    why({}, { numbers: ordered, standing: { ...nobodyElse, ahead: 3, running: "held" }, heldBy: holding }),
    { code: "order_held", ahead: 3 },
    `It has been due for 5 s, and its queue is ordered: task held runs on box pid 7 in /app build b1, leased until ${iso(20_000)}, and 3 tasks are before this one.`,
  ],
  [
    "a retry goes first in its strictly ordered queue",
    why({}, { numbers: ordered, standing: { ...nobodyElse, nextRetry: { taskId: "r1", dueAt: now + 9_000 } } }),
    { code: "order_held", ahead: 0 },
    "It has been due for 5 s, and its queue is ordered: the retry of task r1 goes first, which is due in 9 s.",
  ],
  [
    "it is itself the retry that goes first, and is due",
    why(
      { ...retry, dueAt: now - 1_000 },
      { numbers: ordered, standing: { ...nobodyElse, nextRetry: { taskId: "t1", dueAt: now - 1_000 } } },
    ),
    { code: "in_line" },
    "It has been due for 1 s and is in line.",
  ],
  [
    "its error would break the line, and is a page long",
    why({
      ...failed({ lastError: `a\u001b[31m\n${"x".repeat(9_000)}`, retried: 5 }),
      state: "archived",
      pendingSince: undefined,
    }),
    { code: "archived", because: "retries_used" },
    `It is archived and runs again only when told to: it failed, and its 5 retries are used: a\\u001b[31m\\n${"x".repeat(293)}…`,
  ],
  [
    "no retry goes first in a loosely ordered queue",
    why(
      {},
      {
        numbers: { ...ordered, policy: "ordered:loose" },
        standing: { ...nobodyElse, nextRetry: { taskId: "r1", dueAt: now + 9_000 } },
      },
    ),
    { code: "in_line" },
    "It has been due for 5 s and is in line.",
  ],
  [
    "its queue has a policy of a later version",
    why({}, { numbers: { ...ordered, policy: "levels:9" } }),
    { code: "policy_unknown", policy: "levels:9" },
    'It has been due for 5 s, and its queue has the policy "levels:9", which this version does not know: ask with a newer one.',
  ],
  [
    "all slots are taken",
    why({}, { servers: [aWorkerServer({ activeWorkers: 2 })], standing: { ...nobodyElse, ahead: 1 } }),
    { code: "workers_busy", takers: 1, slots: 2, ahead: 1, forecast: { kind: "unknown", because: "not_counted" } },
    "It has been due for 5 s; all 2 slots of the 1 worker that handle it are taken, and 1 task is before it.",
  ],
  [
    "others are before it, and tasks are started",
    why({}, { standing: { ...nobodyElse, ahead: 599 }, startedPerMinute: 60 }),
    { code: "in_line", forecast: { kind: "about", at: new Date(now + 600_000), startedPerMinute: 60 } },
    "It has been due for 5 s and is in line: 599 tasks are before it; it starts in about 10 min.",
  ],
  [
    "more are before it than are counted, and nothing is started",
    why({}, { standing: { ...nobodyElse, ahead: 10_000 }, startedPerMinute: 0 }),
    { code: "in_line", forecast: { kind: "unknown", because: "stands_still" } },
    "It has been due for 5 s and is in line: at least 10000 tasks are before it; nothing was started in the last minutes.",
  ],
  [
    "its group collects",
    why(
      { state: "aggregating", pendingSince: undefined, message: aTask({ id: "t1", group: "g" }) },
      { standing: { ...nobodyElse, group: { group: "g", size: 4, oldestAt: now - 9_000, newestAt: now - 2_000 } } },
    ),
    { code: "collected", group: "g", size: 4 },
    'It waits in its group "g" of 4 tasks, the last of which joined 2 s ago, to be handled with the others.',
  ],
  [
    "its group was taken out",
    why({ state: "aggregating", pendingSince: undefined, message: aTask({ id: "t1", group: "g" }) }),
    { code: "collected", size: undefined },
    'It was taken out of its group "g", to be handled with the others.',
  ],
  [
    "a server runs it",
    why({
      state: "active",
      pendingSince: undefined,
      leaseToken: leaseToken("s1", 1, now - 3_000),
      leaseEndsAt: now + 1,
    }),
    { code: "running", lost: false, silentSince: undefined, leaseEndsAt: new Date(now + 1) },
    "It is run by box pid 7 in /app build b1 for 3 s.",
  ],
  [
    "a server that fell silent holds it",
    why(
      { state: "active", pendingSince: undefined, leaseToken: leaseToken("s9", 1, now - 3_000), leaseEndsAt: now + 9 },
      { silent: fallen },
    ),
    { code: "running", silentSince: new Date(now - 30_000) },
    `It was run by far pid 9 in /app build b1, which has fallen silent since ${iso(-30_000)}; another worker takes it over when its lease ends, at ${iso(9)}.`,
  ],
  [
    "its lease is over",
    why({ state: "active", pendingSince: undefined, leaseToken: leaseToken("s7", 1, now), leaseEndsAt: now - 1 }),
    { code: "running", lost: true, server: undefined, serverId: "s7" },
    "It was run by a server that is not known (s7), whose lease is over: another worker takes it over.",
  ],
  [
    "its lease is over, and nobody would take it",
    why(
      { state: "active", pendingSince: undefined, leaseToken: leaseToken("s7", 1, now), leaseEndsAt: now - 1 },
      { servers: [] },
    ),
    { code: "running", lost: true, obstacle: "no_worker" },
    "It was run by a server that is not known (s7), whose lease is over: another worker may take it over; no live worker would take it then: start one.",
  ],
  [
    "a server that fell silent holds it, and no other handles its type",
    why(
      {
        state: "active",
        pendingSince: undefined,
        leaseToken: leaseToken("s9", 1, now - 3_000),
        leaseEndsAt: now + 9,
        message: aTask({ id: "t1", type: "other" }),
      },
      { silent: fallen },
    ),
    { code: "running", lost: false, obstacle: "type_not_handled" },
    `It was run by far pid 9 in /app build b1, which has fallen silent since ${iso(-30_000)}; another worker may take it over when its lease ends, at ${iso(9)}; no live worker handles its type now: start one that does.`,
  ],
  [
    "somebody cancelled it while it ran",
    why({
      ...failed({ retried: 1, lastError: "context canceled" }),
      state: "archived",
      pendingSince: undefined,
      attempts: [{ ...ran, outcome: "archived" }],
    }),
    { code: "archived", because: "told", error: "context canceled" },
    "It is archived and runs again only when told to: somebody archived or cancelled it; its last attempt was by old pid 3 in /app build b0: context canceled",
  ],
  [
    "somebody cancelled it while it ran, and it may not be tried again",
    why({
      ...failed({ retried: 5, lastError: "context canceled: half done" }),
      state: "archived",
      pendingSince: undefined,
      attempts: [{ ...ran, outcome: "archived" }],
    }),
    { code: "archived", because: "told" },
    "It is archived and runs again only when told to: somebody archived or cancelled it; its last attempt was by old pid 3 in /app build b0: context canceled: half done",
  ],
  [
    "its retries are used",
    why({
      ...failed({ retried: 5, lastError: "no" }),
      state: "archived",
      pendingSince: undefined,
      archivedAt: now,
      attempts: [{ ...ran, outcome: "archived" }],
    }),
    { code: "archived", because: "retries_used", at: new Date(now) },
    "It is archived and runs again only when told to: it failed, and its 5 retries are used; its last attempt was by old pid 3 in /app build b0: no",
  ],
  [
    "no retry helps",
    why({
      ...failed({ retried: 1, lastError: "no" }),
      state: "archived",
      pendingSince: undefined,
      attempts: [{ ...ran, outcome: "archived" }],
    }),
    { code: "archived", because: "failed_for_good" },
    "It is archived and runs again only when told to: it failed in a way that no retry helps, with 1 of 5 retries used; its last attempt was by old pid 3 in /app build b0: no",
  ],
  [
    "somebody archived it before it ran",
    why({ state: "archived", pendingSince: undefined }),
    { code: "archived", because: "told" },
    "It is archived and runs again only when told to: somebody archived or cancelled it",
  ],
  [
    "Go wrote no attempt down",
    why({ ...failed({ retried: 1, lastError: "no" }), state: "archived", pendingSince: undefined }),
    { code: "archived", because: "unknown" },
    "It is archived and runs again only when told to: it failed or somebody archived it, with 1 of 5 retries used: no",
  ],
  [
    "it is done and kept",
    why({
      state: "completed",
      pendingSince: undefined,
      keptUntil: now + 1,
      attempts: [{ ...ran, outcome: "completed" }],
    }),
    { code: "completed", keptUntil: new Date(now + 1) },
    `It was completed by old pid 3 in /app build b0, and is kept until ${iso(1)}.`,
  ],
];

describe("why a task is where it is", () => {
  it.each(rows)("%s", (_, found, expected, sentence) => {
    expect(found).toMatchObject(expected);
    expect(taskSentence(found, now)).toBe(sentence);
  });
});

const noneWaits = { pending: 0, scheduled: 0, active: 0, retry: 0, completed: 0, archived: 0, aggregating: 0 };

function whyOf(counts: Partial<QueueNumbers["counts"]>, more: Partial<LineFacts> = {}): QueueWhy {
  const numbers: QueueNumbers = {
    queue: "default",
    paused: false,
    counts: { ...noneWaits, ...counts },
    processedToday: 0,
    processedTotal: 0,
    failedToday: 0,
    failedTotal: 0,
    latencyMs: 5_000,
    due: 0,
    overdueMs: 0,
  };
  return whyQueue({
    standing: nobodyElse,
    heldBy: undefined,
    startedPerMinute: undefined,
    servers: [aWorkerServer()],
    workers: [],
    silent: [],
    first: [aPending],
    now,
    ...more,
    numbers: { ...numbers, ...more.numbers },
  });
}

const numbersWith = (more: Partial<QueueNumbers>) => more as QueueNumbers;
const queueRows: readonly (readonly [name: string, found: QueueWhy, code: QueueWhy["code"], sentence: string])[] = [
  ["nothing is there", whyOf({}), "empty", "Nothing waits in it, and nothing runs."],
  [
    "it is paused",
    whyOf(
      { pending: 2 },
      { numbers: numbersWith({ paused: true, pause: { at: now, who: "ann" }, counts: { ...noneWaits, pending: 2 } }) },
    ),
    "queue_paused",
    `2 tasks wait, and the queue is paused by ann since ${iso(0)}: resume it.`,
  ],
  [
    "nobody is there, and somebody was",
    whyOf({ pending: 1 }, { servers: [], silent: fallen }),
    "no_worker",
    `1 task waits, the first for 5 s, and no live worker takes from it: start one, such as far pid 9 in /app build b1 (silent since ${iso(-30_000)}).`,
  ],
  [
    "its workers are quiet",
    whyOf({ pending: 1 }, { servers: [aWorkerServer({ status: "stopped" })] }),
    "workers_quiet",
    "1 task waits, and its workers take nothing new (box pid 7 in /app build b1): start another one.",
  ],
  [
    "nobody handles what is first in line",
    whyOf({ pending: 2 }, { first: ["x", "y"].map((type) => ({ ...aPending, message: aTask({ type }) })) }),
    "types_not_handled",
    '2 tasks wait, and none of its workers handles the first 2 tasks, of type "x" (1), "y" (1): start one that does.',
  ],
  [
    "one of them is handled",
    whyOf({ pending: 2 }, { first: [{ ...aPending, message: aTask({ type: "x" }) }, aPending] }),
    "moving",
    "It moves: 2 tasks wait, the first for 5 s, and 1 worker has free slots.",
  ],
  [
    "its order is held",
    whyOf(
      { pending: 1, active: 1 },
      {
        standing: { ...nobodyElse, running: "held" },
        heldBy: holding,
        numbers: numbersWith({ policy: "ordered:loose", counts: { ...noneWaits, pending: 1, active: 1 } }),
      },
    ),
    "order_held",
    `1 task waits, and the queue is ordered: task held runs on box pid 7 in /app build b1, leased until ${iso(20_000)}.`,
  ],
  [
    "all slots are taken",
    whyOf({ pending: 1 }, { servers: [aWorkerServer({ activeWorkers: 2 })], startedPerMinute: 120 }),
    "workers_busy",
    "1 task waits, the first for 5 s; all 2 slots of its 1 worker are taken; 120 started a minute lately.",
  ],
  ["all of it runs", whyOf({ active: 1 }), "running", "Nothing waits in line; 1 task runs."],
  [
    "nothing is due",
    whyOf(
      { scheduled: 1 },
      { standing: { ...nobodyElse, nextScheduled: { taskId: "s", dueAt: now + 9_000 } }, servers: [] },
    ),
    "not_due",
    `Nothing is due; the next task is in 9 s, at ${iso(9_000)}; no live worker would take it then: start one.`,
  ],
  [
    "all of it collects in groups",
    whyOf({ aggregating: 3 }),
    "collected",
    "Nothing waits in line; 3 tasks wait in groups, to be handled together.",
  ],
];

describe("why nothing moves in a queue", () => {
  it.each(queueRows)("%s", (_, found, code, sentence) => {
    expect(found.code).toBe(code);
    expect(queueSentence(found, now)).toBe(sentence);
  });
});

describe.each(stores)("an explanation by an inspector on $name", ({ open }) => {
  async function setup() {
    const store = await open();
    const broker = store.connect();
    return { broker, inspector: new Inspector({ broker: store.connect() }) };
  }

  async function announced(broker: Awaited<ReturnType<typeof setup>>["broker"], more: Partial<ServerRecord> = {}) {
    const server = aWorkerServer({ startedAt: Date.now(), ...more });
    await broker.announce(server, [], 60_000);
    onTestFinished(() => broker.withdraw(server));
    return server;
  }

  it("tells that there is no such queue or no such task", async () => {
    const { broker, inspector } = await setup();
    await expect(inspector.explain("nobody", "x")).rejects.toMatchObject({ code: "queue_not_found" });
    await expect(inspector.explainQueue("nobody")).rejects.toMatchObject({ code: "queue_not_found" });
    await broker.enqueue([placedNow()]);
    await expect(inspector.explain("default", "x")).rejects.toMatchObject({ code: "task_not_found" });
  });

  it("names who paused the queue, of a task and of the queue", async () => {
    const { broker, inspector } = await setup();
    await broker.enqueue([placedNow({ id: "a" })]);
    await inspector.pauseQueue("default", { who: "ann", reason: "a deploy" });
    const pause = { by: "ann", reason: "a deploy", since: expect.any(Date) };
    expect((await inspector.explain("default", "a")).why).toMatchObject({ code: "queue_paused", pause });
    const { queue, why, sentence } = await inspector.explainQueue("default");
    expect(queue).toMatchObject({ queue: "default", size: 1 });
    expect(why).toMatchObject({ code: "queue_paused", pause });
    expect(sentence).toMatch(/^1 task waits, and the queue is paused by ann since .*Z \(a deploy\): resume it\.$/);
  });

  it("counts who is before a task, and names what an ordered queue works on, with its server", async () => {
    const { broker, inspector } = await setup();
    await announced(broker);
    await broker.enqueue([..."abc"].map((id) => placedNow({ id })));
    expect((await inspector.explain("default", "c")).why).toMatchObject({ code: "in_line", ahead: 2, takers: 1 });
    await broker.declarePolicy({ queue: "default", policy: { kind: "ordered", discipline: "strict" } });
    await claimedOne(broker, { serverId: "s1", token: leaseToken("s1", 1, Date.now()) });
    const holder = { by: "running", taskId: "a", server: { host: "box", build: "b1" }, leaseEndsAt: expect.any(Date) };
    expect((await inspector.explain("default", "c")).why).toMatchObject({ code: "order_held", ahead: 1, holder });
    expect((await inspector.explainQueue("default")).why).toMatchObject({ code: "order_held", holder });
    expect((await inspector.explain("default", "a")).why).toMatchObject({ code: "running", server: { build: "b1" } });
  });

  it("explains what is scheduled, collected, archived, and what can't be read", async () => {
    const { broker, inspector } = await setup();
    await announced(broker);
    await broker.enqueue([placedAt(Date.now() + 60_000, { id: "later" })]);
    await broker.enqueue([{ message: aTask({ id: "g1", group: "g" }), placement: { kind: "group" } }]);
    const task = await enqueuedAndClaimed(broker, { id: "dead", maxRetry: 0 });
    await settled(broker, task, { kind: "archived", error: "no" });
    const of = async (id: string) => (await inspector.explain("default", id)).why;
    expect(await of("later")).toMatchObject({ code: "not_due", obstacle: undefined });
    expect(await of("g1")).toMatchObject({ code: "collected", group: "g", size: 1, newestAt: expect.any(Date) });
    expect(await of("dead")).toMatchObject({ code: "archived", because: "retries_used", error: "no" });
    expect((await inspector.explainQueue("default")).why).toMatchObject({ code: "not_due" });
  });

  it("foretells when a task starts from what servers counted, and says where nobody counts", async () => {
    const { broker, inspector } = await setup();
    await broker.enqueue([..."abc"].map((id) => placedNow({ id })));
    const go = await announced(broker, { details: undefined });
    const forecast = async () => (await inspector.explain("default", "c")).why;
    expect(await forecast()).toMatchObject({ forecast: { kind: "unknown", because: "not_counted" } });
    await announced(broker, { serverId: "s2", pid: 8 });
    await broker.withdraw(go);
    expect(await forecast()).toMatchObject({ forecast: { kind: "unknown", because: "stands_still" } });
    const minute = Math.floor(Date.now() / 60_000) * 60_000;
    const numbers = noCounts();
    numbers[countPlaces.started] = 600;
    const cells = [{ queue: "default", type: "email:send", minute, counts: numbers }];
    await broker.addStatistics({ writer: "w1", sequence: 1, cells });
    expect(await forecast()).toMatchObject({ ahead: 2, forecast: { kind: "about", at: expect.any(Date) } });
    const { why, sentence } = await inspector.explainQueue("default");
    expect(why).toMatchObject({ code: "moving", startedPerMinute: expect.closeTo(110, -2) });
    expect(sentence).toMatch(/1\d\d started a minute lately\.$/);
  });

  it("says what the findings say, and nothing where they say nothing", async () => {
    const { broker, inspector } = await setup();
    await broker.enqueue([placedNow({ id: "a", type: "report" })]);
    const both = async () => {
      const findings = await checkStore(broker, { scope: "live", graceMs: 0 });
      const kinds = findings
        .map(({ kind }) => kind)
        .filter((kind) => kind === "no_worker" || kind === "unhandled_type");
      return [
        (await inspector.explain("default", "a")).why.code,
        (await inspector.explainQueue("default")).why.code,
        kinds,
      ];
    };
    expect(await both()).toEqual(["no_worker", "no_worker", ["no_worker"]]);
    const server = await announced(broker);
    expect(await both()).toEqual(["type_not_handled", "types_not_handled", ["unhandled_type"]]);
    await announced(broker, { serverId: "s2", pid: 8, details: undefined });
    expect(await both()).toEqual(["in_line", "moving", []]);
    await broker.withdraw({ ...server, serverId: "s2", pid: 8 });
    await broker.announce({ ...server, status: "stopped" }, [], 60_000);
    expect(await both()).toEqual(["workers_quiet", "workers_quiet", ["no_worker"]]);
  });
});
