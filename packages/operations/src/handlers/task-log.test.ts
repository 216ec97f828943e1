import { taskLogResponse } from "@hikyaku/contract";
import type { Broker } from "hikyaku";
import { expect, it } from "vitest";
import { describeOnBothStores } from "../../test/stores.ts";
import { aTask } from "../../test/tasks.ts";

/** A running task whose handler has said so many lines. */
async function talking(broker: Broker, count: number): Promise<string> {
  await broker.enqueue([aTask({ queue: "mail" })]);
  const claim = { queues: [{ queue: "mail", limit: 1 }], limit: 1, handles: { kind: "all" }, serverId: "s1" } as const;
  const [task] = (await broker.claim({ ...claim, leaseMs: 30_000 })).tasks;
  if (task === undefined) throw new Error("expected a task to claim, got none");
  const line = (number: number) => ({
    at: 1_000,
    by: "s1",
    attempt: 1,
    text: `line ${number}\u001b`,
    fields: { number },
  });
  const lines = Array.from({ length: count }, (_, index) => JSON.stringify(line(index + 1)));
  await broker.report([{ lease: task.lease, log: { from: 1, lines } }]);
  return task.message.id;
}

describeOnBothStores("the log of a task over HTTP", (served) => {
  it("is read page by page, and from where the reader stopped", async () => {
    const path = `/tasks/mail/${await talking(served.broker, 7)}/log`;
    const first = await served.json("GET", `${path}?limit=3`, undefined, "read");
    expect(first.status).toBe(200);
    const page = taskLogResponse.parse(first.body);
    expect(page.lines[0]).toEqual({
      number: 1,
      at: "1970-01-01T00:00:01.000Z",
      server_id: "s1",
      attempt: 1,
      text: "line 1\u001b",
      fields: { number: 1 },
    });
    expect(page).toMatchObject({ lines: { length: 3 }, dropped: 0, next: expect.any(String) });
    const rest = taskLogResponse.parse((await served.json("GET", `${path}?cursor=${page.next}`)).body);
    expect(rest.lines.map(({ number }) => number)).toEqual([4, 5, 6, 7]);
    expect(rest.next).toBeNull();
    const later = taskLogResponse.parse((await served.json("GET", `${path}?cursor=${rest.end}`)).body);
    expect(later).toEqual({ lines: [], dropped: 0, next: null, end: rest.end });
  });

  it("says how many lines are gone", async () => {
    const id = await talking(served.broker, 260);
    const page = taskLogResponse.parse((await served.json("GET", `/tasks/mail/${id}/log`)).body);
    expect(page.dropped).toBe(60);
    expect(page.lines[0]?.number).toBe(61);
    const behind = taskLogResponse.parse((await served.json("GET", `/tasks/mail/${id}/log?cursor=20`)).body);
    expect(behind.dropped).toBe(40);
  });

  it("refuses a cursor that nobody gave out, and a task that is not there", async () => {
    const id = await talking(served.broker, 1);
    const log = (name: string, query = "") => served.json("GET", `/tasks/mail/${name}/log${query}`);
    expect(await log(id, "?cursor=soon")).toMatchObject({ status: 422 });
    expect(await log(id, "?limit=0")).toMatchObject({ status: 422 });
    expect(await log("nobody")).toMatchObject({ status: 404, body: { code: "task_not_found" } });
    expect(await served.json("GET", "/tasks/none/nobody/log")).toMatchObject({
      status: 404,
      body: { code: "queue_not_found" },
    });
  });
});
