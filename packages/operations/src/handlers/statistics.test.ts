import { Client, defineTask, histogramEndsMs, Server, silentLogger } from "hikyaku";
import { expect, it } from "vitest";
import { describeOnBothStores } from "../../test/stores.ts";

const mail = defineTask({ type: "mail", maxRetry: 0 });
const sms = defineTask({ type: "sms" });

describeOnBothStores("statistics over HTTP", (served) => {
  async function work(): Promise<void> {
    const { broker } = served;
    const client = new Client({ broker });
    const server = new Server({ broker, logger: silentLogger });
    let ran = 0;
    const all = Promise.withResolvers<void>();
    const handler = ({ payload }: { payload: unknown }) => {
      ran += 1;
      if (ran === 3) all.resolve();
      if (payload === "fails") throw new Error("fails");
    };
    server.handle(mail, handler).handle(sms, handler);
    server.start();
    await client.enqueueMany([mail.with("fine"), mail.with("fails"), sms.with("fine")]);
    await all.promise;
    await server.stop();
    await client.close();
  }

  it("tell of the last hour by the minute, of one type, and of each for itself", async () => {
    await work();
    const { status, body } = await served.json("GET", "/statistics?parts=true&queue=default");
    expect(status).toBe(200);
    expect(body).toMatchObject({
      resolution: "minute",
      bucket_ends_ms: [...histogramEndsMs],
      total: { enqueued: 3, started: 3, succeeded: 2, failed: 1, archived: 1, retried: 0, lost: 0 },
      parts: [
        {
          queue: "default",
          type: "mail",
          enqueued: 2,
          failed: 1,
          succeeded_run: { count: 1 },
          failed_run: { count: 1 },
        },
        { queue: "default", type: "sms", enqueued: 1, failed: 0 },
      ],
    });
    expect(body.points.length).toBeGreaterThanOrEqual(60);
    expect(body.total.lateness).toMatchObject({ count: 3, p50_ms: expect.any(Number), p99_ms: expect.any(Number) });
    expect(body.total.lateness.buckets).toHaveLength(histogramEndsMs.length + 1);
    const one = (await served.json("GET", "/statistics?type=sms", undefined, "read")).body;
    expect(one).toMatchObject({ total: { enqueued: 1, failed_run: { count: 0, p50_ms: null } }, parts: null });
    const from = encodeURIComponent("2026-01-01T00:00:00+09:00");
    const days = (await served.json("GET", `/statistics?resolution=day&from=${from}`)).body;
    expect(days).toMatchObject({ resolution: "day", total: { enqueued: 3 } });
    expect(days.points.length).toBeLessThanOrEqual(92);
  });

  it("refuse what is no range, no resolution and no queue", async () => {
    const code = async (query: string) => {
      const { status, body } = await served.json("GET", `/statistics?${query}`);
      return `${status} ${body.code}`;
    };
    expect(await code("queue=none")).toBe("404 queue_not_found");
    expect(await code("resolution=hour")).toBe("422 invalid_query");
    expect(await code("from=yesterday")).toBe("422 invalid_query");
    expect(await code("from=2099-01-01T00:00:00Z")).toBe("422 invalid_option");
    expect(await code("from=2026-01-01T00:00:00Z&to=9999-12-31T00:00:00Z")).toBe("422 invalid_option");
    expect((await served.ask("GET", "/statistics", undefined, "enqueue")).status).toBe(403);
  });
});
