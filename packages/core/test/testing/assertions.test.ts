import { AssertionError } from "node:assert";
import { defineTask, rawBytes } from "hikyaku";
import { assertEnqueued, assertNotEnqueued, type TestQueue, testQueue } from "hikyaku/testing";
import { queueMatchers } from "hikyaku/testing/vitest";
import { describe, expect, expectTypeOf, it, onTestFinished } from "vitest";
import { z } from "zod";

expect.extend(queueMatchers);

const mail = defineTask({
  type: "email:send",
  payload: z.object({ user: z.number(), tags: z.array(z.string()).optional() }),
});
const report = defineTask({ type: "report:make" });
const blob = defineTask({ type: "blob", payload: rawBytes });

async function aQueue(): Promise<TestQueue> {
  const queue = await testQueue({ now: new Date("2026-03-01T12:00:00Z") });
  onTestFinished(() => queue.close());
  return queue;
}

/** What an assertion says when it fails. */
function failureOf(assertion: () => unknown): string {
  try {
    assertion();
  } catch (error) {
    if (error instanceof Error) return error.message;
  }
  throw new Error("expected the assertion to fail");
}

describe("assertEnqueued", () => {
  it("finds a task by its type, by part of its payload, and by its options", async () => {
    const queue = await aQueue();
    const options = { queue: "critical", in: "3m", taskId: "m1", headers: { tenant: "a", trace: "t" } } as const;
    await queue.client.enqueue(mail, { user: 42, tags: ["a"] }, { ...options, uniqueFor: "1h", maxRetry: 3 });
    const [found] = assertEnqueued(queue, mail);
    expectTypeOf(found?.payload.user).toEqualTypeOf<number | undefined>();
    expect(found).toMatchObject({ id: "m1", payload: { user: 42 } });
    assertEnqueued(queue, mail, { user: 42 });
    assertEnqueued(queue, mail, { tags: ["a"] });
    assertEnqueued(queue, mail, ({ user }) => user > 40);
    assertEnqueued(queue, mail, { user: expect.any(Number) });
    assertEnqueued(
      queue,
      mail,
      { user: 42 },
      { queue: "critical", in: "3m", at: new Date("2026-03-01T12:03:00Z"), taskId: "m1", headers: { tenant: "a" } },
    );
    assertEnqueued(queue, mail, undefined, { times: 1, uniqueFor: "60m", maxRetry: 3, group: "" });
  });

  it("says that no number goes with a task that is not to be there", async () => {
    const queue = await aQueue();
    await queue.client.enqueueMany([mail.with({ user: 1 }), mail.with({ user: 1 })]);
    const options = { times: 1 } as never;
    expect(failureOf(() => assertNotEnqueued(queue, mail, { user: 1 }, options))).toMatch(/expected no option "times"/);
  });

  it("compares bytes, and what is no JSON, as bytes", async () => {
    const queue = await aQueue();
    await queue.client.enqueue(blob, Uint8Array.of(0xff, 0));
    assertEnqueued(queue, blob, Uint8Array.of(0xff, 0));
    expect(failureOf(() => assertEnqueued(queue, blob, Uint8Array.of(1)))).toContain("payload: expected");
  });

  it("says what was expected, what there was instead, and where it differs", async () => {
    const queue = await aQueue();
    await queue.client.enqueue(mail, { user: 41 }, { taskId: "m1" });
    await queue.client.enqueue(mail, { user: 42, tags: ["a"] }, { taskId: "m2", in: "1m" });
    await queue.client.enqueue(report, undefined, { taskId: "r1", queue: "low", group: "may" });
    const failure = failureOf(() => assertEnqueued(queue, mail, { user: 42, tags: ["b"] }, { queue: "critical" }));
    expect(
      failure,
    ).toBe(`expected task "email:send" with payload { user: 42, tags: [ 'b' ] }, queue 'critical' to be enqueued, found none
enqueued were:
  - "email:send" { user: 41 } in queue "default", due at once (id m1)
      payload.user: expected 42, got 41
  - "email:send" { user: 42, tags: [ 'a' ] } in queue "default", due in 60000 ms, at 2026-03-01T12:01:00.000Z (id m2)
      payload.tags[0]: expected 'b', got 'a'
  - "report:make" undefined in queue "low", due at once, group "may" (id r1)
      another type`);
    expect(failureOf(() => assertEnqueued(queue, mail, undefined, { times: 3 }))).toMatch(
      /^expected task "email:send" to be enqueued 3 times, found 2\n/,
    );
    expect(failureOf(() => assertEnqueued(queue, mail, { user: 41 }, { in: "5s" }))).toContain(
      "due: expected in '5s', got in 0 ms",
    );
    expect(failureOf(() => assertEnqueued(queue, mail, { tags: ["a", "b"] }))).toContain(
      "payload.tags: expected 2 items, got 1",
    );
    expect(failureOf(() => assertEnqueued(queue, mail, () => false))).toContain("the function did not accept");
  });

  it("says so when nothing was enqueued at all", async () => {
    const queue = await aQueue();
    expect(() => assertEnqueued(queue, mail)).toThrow(AssertionError);
    expect(failureOf(() => assertEnqueued(queue, mail))).toContain("nothing was enqueued at all");
  });

  it("lists no more than a page", async () => {
    const queue = await aQueue();
    await queue.client.enqueueMany(Array.from({ length: 30 }, (_, user) => mail.with({ user })));
    expect(failureOf(() => assertEnqueued(queue, report))).toContain("  and 10 more");
  });

  it("has an opposite", async () => {
    const queue = await aQueue();
    await queue.client.enqueue(mail, { user: 41 }, { taskId: "m1" });
    assertNotEnqueued(queue, report);
    assertNotEnqueued(queue, mail, { user: 42 });
    expect(failureOf(() => assertNotEnqueued(queue, mail))).toBe(
      'expected task "email:send" not to be enqueued, found 1\nenqueued were:\n' +
        '  - "email:send" { user: 41 } in queue "default", due at once (id m1)',
    );
  });

  it("refuses what it can't understand", async () => {
    const queue = await aQueue();
    expect(() => assertEnqueued(queue, mail, {}, { queues: "critical" } as never)).toThrow('did you mean "queue"?');
    expect(() => assertEnqueued({} as never, mail)).toThrow("expected what testQueue() makes");
    expect(() => assertEnqueued(queue, "email:send" as never)).toThrow("expected a task made by defineTask");
  });
});

