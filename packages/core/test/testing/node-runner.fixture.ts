// Run by Node's own test runner; `node-runner.test.ts` starts it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { defineTask } from "hikyaku";
import { assertEnqueued, assertNotEnqueued, testQueue } from "hikyaku/testing";
import { z } from "zod";

const signUp = defineTask({ type: "user:sign-up", payload: z.object({ user: z.number() }) });
const welcome = defineTask({ type: "email:welcome", payload: z.object({ user: z.number() }) });

test("a sign-up sends a welcome a minute later", async (t) => {
  let mails = 0;
  const queue = await testQueue({
    register: (server) =>
      server
        .handle(signUp, async ({ payload }) => void (await queue.client.enqueue(welcome, payload, { in: "1m" })))
        .handle(welcome, () => void mails++),
  });
  t.after(() => queue.close());
  await queue.client.enqueue(signUp, { user: 42 });
  assertNotEnqueued(queue, welcome);
  await queue.drain();
  assertEnqueued(queue, welcome, { user: 42 }, { in: "1m" });
  assert.equal(mails, 0);
  await queue.advance("1m");
  assert.equal(mails, 1);
});

test("a failed assertion lists what was enqueued instead", async (t) => {
  const queue = await testQueue();
  t.after(() => queue.close());
  await queue.client.enqueue(welcome, { user: 41 });
  assert.throws(
    () => assertEnqueued(queue, welcome, { user: 42 }),
    (error) => error instanceof assert.AssertionError && /payload\.user: expected 42, got 41/.test(error.message),
  );
});

test("inline mode throws what the handler throws", async (t) => {
  const boom = new Error("boom");
  const queue = await testQueue({
    mode: "inline",
    register: (server) => server.handle(welcome, () => Promise.reject(boom)),
  });
  t.after(() => queue.close());
  await assert.rejects(queue.client.enqueue(welcome, { user: 1 }), boom);
});
