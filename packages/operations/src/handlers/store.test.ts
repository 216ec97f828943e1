import { expect, it } from "vitest";
import { describeOnBothStores } from "../../test/stores.ts";
import { aTask } from "../../test/tasks.ts";

describeOnBothStores("the store over HTTP", (served) => {
  it("says which it is, how large, and how writing goes", async () => {
    await served.broker.enqueue([aTask({ queue: "mail" })]);
    const { status, body } = await served.json("GET", "/store", undefined, "read");
    expect(status).toBe(200);
    expect(body).toMatchObject({
      kind: expect.stringMatching(/^(redis|sqlite)$/),
      parts: [{ version: expect.stringMatching(/^(Redis|Valkey|SQLite) \d/), bytes: expect.any(Number) }],
      queues: 1,
      written: 1,
      failing_writes: [],
    });
    expect(Math.abs(body.clock_offset_ms ?? 0)).toBeLessThan(2_000);
  });

  it("is looked through on request, and repairs nothing unless told to", async () => {
    await served.broker.enqueue([aTask({ queue: "mail" })]);
    expect(await served.json("POST", "/store/check", { reason: "a crash" })).toEqual({
      status: 200,
      body: { findings: [] },
    });
    expect((await served.json("POST", "/store/check", { queues: ["mail"], repair: true })).status).toBe(200);
    expect((await served.json("POST", "/store/check", {}, "read")).status).toBe(403);
  });
});
