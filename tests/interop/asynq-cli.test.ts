import { hostname } from "node:os";
import { describe, expect, it, vi } from "vitest";
import { type AsynqCli, type Row, tables } from "./support/asynq-cli.ts";
import { bytes, Interop, needsAsynqCli } from "./support/interop.ts";
import type { Peer } from "./support/peer.ts";
import type { TaskSpec, ToldQueue, ToldTask } from "./support/peer-protocol.ts";

needsAsynqCli();

const hourMs = 3_600_000;
const nextAnnouncement = { timeout: 15_000, interval: 50 };
const headers = { trace: "00-日本-01", empty: "" };
const group = "手紙";
const states = ["active", "pending", "aggregating", "scheduled", "retry", "archived", "completed"];
const aYearFromNow = new Date(Date.now() + 365 * 24 * hourMs);
const never = `0 0 1 ${aYearFromNow.getUTCMonth() === 0 ? 12 : 1} *`;

async function open(): Promise<readonly [ours: Peer, cli: AsynqCli, store: Interop]> {
  const store = await Interop.open();
  return [await store.peer("Hikyaku"), store.asynqCli(), store];
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
  { type: "ok", payload: bytes("later"), options: { at: aYearFromNow.getTime() } },
  { type: "ok", payload: bytes("grouped"), headers, options: { group } },
  { type: "ok", payload: bytes("grouped too"), options: { group: "letters" } },
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

/** The words that name the tasks of a state. */
function all(state: string): readonly string[] {
  return ["--queue=default", `--state=${state}`, ...(state === "aggregating" ? [`--group=${group}`] : [])];
}

function one(id: string): readonly string[] {
  return ["--queue=default", `--id=${id}`];
}

async function ownIds(ours: Peer, state: string): Promise<string[]> {
  return (await ours.list(state, "default", state === "aggregating" ? group : "")).map(({ id }) => id).toSorted();
}

/** As the tool shows bytes. */
function text(base64: string | null): string {
  const shown = Buffer.from(base64 ?? "", "base64").toString();
  return /^\P{C}*\S\P{C}*$/u.test(shown) && !shown.includes("\uFFFD") ? shown : "non-printable bytes";
}

function numbers(counts: Readonly<Record<string, number>>): Row {
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, String(count)]));
}

function sizeOf({ counts }: ToldQueue): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function daily(processed: number, failed: number): Row {
  const rate = processed === 0 ? "N/A" : `${((failed / processed) * 100).toFixed(2)}%`;
  return { processed: String(processed), failed: String(failed), "error rate": rate };
}

/** What stands after a word, as in `Size:   5`. */
function shownAs(word: string, output: string): string | undefined {
  return new RegExp(`^${word}: *(.*)$`, "m").exec(output)?.[1];
}

/** A moment is shown in whole seconds. */
function moment(at: number): string {
  const [weekday, day, month, year, time] = new Date(at).toUTCString().replace(",", "").split(" ");
  return `${weekday} ${month} ${String(Number(day)).padStart(2)} ${time} UTC ${year}`;
}

/** The columns that a list of the state has besides ID, Type and Payload, without durations. */
function columnsOf(task: ToldTask): Row {
  const { state, lastError, lastFailedAt, completedAt, retried, maxRetry } = task;
  const failed = { "Last Error": lastError, "Last Failed": lastFailedAt > 0 ? moment(lastFailedAt) : "" };
  if (state === "retry") return { ...failed, Retried: String(retried), "Max Retry": String(maxRetry) };
  if (state === "archived") return failed;
  if (state === "completed") return { CompletedAt: moment(completedAt), Result: text(task.result) };
  return state === "aggregating" ? { Group: task.group } : {};
}

