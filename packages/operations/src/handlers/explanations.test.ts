import { explainQueueResponse, explainTaskResponse } from "@hikyaku/contract";
import { expect, it } from "vitest";
import { describeOnBothStores } from "../../test/stores.ts";
import { aTask } from "../../test/tasks.ts";

describeOnBothStores("explanations over HTTP", (served) => {
  async function enqueued(): Promise<string> {
    const task = aTask({ queue: "mail" });
    await served.broker.enqueue([task]);
    return task.message.id;
  }

  it("say why a task is where it is, as a code with facts and in one sentence", async () => {
    const id = await enqueued();
    const { status, body } = await served.json("GET", `/tasks/mail/${id}/explain`, undefined, "read");
    expect(status).toBe(200);
    expect(explainTaskResponse.parse(body)).toMatchObject({
      queue: "mail",
      id,
      state: "pending",
      why: { code: "no_worker", since: expect.any(String), seen: [] },
      sentence: expect.stringMatching(
        /^It has been due for \d+ s, and no live worker takes from its queue: start one\.$/,
      ),
    });
  });

  it("name who paused a queue over HTTP, and why", async () => {
    const id = await enqueued();
    await served.json("POST", "/queues/mail/pause", { reason: "a deploy" });
    const { body } = await served.json("GET", "/queues/mail/explain");
    expect(explainQueueResponse.parse(body)).toMatchObject({
      queue: "mail",
      why: {
        code: "queue_paused",
        pause: { by: "the API, asked by key test", reason: "a deploy" },
        waiting: { pending: 1 },
      },
    });
    const task = (await served.json("GET", `/tasks/mail/${id}/explain`)).body;
    expect(task).toMatchObject({
      why: { code: "queue_paused", pause: { by: "the API, asked by key test", since: expect.any(String) } },
    });
  });

  it("are 404 for a task and for a queue that is not there", async () => {
    expect(await served.json("GET", "/queues/mail/explain")).toMatchObject({
      status: 404,
      body: { code: "queue_not_found" },
    });
    await enqueued();
    await expect
      .poll(async () => (await served.json("GET", "/tasks/mail/b/explain")).body)
      .toMatchObject({ status: 404, code: "task_not_found" });
  });
});
