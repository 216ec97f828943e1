import { randomUUID } from "node:crypto";
import { request as httpRequest } from "node:http";
import { MAX_DELAY_SECONDS, MAX_MESSAGE_CHARACTERS, problem, REGISTER_DEMO_JOB_PATH } from "@hikyaku/contract";
import fc from "fast-check";
import { HikyakuError } from "hikyaku";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { aTestApp, type TestApp } from "../../test/a-test-app.ts";

const json = { "content-type": "application/json" };

describe("registering a demo job", () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await aTestApp();
  });
  afterAll(() => test.close());

  function post(payload: unknown, headers: Record<string, string> = json) {
    const body = typeof payload === "string" || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload);
    return test.app.inject({ method: "POST", url: REGISTER_DEMO_JOB_PATH, headers, payload: body });
  }

  async function stored(id: string) {
    const [task] = await test.broker.get("default", [id]);
    if (task === undefined || task.unreadable !== undefined) throw new Error(`expected task ${id} in the store`);
    const { payload } = task.message;
    return { ...task, payload: JSON.parse(Buffer.from(payload ?? []).toString()) as unknown };
  }

  it("stores the job with what was asked for", async () => {
    const before = Date.now();
    const answer = await post({ message: "hello", delay_seconds: 3, max_retry: 5 });
    expect(answer.statusCode).toBe(201);
    const { job_id, ...rest } = answer.json<{ job_id: string }>();
    expect(rest).toEqual({ status: "registered" });
    const task = await stored(job_id);
    expect(task).toMatchObject({ state: "scheduled", payload: { message: "hello" } });
    expect(task.message).toMatchObject({ type: "demo:delay_print", queue: "default", maxRetry: 5 });
    expect(task.dueAt).toBeGreaterThanOrEqual(before + 3000);
    expect(task.dueAt).toBeLessThan(Date.now() + 3100);
  });

  it.each([{}, { message: "", delay_seconds: 0, max_retry: 0 }])("takes the defaults for %j", async (body) => {
    const answer = await post(body);
    expect(answer.statusCode).toBe(201);
    const task = await stored(answer.json<{ job_id: string }>().job_id);
    expect(task.payload).toEqual({ message: "Job executed successfully" });
    expect(task.message.maxRetry).toBe(10);
    expect(Math.abs((task.dueAt ?? 0) - Date.now() - 180_000)).toBeLessThan(1000);
  });

  it("gives the job the id that the request brings, and makes no second one when it comes again", async () => {
    const job_id = randomUUID();
    const before = await test.jobs();
    const body = { message: "once", delay_seconds: 60, max_retry: 2, job_id };
    for (let times = 0; times < 3; times++) {
      const answer = await post(body);
      expect(answer.statusCode).toBe(201);
      expect(answer.json()).toEqual({ job_id, status: "registered" });
    }
    expect(await test.jobs()).toBe(before + 1);
    expect((await stored(job_id)).message).toMatchObject({ maxRetry: 2, retentionMs: 86_400_000 });
  });

  it.each([{ message: "other" }, { delay_seconds: 61 }, { max_retry: 3 }])(
    "refuses an id that another job has: %j",
    async (change) => {
      const body = { message: "first", delay_seconds: 60, max_retry: 2, job_id: randomUUID() };
      expect((await post(body)).statusCode).toBe(201);
      const answer = await post({ ...body, ...change });
      expect(answer.statusCode).toBe(409);
      expect(problem.parse(answer.json()).code).toBe("task_id_taken");
    },
  );

  it.each(["", "x", "0199E0A4-6B52-7C1E-9F57-2D8C4BE0F3AA", "0199e0a4-6b52-7c1e-9f57-2d8c4be0f3aa\n", 7, null])(
    "refuses %j as an id",
    async (job_id) => {
      const answer = await post({ job_id });
      expect(answer.statusCode).toBe(422);
      expect(problem.parse(answer.json()).errors).toMatchObject([{ location: "body.job_id" }]);
    },
  );

  it("keeps every character of a message", async () => {
    const message = '飛脚 🏃‍♂️ ¿qué? \\ " %s {{x}} $(id)';
    const answer = await post({ message });
    expect((await stored(answer.json<{ job_id: string }>().job_id)).payload).toEqual({ message });
  });

  it.each([
    ["body.delay_seconds", { delay_seconds: -1 }, -1],
    ["body.delay_seconds", { delay_seconds: 1.5 }, 1.5],
    ["body.delay_seconds", { delay_seconds: "3" }, "3"],
    ["body.delay_seconds", { delay_seconds: null }, null],
    ["body.delay_seconds", { delay_seconds: MAX_DELAY_SECONDS + 1 }, MAX_DELAY_SECONDS + 1],
    ["body.max_retry", { max_retry: -1 }, -1],
    ["body.max_retry", { max_retry: true }, true],
    ["body.message", { message: 7 }, 7],
    ["body.message", { message: "two\nlines" }, "two\nlines"],
    ["body.mesage", { mesage: "typo" }, "typo"],
    ["body", [], []],
    ["body", "3", 3],
    ["body", "null", null],
  ])("refuses what does not fit: %s in %j", async (location, body, value) => {
    const before = await test.jobs();
    const answer = await post(body);
    expect(answer.statusCode).toBe(422);
    expect(answer.headers["content-type"]).toBe("application/problem+json; charset=utf-8");
    const { errors, ...rest } = problem.parse(answer.json());
    expect(rest).toMatchObject({ type: "about:blank", title: "Unprocessable Entity", status: 422 });
    expect(errors).toEqual([{ location, message: expect.stringMatching(/^expected .+ got /s), value }]);
    expect(await test.jobs()).toBe(before);
  });

  it("names every error of a body", async () => {
    const answer = await post({ message: 1, delay_seconds: "x", max_retry: -1, more: 1 });
    const locations = problem.parse(answer.json()).errors?.map(({ location }) => location);
    expect(locations?.sort()).toEqual(["body.delay_seconds", "body.max_retry", "body.message", "body.more"]);
  });

  it("repeats no more than the beginning of a large value, and not every error of very many", async () => {
    const long = await post({ message: "x".repeat(MAX_MESSAGE_CHARACTERS + 1) });
    expect(long.statusCode).toBe(422);
    expect(long.payload.length).toBeLessThan(1500);
    const many = await post(Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`key${index}`, 1])));
    expect(many.statusCode).toBe(422);
    expect(problem.parse(many.json()).errors).toHaveLength(20);
  });

  it.each([
    ["no JSON at all", "hello"],
    ["JSON that ends early", '{"message":'],
    ["an empty body", " "],
    ["bytes that are no UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])],
  ])("answers 400 to %s", async (_, body) => {
    const answer = await post(body);
    expect(answer.statusCode).toBe(400);
    expect(problem.parse(answer.json()).detail).toMatch(/^expected /);
  });

  it.each([
    ["text/plain"],
    ["application/x-www-form-urlencoded"],
    ["application/jsonp"],
    ["application/vnd.api+json"],
    ["nonsense"],
    ["application/json; charset=utf-16"],
  ])("answers 415 to a body of type %s", async (type) => {
    const answer = await post("{}", { "content-type": type });
    expect(answer.statusCode).toBe(415);
    expect(answer.headers["content-type"]).toContain("problem+json");
  });

  it("answers 415 to a compressed body", async () => {
    expect((await post("{}", { ...json, "content-encoding": "gzip" })).statusCode).toBe(415);
  });

  it("takes a charset beside the type", async () => {
    expect((await post("{}", { "content-type": "application/json; charset=utf-8" })).statusCode).toBe(201);
  });

  it("answers 413 to a body that is too large", async () => {
    expect((await post({ message: "x".repeat(100_000) })).statusCode).toBe(413);
  });

  it("answers 422 to a request without any body", async () => {
    const answer = await test.app.inject({ method: "POST", url: REGISTER_DEMO_JOB_PATH });
    expect(answer.statusCode).toBe(422);
    expect(problem.parse(answer.json()).errors?.[0]?.location).toBe("body");
  });

  it("cannot be harmed by keys that mean something to JavaScript", async () => {
    for (const body of ['{"__proto__":{"message":"x"}}', '{"constructor":{"prototype":{"x":1}}}', '{"toString":1}']) {
      expect((await post(body)).statusCode).toBe(422);
    }
    expect(({} as Record<string, unknown>)["message"]).toBeUndefined();
  });

  it("survives a value that is nested as deep as a body can be", async () => {
    const depth = 32_000;
    const answer = await post(`{"message":${"[".repeat(depth)}${"]".repeat(depth)}}`);
    expect(answer.statusCode).toBe(422);
  });

  it("answers anything at all with 201, 400 or 422, and stores only what it accepted", async () => {
    let expected = await test.jobs();
    const keys = fc.constantFrom("message", "delay_seconds", "max_retry", "__proto__", "x");
    const body = fc.oneof(
      fc.string().map(Buffer.from),
      fc.uint8Array().map(Buffer.from),
      fc.json(),
      fc.dictionary(keys, fc.jsonValue()),
    );
    await fc.assert(
      fc.asyncProperty(body, async (payload) => {
        const answer = await post(payload);
        expect([201, 400, 422]).toContain(answer.statusCode);
        if (answer.statusCode === 201) expected += 1;
        else expect(problem.safeParse(answer.json()).success).toBe(true);
        expect(await test.jobs()).toBe(expected);
      }),
      { numRuns: 300 },
    );
  });

  it.each(["GET", "PUT", "DELETE", "PATCH"] as const)("answers %s with 405 and what is possible", async (method) => {
    const answer = await test.app.inject({
      method,
      url: REGISTER_DEMO_JOB_PATH,
      headers: { "content-type": "x" },
      ...(method === "GET" ? {} : { payload: "x" }),
    });
    expect(answer.statusCode).toBe(405);
    expect(answer.headers["allow"]).toBe("OPTIONS, POST");
    expect(answer.headers["content-type"]).toContain("problem+json");
  });
});

