import { describe, expect, it } from "vitest";
import { bytes, directions, Interop, needsGo } from "./support/interop.ts";
import type { TaskSpec, ToldTask } from "./support/peer-protocol.ts";

needsGo();

const second = 1_000;
const inTwoHours = Math.ceil(Date.now() / second) * second + 7_200 * second;

interface Kind {
  readonly kind: string;
  readonly task: TaskSpec;
  readonly shown: Partial<ToldTask>;
}

const plain: TaskSpec = { type: "ok", payload: bytes('{"user_id":42}') };

/** Every way to enqueue, and what an inspector is to show of it besides what the task itself says. */
const kinds: readonly Kind[] = [
  { kind: "plain", task: plain, shown: { state: "pending", maxRetry: 25, timeoutMs: 1_800_000 } },
  {
    kind: "with every option",
    task: {
      ...plain,
      headers: { trace: "abc", empty: "", 日本: "飛脚" },
      options: {
        queue: "critical",
        maxRetry: 3,
        taskId: "letter 1",
        timeoutMs: 30_000,
        deadlineAt: inTwoHours,
        retentionMs: 3_600_000,
      },
    },
    shown: {
      state: "pending",
      id: "letter 1",
      maxRetry: 3,
      timeoutMs: 30_000,
      deadlineAt: inTwoHours,
      retentionMs: 3_600_000,
      headers: { trace: "abc", empty: "", 日本: "飛脚" },
    },
  },
  {
    kind: "with a deadline alone",
    task: { ...plain, options: { deadlineAt: inTwoHours } },
    shown: { timeoutMs: 0, deadlineAt: inTwoHours },
  },
  { kind: "unique", task: { ...plain, options: { uniqueForMs: 60_000 } }, shown: { state: "pending" } },
  {
    kind: "scheduled",
    task: { ...plain, options: { at: inTwoHours } },
    shown: { state: "scheduled", nextProcessAt: inTwoHours },
  },
  {
    kind: "scheduled and unique",
    task: { ...plain, options: { at: inTwoHours, uniqueForMs: 60_000 } },
    shown: { state: "scheduled", nextProcessAt: inTwoHours },
  },
  {
    kind: "grouped",
    task: { ...plain, options: { group: "letters" } },
    shown: { state: "aggregating", group: "letters" },
  },
  {
    kind: "grouped and unique",
    task: { ...plain, options: { group: "letters", uniqueForMs: 60_000 } },
    shown: { state: "aggregating", group: "letters" },
  },
  { kind: "without a payload", task: { type: "ok", payload: null }, shown: { state: "pending" } },
  { kind: "with retries ruled out", task: { ...plain, options: { maxRetry: 0 } }, shown: { maxRetry: 0 } },
];

/** Both libraries show a moment that they don't keep in their own way, so it is left out of comparisons. */
function comparable({ nextProcessAt, state, headers, payload, result, ...task }: ToldTask) {
  return {
    ...task,
    state,
    headers: headers ?? {},
    payload: payload ?? "",
    result: result ?? "",
    nextProcessAt: state === "scheduled" || state === "retry" ? nextProcessAt : 0,
  };
}

describe.each(directions)("a task that %s enqueues", (one, other) => {
  it.each(kinds)(
    `and is $kind looks the same to both inspectors, and ${other} runs it as it was sent`,
    async ({ task, shown }) => {
      const store = await Interop.open();
      const [producer, worker] = await store.pair(one, other);
      const { id } = await producer.enqueue(task);
      const queue = task.options?.queue ?? "default";
      const seen = await worker.task(id, queue);
      expect(seen).toMatchObject({ type: task.type, ...shown });
      expect(comparable(seen)).toEqual(comparable(await producer.task(id, queue)));
      expect(await worker.queue(queue)).toMatchObject({ counts: { [seen.state]: 1 } });

      const [go] = [producer, worker].filter(({ name }) => name === "Go");
      if (seen.state !== "pending") await go?.inspect("run", { queue, taskId: id });
      await worker.startServer({ queues: { [queue]: 1 } });
      const started = await worker.first({ event: "started", taskId: id });
      expect({ ...started, payload: started.payload ?? "", headers: started.headers ?? {} }).toMatchObject({
        type: task.type,
        queue,
        payload: task.payload ?? "",
        headers: task.headers ?? {},
        retried: 0,
        maxRetry: task.options?.maxRetry ?? 25,
      });
    },
  );

  it("many at once run in the order in which they were enqueued", async () => {
    const store = await Interop.open();
    const [producer, worker] = await store.pair(one, other);
    const ids = await producer.enqueueMany(
      Array.from({ length: 100 }, (_, n) => ({ type: "ok", payload: bytes(`${n}`) })),
    );
    await worker.startServer({ concurrency: 1 });
    const started = await worker.hear({ event: "started" }, ids.length);
    expect(started.map(({ taskId }) => taskId)).toEqual(ids);
  });
});

