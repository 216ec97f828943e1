import { describe, expect, it } from "vitest";
import type { Broker } from "../src/broker/broker.ts";
import type { InspectedBroker } from "../src/inspector/inspector.ts";
import { Inspector } from "../src/inspector/inspector.ts";
import type { TaskSearch } from "../src/inspector/task-search.ts";
import type { TaskSelection } from "../src/inspector/task-selection.ts";
import { defineTask } from "../src/task/task.ts";
import {
  aClaim,
  anAttempt,
  aTask,
  bytes,
  claimedOne,
  enqueuedAndClaimed,
  placedAt,
  placedNow,
  settled,
  stateOf,
  unique,
} from "./support/builders.ts";
import { FakeClock } from "./support/fake-clock.ts";
import { aClient, aServer, Happenings, stores } from "./worker/stores.ts";

describe.each(stores)("an inspector on $name", ({ open }) => {
  async function setup() {
    const store = await open();
    const broker = store.connect();
    return { store, broker, inspector: new Inspector({ broker, sliceSize: 3 }) };
  }

  const code = (name: string) => ({ code: name });
  const soon = () => Date.now() + 3_600_000;
  async function known(broker: Broker, ...names: string[]): Promise<void> {
    await expect.poll(() => broker.queues()).toEqual(names);
  }

  it("searches over queues and states, page by page, and says where it stopped", async () => {
    const { broker, inspector } = await setup();
    await broker.enqueue([
      ...["b1", "b2"].map((id) => placedNow({ id, queue: "b", payload: bytes(`{"n":${id[1]}}`) })),
      placedAt(soon(), { id: "a1", queue: "a", payload: bytes('{"n":1}') }),
      placedNow({ id: "a2", queue: "a", type: "other" }),
      ...["g1", "g2"].map(
        (group) =>
          ({ message: aTask({ id: `in ${group}`, queue: "a", group }), placement: { kind: "group" } }) as const,
      ),
    ]);
    await known(broker, "a", "b");
    const all = ["a2", "a1", "in g1", "in g2", "b1", "b2"];
    const idsOfPage = async (search: TaskSearch) => (await inspector.search(search)).tasks.map(({ id }) => id);
    expect(await inspector.search()).toMatchObject({ nextCursor: undefined, scanned: 6, complete: true });
    expect(await idsOfPage({})).toEqual(all);
    const paged: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await inspector.search({ limit: 1, ...(cursor !== undefined && { cursor }) });
      paged.push(...page.tasks.map(({ id }) => id));
      cursor = page.nextCursor;
      expect(paged.length).toBeLessThanOrEqual(all.length);
    } while (cursor !== undefined);
    expect(paged).toEqual(all);
    expect(await idsOfPage({ queues: ["b"] })).toEqual(["b1", "b2"]);
    expect(await idsOfPage({ states: ["scheduled", "aggregating"] })).toEqual(["a1", "in g1", "in g2"]);
    expect(await idsOfPage({ group: "g2", states: ["aggregating"] })).toEqual(["in g2"]);
    expect(await idsOfPage({ payloadValue: { path: ["n"], value: 1 } })).toEqual(["a1", "b1"]);
    expect(await idsOfPage({ from: new Date(Date.now() + 60_000) })).toEqual(["a1"]);
    await expect(inspector.search({ queues: ["none"] })).rejects.toMatchObject(code("queue_not_found"));
    for (const wrong of [
      { cursor: "x" },
      { limit: 0 },
      { states: ["gone"] },
      { states: ["active"], from: new Date() },
    ]) {
      await expect(inspector.search(wrong as TaskSearch)).rejects.toMatchObject(code("invalid_option"));
    }
  });

  it("answers a search with what it has found when it has looked for long enough, and gets further each time", async () => {
    const { broker } = await setup();
    const items = Array.from({ length: 2_100 }, (_, n) => placedNow({ id: `t${n}`, payload: bytes(String(n)) }));
    await broker.enqueue(items);
    await known(broker, "default");
    const clock = new FakeClock();
    const slow: InspectedBroker = Object.assign(Object.create(broker), {
      list: (...args: Parameters<Broker["list"]>) => {
        clock.advance(61);
        return broker.list(...args);
      },
    });
    const inspector = new Inspector({ broker: slow, clock });
    const first = await inspector.search({ payload: "2099" });
    expect(first).toMatchObject({ tasks: [], scanned: 1_000, complete: false });
    const second = await inspector.search({ payload: "2099", cursor: first.nextCursor ?? "" });
    const third = await inspector.search({ payload: "2099", cursor: second.nextCursor ?? "" });
    expect(third).toMatchObject({ tasks: [{ id: "t2099" }], nextCursor: undefined, scanned: 100, complete: true });
  });

  it("tells of queues with their numbers, room and groups", async () => {
    const { broker, inspector } = await setup();
    expect(await inspector.queues()).toEqual([]);
    await settled(broker, await enqueuedAndClaimed(broker), { kind: "archived", error: "x" });
    const group = { message: aTask({ group: "g" }), placement: { kind: "group" } } as const;
    await broker.enqueue([placedNow({ queue: "a" }), placedAt(soon()), group]);
    await known(broker, "a", "default");
    expect((await inspector.queues()).map(({ queue, size }) => [queue, size])).toEqual([
      ["a", 1],
      ["default", 3],
    ]);
    expect(await inspector.queue("default")).toMatchObject({
      size: 3,
      paused: false,
      processedToday: 1,
      failedTotal: 1,
      counts: { archived: 1, scheduled: 1, aggregating: 1, pending: 0 },
      memory: { kind: "estimate", bytes: expect.any(Number) },
      groups: [{ group: "g", size: 1 }],
    });
    expect(await inspector.history("default", 2)).toMatchObject([
      { processed: 1, succeeded: 0, failed: 1 },
      { processed: 0, succeeded: 0, failed: 0 },
    ]);
  });

  it("says that there is no such queue or task", async () => {
    const { broker, inspector } = await setup();
    await broker.enqueue([placedNow()]);
    await known(broker, "default");
    const noQueue = code("queue_not_found");
    await expect(inspector.queue("nobody")).rejects.toMatchObject(noQueue);
    await expect(inspector.history("nobody", 1)).rejects.toMatchObject(noQueue);
    await expect(inspector.tasks({ queue: "nobody", state: "pending" })).rejects.toMatchObject(noQueue);
    await expect(inspector.task("nobody", "x")).rejects.toMatchObject(noQueue);
    await expect(inspector.deleteTask("nobody", "x")).rejects.toMatchObject(noQueue);
    await expect(inspector.editPayload("nobody", "x", 1)).rejects.toMatchObject(noQueue);
    await expect(inspector.removeQueue("nobody")).rejects.toMatchObject(noQueue);
    await expect(inspector.deleteTasks({ queue: "nobody", ids: [] })).rejects.toMatchObject(noQueue);
    await expect(inspector.task("default", "x")).rejects.toMatchObject(code("task_not_found"));
    await expect(inspector.runTask("default", "x")).rejects.toMatchObject(code("task_not_found"));
    await expect(inspector.editPayload("default", "x", 1)).rejects.toMatchObject(code("task_not_found"));
  });

  it("tells everything of a task: content, times, who ran it and who runs it", async () => {
    const { broker, inspector } = await setup();
    const before = Date.now();
    const task = await enqueuedAndClaimed(broker, {
      retentionMs: 60_000,
      headers: { a: "b" },
      payload: bytes('{"n":1}'),
    });
    const running = await inspector.task("default", task.message.id);
    expect(running).toMatchObject({
      kind: "task",
      state: "active",
      type: "email:send",
      headers: { a: "b" },
      dueAt: undefined,
      holder: { serverId: "server-a", lost: false, leaseEndsAt: expect.any(Date) },
      payload: { size: 7, preview: { kind: "json", value: { n: 1 } } },
    });
    if (running.kind === "task") expect(running.createdAt?.getTime()).toBeGreaterThanOrEqual(before - 1_000);
    const attempt = anAttempt({ outcome: "completed", startedAt: 1_000, endedAt: 3_500 });
    await settled(broker, task, { kind: "completed", result: new Uint8Array([0xff]) }, { attempt });
    expect(await inspector.task("default", task.message.id)).toMatchObject({
      state: "completed",
      holder: undefined,
      keptUntil: expect.any(Date),
      completedAt: expect.any(Date),
      result: { preview: { kind: "binary" } },
      attempts: [{ serverId: "server-a", host: "host", pid: 1, durationMs: 2_500, outcome: "completed" }],
    });
  });

  it("pages through tasks, and searches on until a page is full", async () => {
    const { broker, inspector } = await setup();
    const at = soon();
    await broker.enqueue(
      Array.from({ length: 3_000 }, (_, index) =>
        placedAt(at, { id: `t${index}`, payload: bytes(index % 1_000 === 999 ? "needle" : "hay") }),
      ),
    );
    await known(broker, "default");
    const query = { queue: "default", state: "scheduled", payload: "needle" } as const;
    const first = await inspector.tasks({ ...query, limit: 2 });
    expect(first.tasks).toHaveLength(2);
    expect(first.scanned).toBeGreaterThan(1_000);
    const { nextCursor } = first;
    if (nextCursor === undefined) throw new Error("expected another page");
    const second = await inspector.tasks({ ...query, limit: 2, cursor: nextCursor });
    expect(second).toMatchObject({ tasks: [{ kind: "task" }], nextCursor: undefined });
    expect(first.scanned + second.scanned).toBe(3_000);
  });

  it("changes single tasks and says why it can't", async () => {
    const { broker, inspector } = await setup();
    const item = placedAt(soon());
    await broker.enqueue([item]);
    await known(broker, "default");
    const { id } = item.message;
    await inspector.runTask("default", id);
    await expect(inspector.runTask("default", id)).rejects.toThrow("is waiting to run already");
    await inspector.archiveTask("default", id);
    await expect(inspector.archiveTask("default", id)).rejects.toThrow("is archived already");
    await inspector.runTask("default", id);
    await broker.claim(aClaim());
    await expect(inspector.deleteTask("default", id)).rejects.toMatchObject(code("wrong_state"));
    await expect(inspector.deleteTask("default", id)).rejects.toThrow("cancel it instead");
  });

  it("changes all tasks of a state, or those that meet conditions, or named ones", async () => {
    const { broker, inspector } = await setup();
    const at = soon();
    const place = (index: number, type: string) => placedAt(at + index * 1_000, { id: `${type}${index}`, type });
    await broker.enqueue(Array.from({ length: 20 }, (_, index) => place(index, index % 2 === 0 ? "even" : "odd")));
    await known(broker, "default");
    const scheduled = { queue: "default", state: "scheduled" } as const;
    const progress: number[] = [];
    const onProgress = ({ changed }: { changed: number }) => void progress.push(changed);
    expect(await inspector.deleteTasks({ ...scheduled, type: "even" }, { onProgress })).toEqual({
      changed: 10,
      refused: {},
      refusals: [],
      complete: true,
    });
    expect(progress.at(-1)).toBe(10);
    expect(progress.length).toBeGreaterThan(3);
    const selection: TaskSelection = { queue: "default", ids: ["odd1", "nobody", "odd3"] };
    expect(await inspector.archiveTasks(selection)).toMatchObject({
      changed: 2,
      refused: { not_found: 1 },
      refusals: [{ taskId: "nobody", outcome: "not_found" }],
    });
    expect(await inspector.runTasks(scheduled)).toMatchObject({ changed: 8 });
    expect((await inspector.queue("default")).counts).toMatchObject({ pending: 8, archived: 2, scheduled: 0 });
    const pending = { queue: "default", state: "pending" } as const;
    expect(await inspector.archiveTasks({ ...pending, idPrefix: "odd1" })).toMatchObject({ changed: 5 });
    expect((await inspector.queue("default")).counts).toMatchObject({ pending: 3, archived: 7 });
  });

  it("deletes what fits among many pending tasks while others are taken from their front", async () => {
    const { broker, inspector } = await setup();
    await broker.enqueue(
      Array.from({ length: 600 }, (_, index) => placedNow({ type: index % 3 === 0 ? "bad" : "good" })),
    );
    await known(broker, "default");
    const taken: string[] = [];
    const claims: Promise<void>[] = [];
    const onProgress = async (): Promise<void> => {
      const { tasks } = await broker.claim(
        aClaim({ limit: 1, handles: { kind: "some", exact: ["good"], prefixes: [] } }),
      );
      taken.push(...tasks.map(({ message }) => message.id));
    };
    const report = await new Inspector({ broker, sliceSize: 20 }).deleteTasks(
      { queue: "default", state: "pending", type: "bad" },
      { onProgress: () => void claims.push(onProgress()) },
    );
    await Promise.all(claims);
    expect(report).toMatchObject({ changed: 200, complete: true });
    expect((await inspector.tasks({ queue: "default", state: "pending", type: "bad" })).tasks).toEqual([]);
    expect(taken.length).toBeGreaterThan(5);
  });

  it("stops between two slices and tells how far it came", async () => {
    const { broker, inspector } = await setup();
    await broker.enqueue(Array.from({ length: 10 }, () => placedNow()));
    await known(broker, "default");
    const stop = new AbortController();
    const report = await inspector.deleteTasks(
      { queue: "default", state: "pending" },
      { signal: stop.signal, onProgress: () => stop.abort() },
    );
    expect(report).toMatchObject({ changed: 3, complete: false });
    expect((await inspector.queue("default")).counts.pending).toBe(7);
    await expect(inspector.removeQueue("default", { force: true, signal: AbortSignal.abort() })).rejects.toMatchObject(
      code("cancelled"),
    );
  });

  it("ends although tasks that it runs fail again at once", async () => {
    const { store, broker, inspector } = await setup();
    const at = soon();
    await broker.enqueue(Array.from({ length: 12 }, () => placedAt(at)));
    await known(broker, "default");
    const worker = store.connect();
    const putBack: Promise<unknown>[] = [];
    const onProgress = (): void => {
      putBack.push(worker.enqueue([1, 2, 3].map(() => placedAt(at))));
    };
    const report = await inspector.runTasks({ queue: "default", state: "scheduled" }, { onProgress });
    await Promise.all(putBack);
    expect(report).toMatchObject({ changed: 12, complete: true });
  });

  it("pauses and resumes, and says whether that changed anything", async () => {
    const { broker, inspector } = await setup();
    await broker.enqueue([placedNow()]);
    await known(broker, "default");
    expect(await inspector.pauseQueue("default")).toBe("changed");
    expect(await inspector.pauseQueue("default")).toBe("unchanged");
    expect((await inspector.queue("default")).paused).toBe(true);
    expect(await inspector.resumeQueue("default")).toBe("changed");
    expect(await inspector.resumeQueue("default")).toBe("unchanged");
  });

  it("pauses and resumes a queue that never had a task, as Asynq's tools do", async () => {
    const { broker, inspector } = await setup();
    expect(await inspector.resumeQueue("default")).toBe("unchanged");
    expect(await inspector.pauseQueue("default")).toBe("changed");
    expect((await inspector.queues()).map(({ queue, paused }) => ({ queue, paused }))).toEqual([
      { queue: "default", paused: true },
    ]);
    expect(await inspector.resumeQueue("default")).toBe("changed");
    await broker.enqueue([placedNow()]);
    expect(await claimedOne(broker)).toBeDefined();
    await expect(inspector.pauseQueue(" ")).rejects.toMatchObject(code("invalid_option"));
  });

  it("removes a queue, with its tasks only when told to, and never under a worker", async () => {
    const { broker, inspector } = await setup();
    await broker.enqueue(Array.from({ length: 8 }, () => placedNow()));
    await known(broker, "default");
    await expect(inspector.removeQueue("default")).rejects.toMatchObject(code("wrong_state"));
    const task = await claimedOne(broker);
    await expect(inspector.removeQueue("default", { force: true })).rejects.toThrow("running");
    await settled(broker, task, { kind: "handed_back" });
    const progress: number[] = [];
    const onProgress = ({ tasks }: { tasks: number }) => void progress.push(tasks);
    expect(await inspector.removeQueue("default", { force: true, onProgress })).toEqual({ tasks: 8 });
    expect(progress.slice(0, 3)).toEqual([3, 6, 8]);
    await known(broker);
  });

  it("writes no payload that no client would enqueue", async () => {
    const { broker, inspector } = await setup();
    await broker.enqueue([placedNow({ id: "small", payload: bytes("{}") })]);
    const tooLarge = 'payload of task "small": expected at most 1048576 bytes, got 1048577; ';
    const call = inspector.editPayload("default", "small", new Uint8Array(1_048_577));
    await expect(call).rejects.toMatchObject({
      ...code("invalid_payload"),
      message: expect.stringContaining(tooLarge),
    });
    const strict = new Inspector({ broker, maxPayloadBytes: 9 });
    await expect(strict.editPayload("default", "small", "12345678")).rejects.toThrow("the inspector's maxPayloadBytes");
    await strict.editPayload("default", "small", "1234567");
    expect(await inspector.task("default", "small")).toMatchObject({ payload: { size: 9 } });
    expect(() => new Inspector({ broker, maxPayloadBytes: -1 })).toThrow('"maxPayloadBytes"');
  });

  it("edits payloads and frees locks", async () => {
    const { broker, inspector } = await setup();
    const item = unique(placedNow({ payload: bytes('{"user":1}') }));
    await broker.enqueue([item]);
    await known(broker, "default");
    await inspector.editPayload("default", item.message.id, { user: 2 });
    expect(await inspector.task("default", item.message.id)).toMatchObject({
      payload: { preview: { kind: "json", value: { user: 2 } } },
      unique: true,
    });
    await expect(inspector.editPayload("default", item.message.id, () => 1)).rejects.toMatchObject(
      code("invalid_payload"),
    );
    const lock = { queue: "default", type: item.message.type };
    expect(await inspector.releaseLock({ ...lock, payload: { user: 1 } })).toBeUndefined();
    expect(await inspector.releaseLock({ ...lock, payload: { user: 2 } })).toBe(item.message.id);
    await claimedOne(broker);
    await expect(inspector.editPayload("default", item.message.id, 1)).rejects.toThrow("cancel it instead");
  });

  it("cancels what runs, and shows who runs it", async () => {
    const { broker, inspector } = await setup();
    const mail = defineTask({ type: "email:send" });
    const started = new Happenings<string>();
    const server = aServer(broker).handle(mail, async ({ taskId, signal }) => {
      started.add(taskId);
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      throw new Error("stopped");
    });
    server.start();
    const { id } = await aClient(broker).enqueue(mail, undefined, { maxRetry: 0 });
    await started.reach(1);
    await expect
      .poll(async () => (await inspector.servers())[0]?.workers, { timeout: 10_000 })
      .toMatchObject([{ taskId: id }]);
    await inspector.cancel(id);
    await expect.poll(() => stateOf(broker, { id, queue: "default" }), { timeout: 5_000 }).toBe("archived");
  });

  it("refuses options that it does not know or can't use", async () => {
    const { broker } = await setup();
    expect(() => new Inspector({ broker, slice: 3 } as never)).toThrow("unknown option");
    expect(() => new Inspector({ broker, sliceSize: 0 })).toThrow("from 1 to 1000");
  });
});

