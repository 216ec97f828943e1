import { describe, expect, it } from "vitest";
import { logLineText, readLog } from "../../src/broker/kept-log.ts";
import { progressText, readProgress } from "../../src/broker/kept-progress.ts";
import type { ReportedLines, TaskReport } from "../../src/broker/task-report.ts";
import type { ClaimedTask, Outcome } from "../../src/broker/work-facet.ts";
import {
  anAttempt,
  claimed,
  claimedOne,
  enqueuedAndClaimed,
  leaseMs,
  placedNow,
  settled,
  stored,
} from "../support/builders.ts";
import { type ContractSetup, useStore } from "../support/contract-store.ts";

const pastLeaseMs = leaseMs + 1_500;

function line(text: string): string {
  return logLineText({ at: 1_000, by: "server-a", attempt: 1, text });
}

/** Lines `first` to `last` of a hold, each with its number as its text. */
function lines(first: number, last: number, pad = ""): ReportedLines {
  return { from: first, lines: Array.from({ length: last - first + 1 }, (_, index) => line(`${first + index}${pad}`)) };
}

export function describeReportContract(setup: ContractSetup): void {
  const store = useStore(setup);

  const report = async (task: ClaimedTask, said: TaskReport): Promise<string | undefined> => {
    const [answer] = await store.broker.report([{ lease: task.lease, ...said }]);
    return answer;
  };
  const logOf = async ({ message }: ClaimedTask) => {
    const log = await store.other.readLog(message.queue, message.id);
    if (log === undefined) throw new Error("expected a task, got none");
    return { dropped: log.dropped, texts: log.lines.map((entry) => entry?.text) };
  };

  describe("report", () => {
    it("keeps progress and log lines with a task that runs, for everybody to read", async () => {
      const task = await enqueuedAndClaimed(store.broker);
      const progress = { done: 3, total: 10, message: "飛脚", at: 1_234, by: "server-a", attempt: 1 };
      const said = { at: 1_000, by: "server-a", attempt: 1, text: "a\nb\u0000\u001b[31m" };
      const log = { from: 1, lines: [logLineText(said, '{"n":1}'), logLineText({ ...said, text: "last" })] };
      expect(await report(task, { progress: progressText(progress), log })).toBe("written");
      expect((await stored(store.other, task.message)).progress).toEqual(progress);
      expect(await store.other.readLog("default", task.message.id)).toEqual({
        dropped: 0,
        lines: [
          { ...said, fields: { n: 1 } },
          { ...said, text: "last" },
        ],
      });
    });

    it("answers for each task in order, over several queues, and writes each by itself", async () => {
      const first = await enqueuedAndClaimed(store.broker);
      const other = await enqueuedAndClaimed(
        store.broker,
        { queue: "other" },
        { queues: [{ queue: "other", limit: 1 }] },
      );
      const last = await enqueuedAndClaimed(store.broker);
      await settled(store.broker, first, { kind: "done" });
      const reports = [first, other, last].map(({ lease }) => ({ lease, progress: progressText({ done: 1 }) }));
      expect(await store.broker.report(reports)).toEqual(["lost", "written", "written"]);
      expect((await stored(store.broker, last.message)).progress).toEqual({ done: 1 });
      expect(await store.broker.report([])).toEqual([]);
    });

    it("leaves what it is not told of as it is", async () => {
      const task = await enqueuedAndClaimed(store.broker);
      await report(task, { progress: progressText({ done: 1 }) });
      await report(task, { log: lines(1, 1) });
      await report(task, {});
      expect((await stored(store.broker, task.message)).progress).toEqual({ done: 1 });
      expect(await logOf(task)).toEqual({ dropped: 0, texts: ["1"] });
    });

    it("writes a line once, however often it is sent", async () => {
      const task = await enqueuedAndClaimed(store.broker);
      for (const said of [lines(1, 2), lines(1, 2), lines(2, 4), lines(1, 3)]) await report(task, { log: said });
      expect(await logOf(task)).toEqual({ dropped: 0, texts: ["1", "2", "3", "4"] });
    });

    it("counts lines that never came, and drops what was before them", async () => {
      const task = await enqueuedAndClaimed(store.broker);
      await report(task, { log: lines(1, 2) });
      await report(task, { log: lines(10, 11) });
      expect(await logOf(task)).toEqual({ dropped: 9, texts: ["10", "11"] });
    });

    it("keeps the newest 200 lines and says how many were dropped", async () => {
      const task = await enqueuedAndClaimed(store.broker);
      await report(task, { log: lines(1, 150) });
      await report(task, { log: lines(151, 310) });
      const { dropped, texts } = await logOf(task);
      expect({ dropped, first: texts[0], last: texts.at(-1), count: texts.length }).toEqual({
        dropped: 110,
        first: "111",
        last: "310",
        count: 200,
      });
    });

    it("keeps at most 64 KiB of lines", async () => {
      const task = await enqueuedAndClaimed(store.broker);
      const pad = "é".repeat(4_000);
      for (let first = 1; first <= 20; first += 4) await report(task, { log: lines(first, first + 3, pad) });
      const { dropped, texts } = await logOf(task);
      const size = Buffer.byteLength(line(`20${pad}`)) + 1;
      expect(texts).toHaveLength(Math.floor(65_536 / size));
      expect(dropped + texts.length).toBe(20);
    });

    it("does not count from a server whose lease is over", async () => {
      const task = await enqueuedAndClaimed(store.broker);
      await report(task, { progress: progressText({ done: 1 }), log: lines(1, 1) });
      store.clock.advance(pastLeaseMs);
      const request = { queue: "default", limit: 1, serverId: "server-b", leaseMs };
      const [taken] = (await store.other.takeOver(request)).tasks;
      if (taken === undefined) throw new Error("expected a task to take over, got none");
      expect(await report(task, { progress: progressText({ done: 99 }), log: lines(2, 2) })).toBe("lost");
      expect(await report(taken.task, { progress: progressText({ done: 2 }), log: lines(1, 1) })).toBe("written");
      expect((await stored(store.broker, task.message)).progress).toEqual({ done: 2 });
      expect(await logOf(task)).toEqual({ dropped: 0, texts: ["1", "1"] });
    });

    it("does not count from a server that was evicted, and leaves what was said before", async () => {
      const task = await enqueuedAndClaimed(store.broker);
      await report(task, { progress: progressText({ done: 1 }), log: lines(1, 1) });
      const eviction = { queue: "default", serverId: "server-a", refuseForMs: 60_000, limit: 10 };
      await store.other.evict({ ...eviction, attempt: anAttempt({ outcome: "lost" }) });
      expect(await report(task, { progress: progressText({ done: 2 }), log: lines(2, 2) })).toBe("lost");
      expect((await stored(store.broker, task.message)).progress).toEqual({ done: 1 });
      expect(await logOf(task)).toEqual({ dropped: 0, texts: ["1"] });
    });

    it("reads what is stored as it can: a number alone is a percentage, and anything else is nothing", () => {
      const read = ["25", '{"done":1,"total":"x","at":1e99,"by":5}', "null", "half", '{"total":1}', "[]", "1e999"].map(
        readProgress,
      );
      const nothing = [undefined, undefined, undefined, undefined, undefined];
      expect(read).toEqual([{ done: 25, total: 100 }, { done: 1 }, ...nothing]);
      const log = readLog('3 2 9 token\n{"at":1,"by":"s","attempt":1,"text":"x","fields":5}\ngarbage\n');
      expect(log).toEqual({ dropped: 3, lines: [{ at: 1, by: "s", attempt: 1, text: "x" }, undefined] });
      expect(readLog("garbage\nmore\n")).toEqual({ dropped: 0, lines: [] });
    });

    it("tells of a task that is not there, and of one that said nothing", async () => {
      expect(await store.broker.readLog("default", "nobody")).toBeUndefined();
      const task = await enqueuedAndClaimed(store.broker);
      expect(await logOf(task)).toEqual({ dropped: 0, texts: [] });
      expect((await stored(store.broker, task.message)).progress).toBeUndefined();
    });
  });

  describe("a settlement with a report", () => {
    const kept = (now: number): Outcome[] => [
      { kind: "completed", result: undefined },
      { kind: "retry", at: now + 60_000, counted: true, error: "x" },
      { kind: "archived", error: "x" },
      { kind: "handed_back" },
    ];

    it.each([0, 1, 2, 3])("writes what was said last with the outcome: number %i", async (index) => {
      const task = await enqueuedAndClaimed(store.broker, { retentionMs: 60_000 });
      await report(task, { log: lines(1, 2) });
      const outcome = kept(store.clock.now())[index];
      if (outcome === undefined) throw new Error("expected an outcome");
      const said = { progress: progressText({ done: 7 }), log: lines(2, 3) };
      expect(await settled(store.broker, task, outcome, { report: said })).toBe("settled");
      expect((await stored(store.other, task.message)).progress).toEqual({ done: 7 });
      expect(await logOf(task)).toEqual({ dropped: 0, texts: ["1", "2", "3"] });
    });

    it("writes nothing under a lease that is lost, and nothing twice", async () => {
      const task = await enqueuedAndClaimed(store.broker);
      const outcome: Outcome = { kind: "archived", error: "x" };
      const said = { log: lines(1, 1) };
      await settled(store.broker, task, outcome, { report: said });
      expect(await settled(store.broker, task, outcome, { report: said, repeated: true })).toBe("settled");
      expect(await settled(store.broker, task, outcome, { report: { log: lines(2, 2) } })).toBe("lost");
      expect(await logOf(task)).toEqual({ dropped: 0, texts: ["1"] });
    });

    it("goes on with the log in the next attempt", async () => {
      const task = await enqueuedAndClaimed(store.broker);
      await settled(store.broker, task, { kind: "handed_back" }, { report: { log: lines(1, 2) } });
      const again = await claimedOne(store.broker);
      await report(again, { log: { from: 1, lines: [line("again")] } });
      expect(await logOf(task)).toEqual({ dropped: 0, texts: ["1", "2", "again"] });
    });

    it("leaves nothing behind of a task that is done", async () => {
      const task = await enqueuedAndClaimed(store.broker);
      await report(task, { progress: progressText({ done: 1 }), log: lines(1, 1) });
      await settled(store.broker, task, { kind: "done" }, { report: { log: lines(2, 2) } });
      expect(await store.broker.readLog("default", task.message.id)).toBeUndefined();
      await enqueuedAndClaimed(store.broker, { id: task.message.id });
      expect(await logOf(task)).toEqual({ dropped: 0, texts: [] });
    });
  });

  describe("the stacks of attempts", () => {
    it("are kept with the newest five attempts, and an error text can't be taken for one", async () => {
      const error = ',"stack":"no"}\n,"stack":"';
      let task = await enqueuedAndClaimed(store.broker);
      for (let attempt = 1; attempt <= 8; attempt++) {
        if (attempt > 1) task = await claimedOne(store.broker);
        const record = anAttempt({ error, stack: `Error: "${attempt}"\n    at here\n` });
        await settled(store.broker, task, { kind: "handed_back" }, { attempt: record });
      }
      const { attempts } = await stored(store.broker, task.message);
      const stacks = [4, 5, 6, 7, 8].map((attempt) => `Error: "${attempt}"\n    at here\n`);
      expect(attempts.map(({ stack }) => stack)).toEqual([undefined, undefined, undefined, ...stacks]);
      expect(new Set(attempts.map((attempt) => attempt.error))).toEqual(new Set([error]));
    });

    it("count among the few megabytes of a page", async () => {
      const count = 250;
      await store.broker.enqueue(Array.from({ length: count }, () => placedNow()));
      for (let round = 0; round < 5; round++) {
        const tasks = await claimed(store.broker, { limit: count });
        const attempt = anAttempt({ error: "x", stack: "s".repeat(4_000) });
        await store.broker.settle(tasks.map((task) => ({ task, outcome: { kind: "handed_back" }, attempt })));
      }
      const page = await store.broker.list({ queue: "default", state: "pending", limit: 1_000 });
      expect(page.tasks.length).toBeGreaterThan(100);
      expect(page.tasks.length).toBeLessThan(count);
      expect(page.nextCursor).toBeDefined();
    });
  });
}