describe.each(directions)("uniqueness and ids, first %s and then %s", (one, other) => {
  it.each([
    ["no payload", null],
    ["an empty payload", ""],
    ["a payload", bytes('{"user_id":42}')],
    ["bytes that are no text", Buffer.from([0, 255, 128, 10, 13]).toString("base64")],
  ])("a unique task with %s is a duplicate to the other side", async (_, payload) => {
    const store = await Interop.open();
    const [first, second] = await store.pair(one, other);
    const task: TaskSpec = { type: "ok", payload, options: { uniqueForMs: 60_000 } };
    await first.enqueue(task);
    await expect(second.enqueue(task)).rejects.toMatchObject({ kind: "duplicate" });
  });

  it("no payload and an empty one are different tasks to both", async () => {
    const store = await Interop.open();
    const [first, second] = await store.pair(one, other);
    await first.enqueue({ type: "ok", payload: null, options: { uniqueForMs: 60_000 } });
    await second.enqueue({ type: "ok", payload: "", options: { uniqueForMs: 60_000 } });
    const locks = await store.redisKeys("asynq:{default}:unique:*");
    expect(locks).toEqual(["asynq:{default}:unique:ok:", "asynq:{default}:unique:ok:d41d8cd98f00b204e9800998ecf8427e"]);
  });

  it("uniqueness holds together with a schedule and with a group", async () => {
    const store = await Interop.open();
    const [first, second] = await store.pair(one, other);
    await first.enqueue({ ...plain, options: { uniqueForMs: 60_000, at: inTwoHours } });
    await expect(second.enqueue({ ...plain, options: { uniqueForMs: 60_000 } })).rejects.toMatchObject({
      kind: "duplicate",
    });
    await first.enqueue({ ...plain, type: "grouped", options: { uniqueForMs: 60_000, group: "g" } });
    await expect(
      second.enqueue({ ...plain, type: "grouped", options: { uniqueForMs: 60_000, group: "g" } }),
    ).rejects.toMatchObject({ kind: "duplicate" });
  });

  it("a lock is free again when the other side has run the task", async () => {
    const store = await Interop.open();
    const [first, second] = await store.pair(one, other);
    const task: TaskSpec = { ...plain, options: { uniqueForMs: 3_600_000 } };
    await first.enqueue(task);
    await second.startServer();
    await second.first({ event: "started" });
    await second.shutDownServer();
    expect(await store.redisKeys("asynq:{default}:unique:*")).toEqual([]);
    await first.enqueue(task);
  });

  it.each(["pending", "scheduled", "aggregating", "completed", "archived"])(
    "an id is taken while its task is %s",
    async (state) => {
      const store = await Interop.open();
      const [first, second] = await store.pair(one, other);
      const options = {
        taskId: "letter",
        maxRetry: 0,
        retentionMs: 3_600_000,
        ...(state === "scheduled" ? { at: inTwoHours } : {}),
        ...(state === "aggregating" ? { group: "g" } : {}),
      };
      await first.enqueue({ type: state === "archived" ? "fail" : "ok", payload: bytes("1"), options });
      if (state === "completed" || state === "archived") {
        await first.startServer();
        await first.first({ event: "returned" });
        await first.shutDownServer();
      }
      expect(await second.task("letter")).toMatchObject({ state });
      await expect(second.enqueue({ ...plain, options: { taskId: "letter" } })).rejects.toMatchObject({
        kind: "id_conflict",
      });
    },
  );
});