describe.each(stores)("100,000 archived tasks on $name", ({ open }) => {
  it("are deleted in short steps while a server goes on working", { timeout: 120_000 }, async () => {
    const store = await open();
    const broker = store.connect();
    const total = 100_000;
    for (let from = 0; from < total; from += 5_000) {
      await broker.enqueue(
        Array.from({ length: 5_000 }, (_, index) => placedAt(Date.now() + 3_600_000, { id: `a${from + index}` })),
      );
    }
    const inspector = new Inspector({ broker });
    await expect.poll(() => broker.queues()).toEqual(["default"]);
    await inspector.archiveTasks({ queue: "default", state: "scheduled" });
    expect((await inspector.queue("default")).counts).toMatchObject({ archived: total, scheduled: 0 });

    const note = defineTask({ type: "note" });
    const done = new Happenings<string>();
    const server = aServer(store.connect(), { archiveMaxCount: total }).handle(note, ({ taskId }) => done.add(taskId));
    server.start();
    const client = aClient(store.connect());
    const calls: { limit: number; changed: number; doneBefore: number }[] = [];
    const change: Broker["change"] = async (selection, what, limit) => {
      const doneBefore = done.all.length;
      const answer = await broker.change(selection, what, limit);
      calls.push({ limit, changed: answer.changed, doneBefore });
      return answer;
    };
    let deleting = true;
    const deletion = new Inspector({ broker: withChange(broker, change) })
      .deleteTasks({ queue: "default", state: "archived" })
      .finally(() => {
        deleting = false;
      });
    let sent = 0;
    while (deleting) {
      await client.enqueue(note, undefined);
      sent++;
      await done.reach(sent);
    }
    expect(await deletion).toMatchObject({ changed: total, complete: true });
    expect(calls).toHaveLength(total / 250);
    expect(calls.every(({ limit, changed }) => limit === 250 && changed === 250)).toBe(true);
    // Work went on between the steps: nobody waited for more than a few of them.
    expect(sent).toBeGreaterThan(20);
    const longestWait = calls.reduce(
      ({ run, most }, { doneBefore }, index) => {
        const now = doneBefore === calls[index - 1]?.doneBefore ? run + 1 : 0;
        return { run: now, most: Math.max(most, now) };
      },
      { run: 0, most: 0 },
    ).most;
    expect(longestWait).toBeLessThan(40);
    expect((await inspector.queue("default")).counts).toMatchObject({ archived: 0, pending: 0 });
  });
});

/** The broker with one method replaced. */
function withChange(broker: Broker, change: Broker["change"]): InspectedBroker {
  return { ...broker, change };
}
