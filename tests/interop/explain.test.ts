import { Inspector } from "hikyaku";
import { redisBroker } from "hikyaku/redis";
import { describe, expect, it, onTestFinished } from "vitest";
import { bytes, Interop, needsGo } from "./support/interop.ts";

needsGo();

describe("an explanation of what Go did", () => {
  async function setup() {
    const interop = await Interop.open();
    const broker = redisBroker({ url: interop.redis.url });
    onTestFinished(() => broker.close());
    const inspector = new Inspector({ broker });
    const why = async (id: string) => (await inspector.explain("default", id)).why;
    return { go: await interop.peer("Go"), inspector, why };
  }

  it("says of a task that Go enqueued how many are before it, and since when Go's tools paused the queue", async () => {
    const { go, inspector, why } = await setup();
    const ids = await go.enqueueMany(["a", "b", "c"].map((payload) => ({ type: "hold", payload: bytes(payload) })));
    const last = ids.at(-1) ?? "";
    expect(await why(last)).toMatchObject({ code: "no_worker", since: expect.any(Date), seen: [] });
    await go.inspect("pause", { queue: "default" });
    const pause = { since: expect.any(Date), by: undefined, reason: undefined };
    expect(await why(last)).toMatchObject({ code: "queue_paused", pause });
    expect((await inspector.explainQueue("default")).why).toMatchObject({ code: "queue_paused", pause });
    await go.inspect("resume", { queue: "default" });
    await go.startServer({ concurrency: 1 });
    await go.first({ event: "started" });
    await expect
      .poll(() => why(last), { timeout: 30_000 })
      .toMatchObject({
        code: "workers_busy",
        ahead: 1,
        slots: 1,
        forecast: { kind: "unknown", because: "not_counted" },
      });
    await expect
      .poll(() => why(ids[0] ?? ""), { timeout: 30_000 })
      .toMatchObject({ code: "running", lost: false, server: { host: expect.any(String), build: undefined } });
    for (const id of ids) await go.release(id);
  });

  it("says why Go archived a task, and when Go tries another again", async () => {
    const { go, why } = await setup();
    const over = await go.enqueue({ type: "fail", payload: bytes("x"), options: { maxRetry: 0 } });
    const later = await go.enqueue({ type: "fail", payload: bytes("y"), options: { maxRetry: 3 } });
    await go.startServer();
    const error = expect.any(String);
    await expect
      .poll(() => why(over.id), { timeout: 30_000 })
      .toMatchObject({ code: "archived", because: "retries_used", error, by: undefined });
    await expect
      .poll(() => why(later.id), { timeout: 30_000 })
      .toMatchObject({ code: "backing_off", retry: 1, maxRetry: 3, error, dueAt: expect.any(Date) });
  });
});
