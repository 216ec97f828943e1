import type { BusyWorker, ServerRecord } from "hikyaku/broker";
import { expect, it } from "vitest";
import { describeOnBothStores } from "../../test/stores.ts";

const startedAt = Date.UTC(2026, 10, 28);

const server = (serverId: string, pid: number): ServerRecord => ({
  serverId,
  host: "box",
  pid,
  concurrency: 10,
  queues: { mail: 1 },
  strictPriority: false,
  status: "active",
  startedAt,
  activeWorkers: 1,
  details: undefined,
});

const worker = (serverId: string, pid: number, taskId: string, more: Partial<BusyWorker> = {}): BusyWorker => ({
  host: "box",
  pid,
  serverId,
  taskId,
  taskType: "email:send",
  queue: "mail",
  payload: new Uint8Array(),
  startedAt,
  deadlineAt: startedAt + 60_000,
  ...more,
});

describeOnBothStores("what runs now, over HTTP", (served) => {
  it("is listed over all servers, the longest running first, by queue, server and type, page by page", async () => {
    const [one, two] = [server("one", 11), server("two", 12)];
    await served.broker.announce(one, [worker("one", 11, "a"), worker("one", 11, "b", { queue: "low" })], 60_000);
    await served.broker.announce(two, [worker("two", 12, "c", { startedAt: startedAt - 5_000 })], 60_000);
    const first = (await served.json("GET", "/workers?limit=1")).body;
    expect(first.workers).toEqual([
      {
        server_id: "two",
        host: "box",
        pid: 12,
        build: null,
        task_id: "c",
        type: "email:send",
        queue: "mail",
        started_at: "2026-11-27T23:59:55.000Z",
        deadline_at: "2026-11-28T00:01:00.000Z",
      },
    ]);
    const idsOf = async (query: string) =>
      (await served.json("GET", `/workers?${query}`)).body.workers.map((busy: { task_id: string }) => busy.task_id);
    expect(await idsOf(`cursor=${first.next}`)).toEqual(["b", "a"]);
    expect(await idsOf("queue=mail")).toEqual(["c", "a"]);
    expect(await idsOf("server=one&queue=low")).toEqual(["b"]);
    expect(await idsOf("type=other")).toEqual([]);
    for (const left of [one, two]) await served.broker.withdraw(left);
  });
});