describe("registering a demo job while something is wrong", () => {
  let test: TestApp | undefined;
  afterEach(() => test?.close());

  function register(app: TestApp) {
    return app.app.inject({ method: "POST", url: REGISTER_DEMO_JOB_PATH, headers: json, payload: "{}" });
  }

  it.each(["broker_unavailable", "answer_lost", "deadline_exceeded", "store_rejected", "closed", "cancelled"] as const)(
    "answers 503 with Retry-After when the library says %s, and keeps its words for the log",
    async (code) => {
      const enqueue = () => Promise.reject(new HikyakuError(code, "redis at 10.1.2.3:6379 hung up"));
      test = await aTestApp({ client: { enqueue } });
      const answer = await register(test);
      expect(answer.statusCode).toBe(503);
      expect(Number(answer.headers["retry-after"])).toBeGreaterThanOrEqual(1);
      expect(answer.payload).not.toContain("10.1.2.3");
      expect(JSON.stringify(test.log)).toContain("10.1.2.3");
    },
  );

  it("tells nothing of an error of its own but where to find it in the log", async () => {
    test = await aTestApp({ client: { enqueue: () => Promise.reject(new TypeError("secret of 10.1.2.3")) } });
    const answer = await register(test);
    expect(answer.statusCode).toBe(500);
    expect(answer.payload).not.toContain("secret");
    const { instance } = problem.parse(answer.json());
    expect(instance).toBe(`urn:uuid:${answer.headers["x-request-id"]}`);
    expect(test.log.find(({ level }) => level === 50)).toMatchObject({ reqId: answer.headers["x-request-id"] });
  });

  it("keeps serving when a client goes away in the middle of its request", async () => {
    test = await aTestApp();
    await test.app.listen({ host: "127.0.0.1", port: 0 });
    const address = test.app.server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const half = httpRequest({
      host: "127.0.0.1",
      port,
      method: "POST",
      path: REGISTER_DEMO_JOB_PATH,
      headers: { ...json, "content-length": "1000" },
    });
    half.on("error", () => undefined);
    await new Promise<void>((resolve) => half.write('{"message":', () => resolve()));
    half.destroy();
    expect((await register(test)).statusCode).toBe(201);
    expect(await test.jobs()).toBe(1);
  });
});
