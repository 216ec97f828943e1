// Test code that enqueues tasks: the real store in memory, the real server, and a clock that the test moves.
//   node --conditions=source --test examples/testing-a-feature.ts
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Client, defineTask, type Server } from "hikyaku";
import { assertEnqueued, assertNotEnqueued, testQueue } from "hikyaku/testing";
import { z } from "zod";

// The feature: after a sign-up somebody gets a welcome at once and a reminder three days later.
const welcome = defineTask({ type: "email:welcome", payload: z.object({ user: z.number() }) });
const reminder = defineTask({ type: "email:reminder", payload: z.object({ user: z.number() }), maxRetry: 2 });

async function signUp(client: Client, user: number): Promise<void> {
  await client.enqueue(welcome, { user });
  await client.enqueue(reminder, { user }, { in: "3d" });
}

interface Mailer {
  send(text: string): void;
}

function registerHandlers(server: Server, mailer: Mailer): void {
  server.handle(welcome, ({ payload }) => mailer.send(`welcome ${payload.user}`));
  server.handle(reminder, ({ payload }) => mailer.send(`remember us, ${payload.user}`));
}

test("a sign-up enqueues a welcome and a reminder", async (t) => {
  const queue = await testQueue();
  t.after(() => queue.close());
  await signUp(queue.client, 42);
  assertEnqueued(queue, welcome, { user: 42 }, { in: "0s" });
  assertEnqueued(queue, reminder, { user: 42 }, { in: "3d" });
  assertNotEnqueued(queue, reminder, { user: 43 });
});

test("the reminder goes out after three days, also when the mail server was away", async (t) => {
  const sent: string[] = [];
  let isAway = false;
  const mailer: Mailer = {
    send(text) {
      if (isAway) throw new Error("connection refused");
      sent.push(text);
    },
  };
  const queue = await testQueue({
    now: new Date("2026-03-01T09:00:00Z"),
    register: (server) => registerHandlers(server, mailer),
    server: { retryDelay: () => "10m" },
  });
  t.after(() => queue.close());
  await signUp(queue.client, 42);
  await queue.drain();
  assert.deepEqual(sent, ["welcome 42"]);

  await queue.advance({ ms: 3 * 86_400_000 - 1 });
  assert.deepEqual(sent, ["welcome 42"]);

  isAway = true;
  const [failed] = await queue.advance("1ms");
  assert.equal(failed?.error, "connection refused");
  isAway = false;
  const [retried] = await queue.advance("1d");
  assert.equal(retried?.startedAt.toISOString(), "2026-03-04T09:10:00.000Z");
  assert.deepEqual(sent, ["welcome 42", "remember us, 42"]);
});

test("in inline mode an enqueue runs the handler, and throws what it throws", async (t) => {
  const boom = new Error("no such user");
  const queue = await testQueue({
    mode: "inline",
    register: (server) => server.handle(welcome, () => Promise.reject(boom)),
  });
  t.after(() => queue.close());
  await assert.rejects(signUp(queue.client, 42), boom);
});