describe("toHaveEnqueued", () => {
  it("is a matcher of Vitest, with types", async () => {
    const queue = await aQueue();
    await queue.client.enqueue(mail, { user: 42 });
    expect(queue).toHaveEnqueued(mail);
    expect(queue).toHaveEnqueued(mail, { user: 42 }, { times: 1 });
    expect(queue).toHaveEnqueued(mail, expect.objectContaining({ user: 42 }));
    expect(queue).not.toHaveEnqueued(mail, { user: 1 });
    expect(queue).not.toHaveEnqueued(report);
    // @ts-expect-error the payload has no such field
    expect(queue).not.toHaveEnqueued(mail, { usr: 42 });
  });

  it("fails with the same message", async () => {
    const queue = await aQueue();
    await queue.client.enqueue(mail, { user: 41 });
    expect(failureOf(() => expect(queue).toHaveEnqueued(mail, { user: 42 }))).toMatch(
      /^expected task "email:send" with payload \{ user: 42 \} to be enqueued, found none\n[\s\S]*expected 42, got 41/,
    );
    expect(failureOf(() => expect(queue).not.toHaveEnqueued(mail))).toContain("not to be enqueued, found 1");
    expect(failureOf(() => expect(queue).toHaveEnqueued(mail, { user: expect.any(String) }))).toContain("Any");
  });
});
