import { describe, expect, it, vi } from "vitest";
import type { Broker } from "../../src/broker/broker.ts";
import { Inspector } from "../../src/inspector/inspector.ts";
import { defineTask } from "../../src/task/task.ts";
import { placedAt, placedNow, stateOf, stored } from "../support/builders.ts";
import { flakyBroker } from "./flaky-broker.ts";
import { aClient, aServer, Happenings, stores } from "./stores.ts";

const held = defineTask({ type: "held", maxRetry: 5 });

/** Resolves when the signal fires. */
function fired(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

async function becomes(broker: Broker, task: { id: string; queue: string }, state: string | undefined): Promise<void> {
  await vi.waitFor(async () => expect(await stateOf(broker, task)).toBe(state), { timeout: 5_000, interval: 5 });
}

describe.each(stores)("a cancelled task on $name", ({ open }) => {
  async function setup() {
    const store = await open();
    const broker = store.connect();
    const inspector = new Inspector({ broker });
    return { store, broker, client: aClient(broker), inspector, running: new Happenings<string>() };
  }

  it("does not run again: what it throws archives it, under the wire format's text", async () => {
    const { broker, client, running } = await setup();
    aServer(broker)
      .handle(held, async ({ signal, taskId }) => {
        running.add(taskId);
        await fired(signal);
        if (taskId === "own") throw new Error("connection cut");
        signal.throwIfAborted();
      })
      .start();
    const passesOn = await client.enqueue(held, undefined, { taskId: "passes on" });
    const own = await client.enqueue(held, undefined, { taskId: "own" });
    await running.reach(2);
    await listens(broker);
    expect(await client.cancel(passesOn)).toBe("signalled");
    expect(await client.cancel("own")).toBe("signalled");
    await becomes(broker, passesOn, "archived");
    await becomes(broker, own, "archived");
    expect((await stored(broker, passesOn)).message).toMatchObject({ lastError: "context canceled", retried: 0 });
    expect((await stored(broker, own)).message.lastError).toBe("context canceled: connection cut");
  });

  it("is what its handler makes of it: one that returns has succeeded", async () => {
    const { broker, client, running } = await setup();
    aServer(broker)
      .handle(held, async ({ signal, taskId }) => {
        running.add(taskId);
        await fired(signal);
        return "half done";
      })
      .start();
    const task = await client.enqueue(held, undefined, { retention: "1h" });
    await running.reach(1);
    await listens(broker);
    await client.cancel(task);
    expect(await client.waitForResult(task)).toBe("half done");
  });

  it("is tried again where the server is told so", async () => {
    const { broker, client, inspector, running } = await setup();
    aServer(broker, { cancelledTasks: "retry" })
      .handle(held, async ({ signal, taskId }) => {
        running.add(taskId);
        await fired(signal);
        signal.throwIfAborted();
      })
      .start();
    const task = await client.enqueue(held);
    await running.reach(1);
    await listens(broker);
    expect(await inspector.cancel(task.queue, task.id)).toBe("signalled");
    await becomes(broker, task, "retry");
    expect((await stored(broker, task)).message).toMatchObject({ lastError: "context canceled", retried: 1 });
  });

  it("is over also when its handler does not listen", async () => {
    const { broker, client, running } = await setup();
    const release = Promise.withResolvers<void>();
    aServer(broker, { abortGrace: "50ms" })
      .handle(held, async ({ taskId }) => {
        running.add(taskId);
        await release.promise;
      })
      .start();
    const deaf = await client.enqueue(held);
    await running.reach(1);
    await listens(broker);
    await client.cancel(deaf);
    await becomes(broker, deaf, "archived");
    release.resolve();
  });

  it("is not handed back by a server that stops meanwhile", async () => {
    const { broker, client, running } = await setup();
    const server = aServer(broker, { abortGrace: "300ms" }).handle(held, async ({ taskId, signal }) => {
      running.add(taskId);
      await fired(signal);
      await client.cancel(taskId);
      await new Promise(() => undefined);
    });
    server.start();
    const task = await client.enqueue(held);
    await running.reach(1);
    await listens(broker);
    await server.stop();
    expect(await stateOf(broker, task)).toBe("archived");
  });

  it("that was on its way to a server when the signal came is not run", async () => {
    const { store, broker, client, running } = await setup();
    const gate = Promise.withResolvers<void>();
    const claimed = Promise.withResolvers<void>();
    const slow = flakyBroker(broker, {
      claim: async (...args) => {
        const answer = await broker.claim(...args);
        if (answer.tasks.length > 0) {
          claimed.resolve();
          await gate.promise;
        }
        return answer;
      },
    });
    aServer(slow)
      .handle(held, ({ taskId }) => void running.add(taskId))
      .start();
    await listens(broker);
    const heard = Promise.withResolvers<void>();
    onCancel(broker, (taskId) => {
      if (taskId === "on its way") heard.resolve();
    });
    const task = await client.enqueue(held, undefined, { taskId: "on its way" });
    await claimed.promise;
    expect(await aClient(store.connect()).cancel(task)).toBe("signalled");
    await heard.promise;
    gate.resolve();
    await becomes(broker, task, "archived");
    expect(running.all).toEqual([]);
  });

  it("leaves its namesakes in other queues alone, unless the cancel gives an id only", async () => {
    const { broker, client, inspector, running } = await setup();
    const release = Promise.withResolvers<void>();
    aServer(broker, { queues: { one: 1, two: 1, three: 1 }, concurrency: 5 })
      .handle(held, async ({ signal, taskId, queue }) => {
        running.add(`${queue}/${taskId}`);
        await Promise.race([fired(signal), release.promise]);
        signal.throwIfAborted();
      })
      .start();
    await listens(broker);
    const [one, two, three] = await Promise.all(
      ["one", "two", "three"].map((queue) =>
        client.enqueue(held, undefined, { queue, taskId: "same", retention: "1h" }),
      ),
    );
    const both = ["two", "three"].map((queue) => client.enqueue(held, undefined, { queue, taskId: "both" }));
    if (one === undefined || two === undefined || three === undefined) throw new Error("three were enqueued");
    await running.reach(5);
    expect(await client.cancel(one)).toBe("signalled");
    await becomes(broker, one, "archived");
    expect(await inspector.cancel("three", "same")).toBe("signalled");
    await becomes(broker, three, "archived");
    expect(await client.cancel("both")).toBe("signalled");
    for (const task of await Promise.all(both)) await becomes(broker, task, "archived");
    expect(await stateOf(broker, two)).toBe("active");
    release.resolve();
    await becomes(broker, two, "completed");
  });

  it("is not what was on its way to a server when a namesake in another queue was cancelled", async () => {
    const { broker, client, running } = await setup();
    const gate = Promise.withResolvers<void>();
    const claimed = Promise.withResolvers<void>();
    const slow = flakyBroker(broker, {
      claim: async (...args) => {
        const answer = await broker.claim(...args);
        if (answer.tasks.length === 2) {
          claimed.resolve();
          await gate.promise;
        }
        return answer;
      },
    });
    const [one, two] = ["one", "two"].map((queue) => placedNow({ id: "same", type: "held", queue }));
    if (one === undefined || two === undefined) throw new Error("two were made");
    await broker.enqueue([one, two]);
    aServer(slow, { queues: { one: 1, two: 1 } })
      .handle(held, ({ queue }) => void running.add(queue))
      .start();
    await listens(broker);
    await claimed.promise;
    const heard = Promise.withResolvers<void>();
    onCancel(broker, (taskId) => {
      if (taskId === "same") heard.resolve();
    });
    expect(await client.cancel(one.message)).toBe("signalled");
    await heard.promise;
    gate.resolve();
    await becomes(broker, one.message, "archived");
    await becomes(broker, two.message, undefined);
    expect(running.all).toEqual(["two"]);
  });

  it("that was not running is archived, and nothing else is cancelled", async () => {
    const { broker, client, inspector } = await setup();
    const pending = placedNow();
    const scheduled = placedAt(Date.now() + 3_600_000);
    const grouped = { ...placedNow({ group: "g" }), placement: { kind: "group" as const } };
    await broker.enqueue([pending, scheduled, grouped]);
    expect(await client.cancel(pending.message)).toBe("archived");
    for (const { message } of [scheduled, grouped]) {
      expect(await inspector.cancel(message.queue, message.id)).toBe("archived");
    }
    for (const { message } of [pending, scheduled, grouped]) expect(await stateOf(broker, message)).toBe("archived");
    expect(await inspector.cancel(pending.message.queue, pending.message.id)).toBe("archived");
    await expect(client.cancel({ queue: "default", id: "none" })).rejects.toMatchObject({ code: "task_not_found" });
    await expect(inspector.cancel("none", "none")).rejects.toMatchObject({ code: "queue_not_found" });
  });

  it("that waits for its retry is archived; one that has completed is refused", async () => {
    const { broker, client } = await setup();
    aServer(broker, { retryDelay: () => "1h" })
      .handle(held, ({ attempt, taskId }) => {
        if (taskId === "fails" && attempt === 1) throw new Error("boom");
      })
      .start();
    const fails = await client.enqueue(held, undefined, { taskId: "fails" });
    const succeeds = await client.enqueue(held, undefined, { retention: "1h" });
    await becomes(broker, fails, "retry");
    await becomes(broker, succeeds, "completed");
    expect(await client.cancel(fails)).toBe("archived");
    await expect(client.cancel(succeeds)).rejects.toMatchObject({ code: "wrong_state" });
    expect(await stateOf(broker, succeeds)).toBe("completed");
    await client.close();
    await expect(client.cancel("x")).rejects.toMatchObject({ code: "closed" });
  });
});

function onCancel(broker: Broker, heard: (taskId: string) => void): () => void {
  return broker.listen((signal) => {
    if (signal.kind === "cancel") heard(signal.taskId);
  });
}

/** Resolves when signals reach this broker: nobody hears those from before. */
async function listens(broker: Broker): Promise<void> {
  let isHeard = false;
  const unlisten = onCancel(broker, () => {
    isHeard = true;
  });
  await vi.waitFor(async () => {
    await broker.send({ kind: "cancel", taskId: "nobody" });
    expect(isHeard).toBe(true);
  });
  unlisten();
}
