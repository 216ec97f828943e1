import { explainQueueResponse, explainTaskResponse } from "@hikyaku/contract";
import { expect, it } from "vitest";
import { onBothStores } from "./both-stores.ts";
import { aTask } from "./tasks.ts";

const last = "9999-12-31T23:59:59.999Z";

onBothStores("moments that RFC 3339 can't say", [], (onStore) => {
  const ask = (...args: Parameters<ReturnType<typeof onStore>["ask"]>) => onStore().ask(...args);

  it.each([
    // What a Go program stores by taking milliseconds for seconds.
    ["milliseconds as seconds", Date.UTC(2026, 0) * 1_000],
    ["the year 10000", 253_402_300_800_000],
    ["what no date reaches", 9e15],
  ])("are told as the last that it can say: %s", async (_, at) => {
    const { message } = aTask({ queue: "far" });
    const { message: other } = aTask({ queue: "far" });
    await onStore().broker.enqueue([
      { message: { ...message, deadlineAt: at }, placement: { kind: "at", at } },
      { message: other, placement: { kind: "now" } },
    ]);
    const list = await ask("GET", "/tasks");
    expect(list).toMatchObject({ status: 200, body: { tasks: { length: 2 } } });
    expect(list.body.tasks).toContainEqual(expect.objectContaining({ id: message.id, due_at: last }));
    const path = `/tasks/far/${message.id}`;
    expect(await ask("GET", path)).toMatchObject({ status: 200, body: { due_at: last, deadline_at: last } });
    const explained = await ask("GET", `${path}/explain`);
    expect(explained.status).toBe(200);
    expect(explainTaskResponse.parse(explained.body).sentence).not.toContain("Invalid");
    const queue = await ask("GET", "/queues/far/explain");
    expect(queue.status).toBe(200);
    explainQueueResponse.parse(queue.body);
    const body = { action: "delete", tasks: [{ queue: "far", id: message.id }], dry_run: true };
    expect(await ask("POST", "/operations", { body })).toMatchObject({ status: 200, body: { count: 1 } });
  });
});