describe("the asynq command on a store that ours wrote", () => {
  it("shows all queues, their numbers and their days as ours does", async () => {
    const [ours, cli] = await open();
    await busy(ours, worked);
    await ours.enqueueMany(waiting());
    await ours.enqueue({ type: "ok", options: { queue: "other" } });
    await ours.inspect("pause", { queue: "other" });

    const names = ["default", "other"];
    expect((await cli.prints("queue", "ls")).trim().split("\n").toSorted()).toEqual(names);
    const told = [await ours.queue("default"), await ours.queue("other")] as const;
    const inspected = (await cli.prints("queue", "inspect", ...names)).split(/^=+$/m);
    for (const [index, own] of told.entries()) {
      const shown = inspected[index] ?? "";
      expect(shownAs("Name", shown)).toBe(own.queue);
      expect(shownAs("Size", shown)).toBe(String(sizeOf(own)));
      expect(shownAs("Groups", shown)).toBe(own.queue === "default" ? "2" : "0");
      expect(shownAs("Paused", shown)).toBe(String(own.paused));
      expect(tables(shown)).toEqual([[numbers(own.counts)], [daily(own.processedToday, own.failedToday)]]);
    }
    const days = await cli.table("queue", "history", "default", "--days=3");
    expect(days).toMatchObject([daily(3, 2), daily(0, 0), daily(0, 0)]);
    expect(days[0]?.["date (UTC)"]).toBe(new Date().toISOString().slice(0, 10));
    expect((await cli.prints("group", "ls", "--queue=default")).trim().split("\n").toSorted()).toEqual(
      ["letters", group].toSorted(),
    );

    const sums = numbers(
      Object.fromEntries(states.map((state) => [state, (told[0].counts[state] ?? 0) + (told[1].counts[state] ?? 0)])),
    );
    const [byState, byQueue, today] = tables(await cli.prints("stats"));
    expect(byState).toEqual([sums]);
    expect(byQueue).toEqual([{ default: String(sizeOf(told[0])), "other (paused)": "1" }]);
    expect(today).toEqual([daily(3, 2)]);
    expect(JSON.parse(await cli.prints("stats", "--json"))).toMatchObject({
      aggregate: { ...told[0].counts, pending: 5, processed: 3, failed: 2 },
      queues: expect.arrayContaining([expect.objectContaining({ Queue: "other", Paused: true, Size: 1 })]),
    });
  });

  it("lists every task of every state and shows each one as ours does", async () => {
    const [ours, cli] = await open();
    await busy(ours, worked);
    await ours.enqueueMany(waiting());
    for (const state of states) {
      const rows = await cli.table("task", "ls", ...all(state));
      expect(rows.map((row) => row["ID"] ?? "").toSorted(), state).toEqual(await ownIds(ours, state));
      expect(rows, state).not.toEqual([]);
      for (const row of rows) {
        const own = await ours.task(row["ID"] ?? "");
        expect(row).toMatchObject({ Type: own.type, Payload: text(own.payload), ...columnsOf(own) });
        const shown = await cli.prints("task", "inspect", ...one(own.id));
        expect(shownAs("Queue", shown)).toBe("default");
        expect(shownAs("ID", shown)).toBe(own.id);
        expect(shownAs("Type", shown)).toBe(own.type);
        expect(shownAs("State", shown)).toBe(state);
        expect(shownAs("Retried", shown)).toBe(`${own.retried}/${own.maxRetry}`);
        expect(shownAs("Error message", shown) ?? "").toBe(own.lastError);
        if (own.lastFailedAt > 0) expect(shownAs("Failed at", shown)).toBe(moment(own.lastFailedAt));
        if (state !== "scheduled" && state !== "retry") continue;
        // Go's moments are whole seconds: a task of ours is due in the second that its own moment lies before.
        const dueAt = Math.ceil(own.nextProcessAt / 1_000) * 1_000;
        expect(shownAs("Next process time", shown)).toContain(moment(dueAt));
        expect(row[state === "retry" ? "Next Retry" : "Process In"]).toMatch(/^in (\d+h)?\d+m\d+s$/);
      }
    }
  });

  it("shows a long list page by page, each task once", async () => {
    const [ours, cli] = await open();
    const ids = await ours.enqueueMany(Array.from({ length: 7 }, () => ({ type: "ok" })));
    const pages = [1, 2, 3].map((page) => cli.table("task", "ls", ...all("pending"), "--size=3", `--page=${page}`));
    const shown = await Promise.all(pages);
    expect(shown.map((rows) => rows.length)).toEqual([3, 3, 1]);
    expect(shown.flat().map((row) => row["ID"])).toEqual(ids);
  });

  it("shows our server and how busy it is, until it stops", async () => {
    const [ours, cli] = await open();
    await busy(ours, []);
    await vi.waitFor(async () => {
      const place = { Host: hostname(), PID: String(process.pid) };
      expect(await cli.table("server", "ls")).toEqual([
        {
          ...place,
          State: "active",
          "Active Workers": "1/1",
          Queues: "default:3 low:1",
          Started: expect.stringMatching(/^\d+s ago$/),
        },
      ]);
    }, nextAnnouncement);
    await ours.shutDownServer();
    expect(await cli.prints("server", "ls")).toBe("No running servers\n");
  });

  it("shows the entries of our scheduler and what they have enqueued", async () => {
    const [ours, cli] = await open();
    const options = { queue: "all", maxRetry: 7, timeoutMs: 90_000, uniqueForMs: 24 * hourMs, retentionMs: hourMs };
    const [rare = "", frequent = ""] = await ours.startScheduler({
      entries: [
        { spec: never, task: { type: "rare", payload: bytes("新年"), options } },
        { spec: "@every 1s", task: { type: "frequent", payload: bytes("tick"), headers } },
      ],
    });
    const fired = (await ours.hear({ event: "fired" }, 2)).map(({ taskId }) => taskId);
    await vi.waitFor(async () => {
      const rows = await cli.table("cron", "ls");
      expect(rows).toMatchObject([
        { EntryID: rare, Spec: never, Type: "rare", Payload: "新年", Prev: "N/A" },
        {
          EntryID: frequent,
          Spec: "@every 1s",
          Type: "frequent",
          Payload: "tick",
          Prev: expect.stringMatching(/ ago$/),
        },
      ]);
      const shown = rows[0]?.["Options"]?.slice(1, -1).split(" ").toSorted();
      expect(shown).toEqual(["MaxRetry(7)", 'Queue("all")', "Retention(1h0m0s)", "Timeout(1m30s)", "Unique(24h0m0s)"]);
    }, nextAnnouncement);
    await vi.waitFor(async () => {
      const events = await cli.table("cron", "history", frequent);
      expect(events.map((event) => event["TaskID"])).toEqual(expect.arrayContaining(fired));
    }, nextAnnouncement);
    const none = await cli.prints("cron", "history", rare);
    expect(none).toContain(`No scheduler enqueue events found for entry: ${rare}`);
    await ours.shutDownScheduler();
    expect(await cli.prints("cron", "ls")).toBe("No scheduler entries\n");
  });
});

