import { listFindingsResponse, problem } from "@hikyaku/contract";
import { Client, defineTask, Server, SkipRetry, silentLogger } from "hikyaku";
import { afterEach, describe, expect, it, vi } from "vitest";
import { aTestApp, type TestApp, type TestAppOptions } from "../test/a-test-app.ts";

const token = "a-token-of-the-test-0123456789";
const email = defineTask({ type: "email:send" });
const patience = { timeout: 5_000, interval: 20 };

describe("the findings of the operations API", () => {
  let test: TestApp;
  afterEach(async () => {
    vi.restoreAllMocks();
    await test.close();
  });

  async function setup(options: TestAppOptions = {}) {
    test = await aTestApp(options);
    return { broker: test.broker, client: new Client({ broker: test.broker }) };
  }

  async function found() {
    const answer = await test.app.inject("/api/v1/findings");
    expect(answer.statusCode).toBe(200);
    expect(answer.headers["cache-control"]).toBe("no-store");
    return listFindingsResponse.parse(answer.json());
  }

  it("are none where all is well", async () => {
    await setup();
    expect(await found()).toMatchObject({ queues_checked: 0, queues_left_out: 0, findings: [] });
  });

  it("say that nobody works on a queue, in words and in facts", async () => {
    const { client } = await setup();
    await client.enqueue(email, {});
    expect(await found()).toMatchObject({
      queues_checked: 1,
      findings: [
        {
          kind: "no_worker",
          level: "warning",
          queue: "default",
          task_id: null,
          detail: expect.stringContaining("no live worker takes tasks of this queue"),
          facts: { tasks: 1, at_least: false, waiting_ms: expect.any(Number), paused: false },
        },
      ],
    });
  });

  it("say what failed for good lately, with the newest of each type", async () => {
    const { broker, client } = await setup();
    const server = new Server({ broker, logger: silentLogger });
    server.handle(email, () => Promise.reject(new SkipRetry("no")));
    server.start();
    const { id } = await client.enqueue(email, {});
    await vi.waitFor(async () => expect((await broker.queue("default"))?.counts.archived).toBe(1), patience);
    const { findings } = await found();
    expect(findings).toMatchObject([
      {
        kind: "tasks_archived",
        level: "warning",
        queue: "default",
        facts: { type: "email:send", tasks: 1, newest_task_id: id, newest_at: expect.stringMatching(/^2.*Z$/) },
      },
    ]);
    await server.stop();
  });

  it("steer no terminal that shows them, and are the same JSON", async () => {
    const { broker, client } = await setup();
    const server = { serverId: "s", host: "h\u009b31m\u202eh", pid: 1, concurrency: 1, queues: { "q\u001b[2J": 1 } };
    await broker.announce(
      { ...server, strictPriority: false, status: "active", startedAt: 0, activeWorkers: 0, details: undefined },
      [],
      60_000,
    );
    await client.enqueue(email, {});
    const { body } = await test.app.inject("/api/v1/findings");
    expect(body).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
    const { findings } = listFindingsResponse.parse(JSON.parse(body));
    expect(findings.find(({ kind }) => kind === "foreign_worker")?.facts).toMatchObject({ host: server.host });
  });

  it("ask the store once in five seconds, however many ask, and never look at the tasks one by one", async () => {
    const { broker } = await setup();
    const asked = vi.spyOn(broker, "servers");
    const reconcile = vi.spyOn(broker, "reconcile");
    await Promise.all(Array.from({ length: 20 }, found));
    await found();
    expect(asked).toHaveBeenCalledTimes(1);
    expect(reconcile).not.toHaveBeenCalled();
  });

  it("look at a hundred queues at most, and say how many they left out", async () => {
    const { broker, client } = await setup();
    for (let index = 0; index < 103; index++) await client.enqueue(email, {}, { queue: `q${index}` });
    const asked = vi.spyOn(broker, "queue");
    expect(await found()).toMatchObject({ queues_checked: 100, queues_left_out: 3 });
    expect(asked).toHaveBeenCalledTimes(100);
  });

  it("are told only to whoever may read", async () => {
    await setup({ operationsToken: token });
    const refused = await test.app.inject("/api/v1/findings");
    expect(refused.statusCode).toBe(401);
    expect(problem.parse(refused.json()).status).toBe(401);
    const headers = { authorization: `Bearer ${token}` };
    expect((await test.app.inject({ url: "/api/v1/findings", headers })).statusCode).toBe(200);
  });
});
