import { type RedisServer, redisServerPath, startRedisServer } from "@hikyaku/test-support";
import fc from "fast-check";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { redisBroker } from "../src/broker/redis/index.ts";
import type { Signal } from "../src/broker/signal-facet.ts";
import type { TaskState } from "../src/broker/task-message.ts";
import { encodeTaskMessage } from "../src/codec/task-codec.ts";
import { cancelTask } from "../src/task/cancel-task.ts";
import { aTask, bytes, enqueuedAndClaimed, idsOf, placedAt, placedNow, stored, unique } from "./support/builders.ts";

/*
 * What other programs, crashes and hands leave behind in Redis. Nothing of it may hide the sound tasks beside it, and all
 * of it can be deleted.
 */
describe.skipIf(redisServerPath() === undefined)("garbage in Redis (needs redis-server)", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.stop());

  async function setup() {
    const raw = createClient({ url: server.url });
    await raw.connect();
    await raw.flushAll();
    const broker = redisBroker({ url: server.url });
    onTestFinished(async () => {
      await broker.close();
      raw.destroy();
    });
    const list = (state: TaskState) => broker.list({ queue: "default", state, limit: 100, group: "g" });
    const remove = (id: string) => broker.change({ kind: "ids", queue: "default", taskIds: [id] }, "delete", 10);
    return { raw, broker, list, remove };
  }
  const key = (name: string) => `asynq:{default}:${name}`;
  const goodMessage = (id: string) => encodeTaskMessage(aTask({ id }));

  it("is told of when its moment comes and it can't be put in line, beside the sound tasks that can", async () => {
    const { raw, broker, list } = await setup();
    await broker.enqueue([placedAt(Date.now() - 5_000, { id: "good" })]);
    await raw.set(key("t:string"), "x");
    await raw.set(key("g:none"), "x");
    await raw.hSet(key("t:lost"), { msg: goodMessage("lost"), state: "scheduled", group: "none" });
    for (const value of ["ghost", "string", "lost"]) await raw.zAdd(key("scheduled"), { value, score: 1 });
    const { moved, setAside } = await broker.forwardDue({ queue: "default", limit: 10 });
    expect(moved).toBe(4);
    expect(setAside.toSorted((one, other) => (one.taskId < other.taskId ? -1 : 1))).toMatchObject([
      { queue: "default", taskId: "ghost", reason: "no_body", detail: expect.stringContaining("its id was dropped") },
      { taskId: "lost", reason: "unreadable", detail: "its group is none; it was archived" },
      { taskId: "string", reason: "unreadable", detail: expect.stringContaining("no task; it was archived") },
    ]);
    expect(idsOf((await list("pending")).tasks)).toEqual(["good"]);
    expect(idsOf((await list("archived")).tasks).toSorted()).toEqual(["lost", "string"]);
  });

  it.each([Number.NEGATIVE_INFINITY, -1e15])(
    "as the moment %s of a task leaves its queue with numbers",
    async (score) => {
      const { raw, broker } = await setup();
      await broker.enqueue([placedAt(Date.now() + 60_000, { id: "odd" })]);
      await raw.zAdd(key("scheduled"), { value: "odd", score });
      const { due, overdueMs = Number.NaN } = (await broker.queue("default")) ?? {};
      expect(due).toBe(1);
      expect(Math.abs(Date.now() - overdueMs)).toBeLessThan(60_000);
    },
  );

  it("in place of a task or of what its handler says hides nothing, and is replaced by what is said next", async () => {
    const { raw, broker } = await setup();
    await raw.set(key("t:string"), "x");
    await raw.hSet(key("t:half"), { state: "pending" });
    const nothing = { dropped: 0, lines: [] };
    expect(await broker.readLog("default", "string")).toEqual(nothing);
    expect(await broker.readLog("default", "half")).toEqual(nothing);
    expect(await broker.readLog("default", "nobody")).toBeUndefined();
    const { message, lease } = await enqueuedAndClaimed(broker);
    for (const garbage of [
      "x",
      "1 2",
      "\n\n\n",
      "9 1 9 token\nno JSON\n",
      `0 7 0 ${lease.token}\ny`,
      `0 1 0 x\n${"y".repeat(100_000)}\n`,
    ]) {
      await raw.hSet(key(`t:${message.id}`), { "hk:progress": garbage, "hk:log": garbage });
      expect((await broker.readLog("default", message.id))?.lines.filter((line) => line !== undefined)).toEqual([]);
      expect((await stored(broker, message)).progress).toBeUndefined();
      const line = { at: 1, by: "s", attempt: 1, text: "next" };
      expect(await broker.report([{ lease, log: { from: 1, lines: [JSON.stringify(line)] } }])).toEqual(["written"]);
      expect((await broker.readLog("default", message.id))?.lines.at(-1)).toEqual(line);
    }
  });

  it("is listed as unreadable with the reason, between the tasks that can be read", async () => {
    const { raw, broker, list, remove } = await setup();
    await broker.enqueue([placedAt(Date.now() + 60_000, { id: "good" })]);
    await raw.zAdd(
      key("scheduled"),
      ["ghost", "no-msg", "no-state", "bad-state", "bad-msg", "other", "string", "twisted"].map((value) => ({
        value,
        score: 1,
      })),
    );
    await raw.hSet(key("t:no-msg"), { state: "scheduled" });
    await raw.hSet(key("t:no-state"), { msg: goodMessage("no-state") });
    await raw.hSet(key("t:bad-state"), { msg: goodMessage("bad-state"), state: "asleep" });
    await raw.hSet(key("t:bad-msg"), { msg: "\u00ff\u00ff", state: "scheduled" });
    await raw.hSet(key("t:other"), { msg: goodMessage("someone"), state: "scheduled" });
    await raw.hSet(key("t:twisted"), { msg: goodMessage("twisted"), state: "completed" });
    await raw.set(key("t:string"), "x");
    const { tasks } = await list("scheduled");
    const reasons = Object.fromEntries(tasks.map((task) => [idsOf([task])[0], task.unreadable]));
    expect(reasons).toEqual({
      good: undefined,
      ghost: "the list of scheduled tasks names it, but it does not exist",
      "no-msg": "it has no message",
      "no-state": "expected one of the seven states, got null",
      "bad-state": 'expected one of the seven states, got "asleep"',
      "bad-msg": expect.stringContaining("task message: expected protobuf"),
      other: 'its message says that it is task "someone"',
      twisted: "the list of scheduled tasks names it, but it says that it is completed",
      string: "its key holds something that is no task",
    });
    for (const id of Object.keys(reasons)) expect((await remove(id)).changed).toBe(1);
    expect(await raw.keys("*t:*")).toEqual([]);
    expect((await list("scheduled")).tasks.filter((task) => idsOf([task])[0] !== "twisted")).toEqual([]);
  });

  it("of an id that is listed as active twice does not stand for a task that is settled beside it", async () => {
    const { raw, broker } = await setup();
    await broker.enqueue([placedNow({ id: "a" }), placedNow({ id: "b" })]);
    const request = {
      queues: [{ queue: "default", limit: 2 }],
      limit: 2,
      handles: { kind: "all" },
      serverId: "s",
    } as const;
    const { tasks } = await broker.claim({ ...request, leaseMs: 30_000 });
    await raw.rPush(key("active"), "a");
    expect(await raw.lRange(key("active"), 0, -1)).toEqual(["b", "a", "a"]);
    const { results } = await broker.settle(tasks.map((task) => ({ task, outcome: { kind: "done" } })));
    expect(results).toEqual(["settled", "settled"]);
    expect(await raw.lRange(key("active"), 0, -1)).toEqual(["a"]);
  });

  it("in the archive that names a task which waits elsewhere is no reason to remove the task", async () => {
    const { raw, broker } = await setup();
    await broker.enqueue([placedNow({ id: "waits" })]);
    await raw.zAdd(key("archived"), { value: "waits", score: 1 });
    await raw.zAdd(key("completed"), { value: "waits", score: 1 });
    await broker.sweep("default", 100, { maxCount: 0, maxAgeMs: 1_000 });
    expect(await raw.hGet(key("t:waits"), "state")).toBe("pending");
    expect(await raw.lRange(key("pending"), 0, -1)).toEqual(["waits"]);
  });

  it("goes with its list when that is changed as a whole", async () => {
    for (const change of ["run", "delete"] as const) {
      const { raw, broker } = await setup();
      await broker.enqueue([placedAt(Date.now() + 60_000, { id: "good" })]);
      await raw.zAdd(key("scheduled"), [
        ...["ghost", "no-msg", "string", "bad-state", "twisted"].map((value) => ({ value, score: 1 })),
      ]);
      await raw.hSet(key("t:no-msg"), { state: "scheduled" });
      await raw.set(key("t:string"), "x");
      await raw.hSet(key("t:bad-state"), { msg: goodMessage("bad-state"), state: "asleep" });
      await raw.zAdd(key("completed"), { value: "twisted", score: 1 });
      await raw.hSet(key("t:twisted"), { msg: goodMessage("twisted"), state: "completed" });
      const answer = await broker.change({ kind: "state", queue: "default", state: "scheduled" }, change, 100);
      expect(answer.more).toBe(false);
      expect(await raw.zCard(key("scheduled"))).toBe(0);
      expect(await raw.zCard(key("completed"))).toBe(0);
      if (change === "delete") {
        expect(await raw.keys("*t:*")).toEqual([]);
      } else {
        expect(new Set(await raw.lRange(key("pending"), 0, -1))).toEqual(new Set(["good", "bad-state", "twisted"]));
      }
    }
  });

  it("of any bytes in any place never fails a page, a look or a deletion", async () => {
    const { raw, broker, list } = await setup();
    const states = ["pending", "active", "scheduled", "retry", "archived", "completed", "aggregating"] as const;
    const field = fc.oneof(fc.constantFrom(...states, "", "g"), fc.string(), fc.base64String());
    const body = fc.dictionary(
      fc.constantFrom(
        "msg",
        "state",
        "group",
        "unique_key",
        "pending_since",
        "result",
        "hk:exact",
        "hk:attempts",
        "hk:lease",
      ),
      field,
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ id: fc.string({ maxLength: 4 }), place: fc.constantFrom(...states), body }), {
          maxLength: 20,
        }),
        async (items) => {
          await raw.flushAll();
          await broker.enqueue([placedNow({ id: "sound-task" })]);
          for (const { id, place, body } of items) {
            if (place === "pending" || place === "active") await raw.lPush(key(place), id);
            else await raw.zAdd(key(place === "aggregating" ? "g:g" : place), { value: id, score: 5 });
            if (Object.keys(body).length > 0) await raw.hSet(key(`t:${id}`), body);
          }
          for (const state of states) {
            const { tasks } = await list(state);
            for (const task of tasks) expect(idsOf([task])).toEqual([expect.any(String)]);
          }
          expect(idsOf((await list("pending")).tasks)).toContain("sound-task");
          await broker.get(
            "default",
            items.map(({ id }) => id),
          );
          await broker.queue("default");
          expect(await broker.memory("default")).toMatchObject({ kind: "estimate" });
          await broker.change({ kind: "ids", queue: "default", taskIds: items.map(({ id }) => id) }, "archive", 7);
          for (const state of states) {
            if (state === "active") continue;
            const all = { kind: "state", queue: "default", state, group: "g" } as const;
            expect((await broker.change(all, "delete", 100)).more).toBe(false);
          }
          let answer = await broker.removeQueue("default", { force: true, limit: 100 });
          for (let calls = 0; answer.kind === "more" && calls < 50; calls++) {
            answer = await broker.removeQueue("default", { force: true, limit: 100, cursor: answer.cursor });
          }
          expect(["removed", "not_found"]).toContain(answer.kind);
          if (answer.kind === "removed") expect(await raw.keys("*{default}*")).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("says of a task that a Go worker took over that none of ours holds it; a cancel then speaks Asynq's words", async () => {
    const { raw, broker } = await setup();
    const task = await enqueuedAndClaimed(broker, { id: "8 default" });
    const { queue, id } = task.message;
    expect((await stored(broker, task.message)).leaseToken).toBe(task.lease.token);
    const said = new Map<string, string>();
    const listener = raw.duplicate();
    await listener.connect();
    onTestFinished(() => listener.destroy());
    await listener.subscribe(["asynq:cancel", "hikyaku:cancel"], (message, channel) => void said.set(channel, message));
    expect(await cancelTask(broker, queue, id)).toBe("signalled");
    await vi.waitFor(() => expect([...said]).toEqual([["hikyaku:cancel", "7 default8 default"]]));
    said.clear();
    // Go writes the end of its lease and leaves what it does not know.
    await raw.zAdd(key("lease"), { value: id, score: Math.ceil(Date.now() / 1_000) + 120 });
    expect((await stored(broker, task.message)).leaseToken).toBeUndefined();
    expect(await cancelTask(broker, queue, id)).toBe("signalled");
    await vi.waitFor(() => expect([...said]).toEqual([["asynq:cancel", id]]));
  });

  it("said as a cancel of one queue's task is not heard, and what is said after it is", async () => {
    const { raw, broker } = await setup();
    const heard: Signal[] = [];
    broker.listen((signal) => void (signal.kind !== "listening" && heard.push(signal)));
    await vi.waitFor(async () => expect(await raw.pubSubNumSub("asynq:cancel")).toEqual({ "asynq:cancel": 1 }));
    for (const message of ["", "7", "default same", "99 default", "-1 x", "1e9 x"]) {
      await raw.publish("hikyaku:cancel", message);
    }
    await raw.publish("hikyaku:cancel", "7 defaultsame");
    await vi.waitFor(() => expect(heard).toEqual([{ kind: "cancel", queue: "default", taskId: "same" }]));
  });

  it("that no list names is removed with its queue: bodies, locks, groups, counters of old days", async () => {
    const { raw, broker } = await setup();
    await broker.enqueue([placedNow(), placedNow({ queue: "def" }), unique(placedNow({ queue: "default}x" }))]);
    await raw.hSet(key("t:orphan"), { msg: goodMessage("orphan"), state: "archived" });
    await raw.set(key("unique:email:send:abc"), "nobody");
    await raw.set(key("processed:2020-01-01"), "5");
    await raw.zAdd(key("g:lost"), { value: "l1", score: 1 });
    await raw.hSet(key("t:l1"), { msg: goodMessage("l1"), state: "aggregating", group: "lost" });
    await raw.set("hikyaku:{default}:anything", "1");
    let answer = await broker.removeQueue("default", { force: true, limit: 10 });
    while (answer.kind === "more") {
      answer = await broker.removeQueue("default", { force: true, limit: 10, cursor: answer.cursor });
    }
    expect(answer.kind).toBe("removed");
    expect(await raw.keys("*{default}:*")).toEqual([]);
    expect((await broker.queue("def"))?.counts.pending).toBe(1);
    expect((await broker.queue("default}x"))?.counts.pending).toBe(1);
  });

  it("frees the lock that only the message of a Go program names", async () => {
    const { raw, broker, remove } = await setup();
    const item = unique({ message: aTask({ id: "u", group: "g" }), placement: { kind: "group" } });
    await broker.enqueue([item]);
    await raw.hDel(key("t:u"), "unique_key");
    await remove("u");
    expect(await raw.keys("*unique*")).toEqual([]);
  });

  it("keeps a task whole whose stored body another program changed while its payload was edited", async () => {
    const { raw, broker } = await setup();
    await broker.enqueue([placedNow({ id: "e" })]);
    await raw.hSet(key("t:e"), { msg: "\u0001garbage" });
    await expect(broker.editPayload({ queue: "default", taskId: "e", payload: bytes("x") })).rejects.toMatchObject({
      code: "corrupt_data",
    });
    await raw.hSet(key("t:e"), { msg: goodMessage("e") });
    expect(await broker.editPayload({ queue: "default", taskId: "e", payload: bytes("x") })).toBe("changed");
    expect((await stored(broker, { id: "e", queue: "default" })).message.payload).toEqual(Buffer.from("x"));
  });

  it("is no reason to tell less of a queue where MEMORY is not permitted", async () => {
    const { raw, broker } = await setup();
    await broker.enqueue([placedNow()]);
    await raw.sendCommand(["ACL", "SETUSER", "modest", "on", ">secret", "~*", "&*", "+@all", "-memory"]);
    const modest = redisBroker({ url: server.url.replace("//", "//modest:secret@") });
    onTestFinished(() => modest.close());
    expect(await modest.memory("default")).toMatchObject({
      kind: "unknown",
      reason: expect.stringContaining("MEMORY"),
    });
    expect(await modest.queue("default")).toMatchObject({ counts: { pending: 1 } });
  });
});