describe("what the asynq command changes in a store of ours", () => {
  const inAnHour = (): TaskSpec => ({ type: "ok", headers, options: { at: Date.now() + hourMs + 123 } });
  const grouped: TaskSpec = { type: "ok", headers, options: { group } };
  const failing: TaskSpec = { type: "flaky:1", headers };
  const hopeless: TaskSpec = { type: "skip", headers };
  const kept: TaskSpec = { type: "result", payload: bytes("kept"), options: { retentionMs: hourMs } };

  it("run, archive and delete do so with one task of each state, and our server runs what was run", async () => {
    const [ours, cli] = await open();
    const held = await busy(ours, [...Array(3).fill(failing), ...Array(2).fill(hopeless), kept]);
    await ours.enqueueMany([...Array.from({ length: 3 }, inAnHour), ...Array(3).fill(grouped)]);
    await ours.enqueueMany(Array(3).fill({ type: "ok", headers }));
    const [toArchive = "", toDelete = "", stays = ""] = await ownIds(ours, "pending");
    const [completed = ""] = await ownIds(ours, "completed");
    const due = [stays];
    const archived = [toArchive];
    const deleted = [toDelete, completed];
    for (const state of ["archived", "scheduled", "retry", "aggregating"]) {
      const [run = "", gone = "", away] = await ownIds(ours, state);
      expect(await cli.prints("task", "run", ...one(run))).toBe("task is now pending\n");
      expect(await ours.task(run)).toMatchObject({ state: "pending", headers });
      due.push(run);
      deleted.push(gone);
      if (away !== undefined) archived.push(away);
    }
    for (const id of archived) {
      expect(await cli.prints("task", "archive", ...one(id))).toBe("task archived\n");
      expect(await ours.task(id)).toMatchObject({ state: "archived", headers });
    }
    for (const id of deleted) {
      expect(await cli.prints("task", "delete", ...one(id))).toBe("task deleted\n");
      await expect(ours.task(id)).rejects.toMatchObject({ kind: "task_not_found" });
    }
    expect(await ownIds(ours, "archived")).toEqual(archived.toSorted());
    const before = ours.heard({ event: "started" }).length;
    await ours.release(held);
    await ours.hear({ event: "returned" }, 7 + due.length);
    const started = ours.heard({ event: "started" }).slice(before);
    expect(started.map(({ taskId }) => taskId).toSorted()).toEqual(due.toSorted());
  });

  it("runall, archiveall and deleteall do so with all tasks of a state, and our check finds nothing wrong", async () => {
    const [ours, cli, store] = await open();
    const fill = async (): Promise<void> => {
      await ours.startServer({ name: "fill", concurrency: 1 });
      const before = ours.heard({ event: "returned" }).length;
      await ours.enqueueMany([...Array(4).fill({ type: "fail" }), ...Array(4).fill(hopeless), ...Array(4).fill(kept)]);
      await ours.hear({ event: "returned" }, before + 12);
      await ours.shutDownServer("fill");
      await ours.enqueueMany([...Array.from({ length: 4 }, inAnHour), ...Array(4).fill(grouped)]);
      await ours.enqueueMany(Array(4).fill({ type: "ok" }));
    };
    const empty = { active: 0, pending: 0, aggregating: 0, scheduled: 0, retry: 0, archived: 0, completed: 0 };

    await fill();
    for (const state of ["pending", "scheduled", "retry", "aggregating"]) {
      expect(await cli.prints("task", "archiveall", ...all(state)), state).toBe("4 tasks archived\n");
    }
    expect(await ours.queue()).toMatchObject({ counts: { ...empty, archived: 20, completed: 4 } });
    expect(await cli.prints("task", "runall", ...all("archived"))).toBe("20 tasks are now pending\n");
    expect(await ours.queue()).toMatchObject({ counts: { ...empty, pending: 20, completed: 4 } });
    expect(await cli.prints("task", "deleteall", ...all("pending"))).toBe("20 tasks deleted\n");
    expect(await cli.prints("task", "deleteall", ...all("completed"))).toBe("4 tasks deleted\n");
    expect(await store.redisKeys("asynq:{default}:t:*")).toEqual([]);

    await fill();
    for (const state of ["scheduled", "retry", "aggregating"]) {
      expect(await cli.prints("task", "runall", ...all(state)), state).toBe("4 tasks are now pending\n");
    }
    expect(await ours.queue()).toMatchObject({ counts: { ...empty, pending: 16, archived: 4, completed: 4 } });
    expect(await cli.prints("task", "deleteall", ...all("pending"))).toBe("16 tasks deleted\n");

    await fill();
    const sizes = { scheduled: 4, retry: 4, aggregating: 4, archived: 8, completed: 8, pending: 4 };
    for (const [state, size] of Object.entries(sizes)) {
      expect(await cli.prints("task", "deleteall", ...all(state)), state).toBe(`${size} tasks deleted\n`);
    }
    expect(await ours.queue()).toMatchObject({ counts: empty });
    expect(await store.redisKeys("asynq:{default}:t:*")).toEqual([]);

    // Past each moment that ours had noted of them, it has forgotten those and has run nothing.
    const later = await store.peer("Hikyaku", { clockAheadMs: 2 * hourMs });
    await later.startServer();
    await vi.waitFor(async () => expect(await later.check()).toEqual([]), nextAnnouncement);
    expect(later.heard({ event: "started" })).toEqual([]);
  });

  it("cancel tells the handler, and the task comes back as a failed one", async () => {
    const [ours, cli] = await open();
    const held = await busy(ours, []);
    expect(await cli.prints("task", "cancel", held)).toBe(`Sent cancelation signal for task ${held}\n`);
    await ours.first({ event: "returned", taskId: held });
    await vi.waitFor(async () => expect(await ours.task(held)).toMatchObject({ state: "retry" }), nextAnnouncement);
  });

  it("pause holds queues for our server until unpause", async () => {
    const [ours, cli] = await open();
    const { id } = await ours.enqueue({ type: "ok" });
    expect(await cli.prints("queue", "pause", "default")).toBe('Successfully paused queue "default"\n');
    expect(await ours.queue()).toMatchObject({ paused: true });
    await ours.startServer({ queues: { default: 9, open: 1 } });
    const probe = await ours.enqueue({ type: "ok", options: { queue: "open" } });
    await ours.first({ event: "returned", taskId: probe.id });
    expect(ours.heard({ event: "started", taskId: id })).toEqual([]);
    expect(await cli.prints("queue", "unpause", "default")).toBe('Successfully unpaused queue "default"\n');
    await ours.first({ event: "returned", taskId: id });
    expect(await ours.queue()).toMatchObject({ paused: false });
  });

  it("queue rm takes an empty queue, a full one by force but for its groups, and ours goes on", async () => {
    const [ours, cli, store] = await open();
    const [, aggregating] = await ours.enqueueMany([inAnHour(), grouped, { type: "ok" }]);
    // The tool ends with 0 also where it refuses.
    expect(await cli.prints("queue", "rm", "default")).toMatch(/^error: .*not empty/i);
    expect(await ours.queue()).toMatchObject({ counts: { pending: 1, scheduled: 1, aggregating: 1 } });
    expect(await cli.prints("queue", "rm", "--force", "default")).toBe('Successfully removed queue "default"\n');
    await expect(ours.queue()).rejects.toMatchObject({ kind: "queue_not_found" });
    // It forgets to remove aggregating tasks: they are there again as soon as the queue is.
    expect(await store.redisKeys("asynq:{default}:t:*")).toEqual([`asynq:{default}:t:${aggregating}`]);
    // A program that had named the queue before names it again within minutes; a new one does at once.
    const next = await store.peer("Hikyaku");
    await next.startServer();
    const { id } = await next.enqueue({ type: "ok" });
    await next.first({ event: "returned", taskId: id });
    expect(next.heard({ event: "started" })).toHaveLength(1);
    expect(await ownIds(next, "aggregating")).toEqual([aggregating]);
    await next.shutDownServer();
    expect(await cli.prints("task", "deleteall", ...all("aggregating"))).toBe("1 tasks deleted\n");
    expect(await cli.prints("queue", "rm", "default")).toBe('Successfully removed queue "default"\n');
    expect(await cli.prints("queue", "ls")).toBe("");
  });

  it("a task that our server works on is left alone, and so is one that is not there", async () => {
    const [ours, cli] = await open();
    const held = await busy(ours, []);
    for (const verb of ["run", "archive", "delete"]) {
      expect(await cli.run("task", verb, ...one(held)), verb).toMatchObject({ code: 1 });
      expect(await cli.run("task", verb, ...one("nobody")), verb).toMatchObject({ code: 1 });
    }
    expect(await cli.run("task", "inspect", ...one("nobody"))).toMatchObject({ code: 1 });
    expect(await cli.prints("queue", "rm", "--force", "default")).toMatch(/^error: .*active/);
    expect(await ours.task(held)).toMatchObject({ state: "active" });
    await ours.release(held);
    await ours.first({ event: "returned", taskId: held });
  });
});
