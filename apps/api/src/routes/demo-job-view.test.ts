import { randomUUID } from "node:crypto";
import {
  DEMO_JOBS_PATH,
  type DemoJobsView,
  type DemoJobView,
  demoJobsView,
  demoJobView,
  MOST_JOBS_ASKED,
  problem,
  REGISTER_DEMO_JOB_PATH,
} from "@hikyaku/contract";
import { delayPrint } from "@hikyaku/tasks";
import { Client, defineTask, HikyakuError, Server, type ServerOptions, silentLogger } from "hikyaku";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { aTestApp, type TestApp, type TestAppOptions } from "../../test/a-test-app.ts";

const here = { host: "localhost:8080" };

describe("what became of a demo job", () => {
  let test: TestApp;
  afterEach(() => test.close());

  async function open(options: TestAppOptions = {}): Promise<void> {
    test = await aTestApp(options);
  }

  async function register(body: object): Promise<string> {
    const answer = await test.app.inject({ method: "POST", url: REGISTER_DEMO_JOB_PATH, headers: here, payload: body });
    expect(answer.statusCode).toBe(201);
    return answer.json<{ job_id: string }>().job_id;
  }

  const get = (path: string, headers: Record<string, string> = here) =>
    test.app.inject({ method: "GET", url: `${DEMO_JOBS_PATH}${path}`, headers });

  async function viewOf(id: string): Promise<DemoJobView> {
    const answer = await get(`/${id}`);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers["cache-control"]).toBe("no-store");
    return demoJobView.parse(answer.json());
  }

  function aWorker(handle: (message: string) => void | Promise<void>): Server {
    const { broker } = test;
    const options: Partial<ServerOptions> = {
      build: "b7",
      retryDelay: ["50ms"],
      abortGrace: "100ms",
      shutdownTimeout: "0s",
    };
    const server = new Server({ broker, concurrency: 2, logger: silentLogger, ...options });
    server.handle(delayPrint, async ({ payload }) => {
      await handle(payload.message);
      return { printed_at: "2026-01-31T12:00:00.000Z" };
    });
    server.start();
    onTestFinished(() => server.stop());
    return server;
  }

  it("is that it counts down to its time, and who could take it", async () => {
    await open();
    const id = await register({ message: "later", delay_seconds: 60, max_retry: 2 });
    const view = await viewOf(id);
    expect(view).toMatchObject({
      job_id: id,
      message: "later",
      state: "scheduled",
      max_retry: 2,
      retried: 0,
      workers: 0,
      attempts: [],
      printed_at: null,
      archived_at: null,
      kept_until: null,
      running: null,
      details_shown: true,
      waiting: { reason: "not_due", since: null, until: view.due_at },
    });
    expect(Date.parse(view.due_at ?? "") - Date.parse(view.registered_at ?? "")).toBe(60_000);
  });

  it("is that nobody works on its queue, or that somebody paused it, once it is due", async () => {
    await open();
    const id = await register({ delay_seconds: 1 });
    await test.broker.change({ kind: "ids", queue: "default", taskIds: [id] }, "run", 1);
    const waiting = { since: expect.any(String), until: null };
    expect(await viewOf(id)).toMatchObject({ state: "pending", waiting: { reason: "no_worker", ...waiting } });
    await test.broker.pause("default");
    expect(await viewOf(id)).toMatchObject({ waiting: { reason: "queue_paused", ...waiting } });
  });

  it("is who printed it, where, with which build, and when", async () => {
    await open();
    const server = aWorker(() => undefined);
    const id = await register({ message: "hello", delay_seconds: 1 });
    await expect.poll(async () => (await viewOf(id)).state, { timeout: 20_000 }).toBe("completed");
    const view = await viewOf(id);
    expect(view).toMatchObject({ printed_at: "2026-01-31T12:00:00.000Z", waiting: null, running: null, workers: null });
    expect(view.attempts).toEqual([
      {
        number: 1,
        outcome: "completed",
        error: null,
        started_at: expect.any(String),
        ended_at: expect.any(String),
        worker: {
          server_id: server.serverId,
          host: expect.any(String),
          pid: process.pid,
          version: null,
          directory: process.cwd(),
          build: "b7",
          started_at: null,
        },
      },
    ]);
    const keptMs = Date.parse(view.kept_until ?? "") - Date.parse(view.attempts[0]?.ended_at ?? "");
    expect(Math.abs(keptMs - 86_400_000)).toBeLessThan(5_000);
  });

  it("is who runs it now", async () => {
    await open();
    const held = Promise.withResolvers<void>();
    const server = aWorker(() => held.promise);
    const id = await register({ delay_seconds: 1 });
    await expect
      .poll(() => viewOf(id), { timeout: 20_000 })
      .toMatchObject({
        state: "active",
        waiting: null,
        workers: 1,
        running: { lost: false, worker: { server_id: server.serverId, pid: process.pid, build: "b7" } },
      });
    held.resolve();
  });

  it("is with what each attempt failed, and that it was archived", async () => {
    await open();
    aWorker(() => Promise.reject(new Error("printer is on fire")));
    const id = await register({ delay_seconds: 1, max_retry: 1 });
    await expect.poll(async () => (await viewOf(id)).state, { timeout: 20_000 }).toBe("archived");
    const { attempts, archived_at, retried } = await viewOf(id);
    expect(attempts.map(({ number, outcome, error }) => [number, outcome, error])).toEqual([
      [1, "retry", "printer is on fire"],
      [2, "archived", "printer is on fire"],
    ]);
    expect([retried, typeof archived_at]).toEqual([1, "string"]);
  });

  it("tells strangers neither who nor where nor why, but all the rest", async () => {
    await open({ operationsToken: "0123456789abcdef" });
    aWorker(() => Promise.reject(new Error("printer is on fire")));
    const id = await register({ delay_seconds: 1, max_retry: 1 });
    await expect.poll(async () => (await viewOf(id)).state, { timeout: 20_000 }).toBe("archived");
    const answer = await get(`/${id}`);
    expect(answer.payload).not.toMatch(/fire|"b7"|directory":"/);
    expect(demoJobView.parse(answer.json())).toMatchObject({
      state: "archived",
      details_shown: false,
      attempts: [
        { number: 1, outcome: "retry", error: null, worker: null },
        { number: 2, outcome: "archived", error: null, worker: null },
      ],
    });
    const known = await get(`/${id}`, { ...here, authorization: "Bearer 0123456789abcdef" });
    expect(demoJobView.parse(known.json())).toMatchObject({
      details_shown: true,
      attempts: [{ error: "printer is on fire", worker: { build: "b7" } }, {}],
    });
  });

  it("is told of many jobs in one answer, with those of which nothing is known, and whether the queue is worked on", async () => {
    await open();
    const ids = [await register({ message: "a" }), await register({ message: "b" })];
    const gone = randomUUID();
    const ask = async (query: string): Promise<DemoJobsView> => {
      const answer = await get(query);
      expect(answer.statusCode).toBe(200);
      return demoJobsView.parse(answer.json());
    };
    const view = await ask(`?job_ids=${[ids[1], gone, ids[0]].join(",")}`);
    expect(view.jobs.map(({ message }) => message)).toEqual(["b", "a"]);
    expect(view).toMatchObject({ missing: [gone], queue: { paused: false, workers: 0 } });
    aWorker(() => undefined);
    await expect
      .poll(() => ask(""), { timeout: 20_000 })
      .toMatchObject({ jobs: [], missing: [], queue: { workers: 1 } });
  });

  it("is found by a UUID in capitals, and by the id of another program as that wrote it", async () => {
    await open();
    const id = await register({ message: "mine" });
    const capitals = randomUUID().toUpperCase();
    const client = new Client({ broker: test.broker });
    await client.enqueue(delayPrint, { message: "another's" }, { taskId: capitals });
    await client.close();
    expect(await viewOf(id.toUpperCase())).toMatchObject({ job_id: id, message: "mine" });
    expect(await viewOf(capitals)).toMatchObject({ job_id: capitals });
    expect((await get(`/${capitals.toLowerCase()}`)).statusCode).toBe(404);
    const gone = randomUUID().toUpperCase();
    const asked = await get(`?job_ids=${[id.toUpperCase(), id, gone, capitals].join(",")}`);
    const { jobs, missing } = demoJobsView.parse(asked.json());
    expect([jobs.map(({ job_id }) => job_id), missing]).toEqual([[id, capitals], [gone]]);
  });

  it("is not told of tasks that are no demo jobs", async () => {
    await open();
    const client = new Client({ broker: test.broker });
    const { id } = await client.enqueue(defineTask({ type: "secret" }), { key: 1 });
    await client.close();
    const answer = await get(`/${id}`);
    expect(answer.statusCode).toBe(404);
    expect(problem.parse(answer.json()).code).toBe("task_not_found");
    expect(demoJobsView.parse((await get(`?job_ids=${id}`)).json()).missing).toEqual([id]);
  });

  it("refuses too many ids, and ids that are too long", async () => {
    await open();
    const ids = Array.from({ length: MOST_JOBS_ASKED + 1 }, () => randomUUID());
    expect((await get(`?job_ids=${ids.join(",")}`)).statusCode).toBe(422);
    expect((await get(`?job_ids=${ids.slice(1).join(",")}`)).statusCode).toBe(200);
    expect((await get(`?job_ids=${"x".repeat(201)}`)).statusCode).toBe(422);
    expect((await get("?jobs=x")).statusCode).toBe(422);
  });

  it("is asked for again later when the store does not answer", async () => {
    await open();
    const { broker } = test;
    const get503 = await aTestApp({
      broker: Object.assign(Object.create(broker), {
        get: () => Promise.reject(new HikyakuError("deadline_exceeded", "no answer")),
        close: () => Promise.resolve(),
      }),
    });
    const answer = await get503.app.inject({ method: "GET", url: `${DEMO_JOBS_PATH}/${randomUUID()}`, headers: here });
    expect(answer.statusCode).toBe(503);
    expect(problem.parse(answer.json()).code).toBe("deadline_exceeded");
    await get503.close();
  });
});
