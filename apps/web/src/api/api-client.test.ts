import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { at } from "../../test/a-view.ts";
import { ApiClient } from "./api-client.ts";
import { ApiError } from "./api-failure.ts";

/** Starts a real server with one listener, and returns its origin. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function answering(status: number, body: unknown, headers: Record<string, string> = {}): Promise<string> {
  return serve((_, response) => {
    response.writeHead(status, headers).end(typeof body === "string" ? body : JSON.stringify(body));
  });
}

async function failureWhenRegistering(origin: string, deadlineMs = 5000) {
  const error = await new ApiClient({ origin, deadlineMs }).registerDemoJob({}).catch((thrown: unknown) => thrown);
  if (!(error instanceof ApiError)) throw new Error(`expected an ApiError, got ${String(error)}`);
  return error.failure;
}

const aProblem = (status: number, code = "internal_error") => ({
  type: "about:blank",
  title: "A problem",
  status,
  code,
  detail: "It is so.",
});

describe("the API client", () => {
  it("sends the request as JSON and returns the id", async () => {
    let received = "";
    const origin = await serve(async (request, response) => {
      for await (const chunk of request) received += chunk;
      received = `${request.method} ${request.url} ${request.headers["content-type"]} ${received}`;
      response.writeHead(201).end(JSON.stringify({ job_id: "a1", status: "registered" }));
    });
    const answer = await new ApiClient({ origin }).registerDemoJob({ message: "hello", delay_seconds: 3 });
    expect(answer).toEqual({ job_id: "a1", status: "registered" });
    expect(received).toBe('POST /api/dm-jobqueue/register application/json {"message":"hello","delay_seconds":3}');
  });

  it("passes on each error of a 422", async () => {
    const errors = [{ location: "body.max_retry", message: "expected less", value: 1001 }];
    const origin = await answering(422, { ...aProblem(422), errors });
    expect(await failureWhenRegistering(origin)).toEqual({ kind: "invalid", detail: "It is so.", errors });
  });

  it.each([
    ["37", 37],
    [undefined, undefined],
    ["soon", undefined],
  ])("reads from a 429 when to try again: %s", async (header, retryAfterSeconds) => {
    const origin = await answering(429, aProblem(429), header ? { "retry-after": header } : {});
    expect(await failureWhenRegistering(origin)).toEqual({ kind: "rate-limited", retryAfterSeconds });
  });

  it("believes a 503 only from our own server", async () => {
    const silent = aProblem(503, "deadline_exceeded");
    expect(await failureWhenRegistering(await answering(503, silent))).toEqual({
      kind: "unavailable",
      code: "deadline_exceeded",
      detail: "It is so.",
    });
    expect(await failureWhenRegistering(await answering(503, "<h1>Bad gateway</h1>"))).toEqual({
      kind: "unexpected",
      status: 503,
      detail: "",
    });
  });

  it.each([
    [200, { job_id: "a1", status: "registered" }],
    [201, { id: "a1" }],
    [201, "not JSON"],
    [404, { error: "Not found" }],
  ])("takes %i with an unknown body for an unexpected answer", async (status, body) => {
    expect(await failureWhenRegistering(await answering(status, body))).toMatchObject({ kind: "unexpected", status });
  });

  it("tells a refusal of our own server from one of a proxy", async () => {
    const origin = await answering(413, aProblem(413, "body_too_large"));
    expect(await failureWhenRegistering(origin)).toMatchObject({ kind: "refused", code: "body_too_large" });
    const taken = await answering(409, aProblem(409, "task_id_taken"));
    expect(await failureWhenRegistering(taken)).toMatchObject({ kind: "unexpected", status: 409 });
    expect(await failureWhenRegistering(await answering(413, "<h1>Too large</h1>"))).toMatchObject({
      kind: "unexpected",
      status: 413,
    });
  });

  it("asks about several jobs in one request", async () => {
    let asked = "";
    const answer = { jobs: [], missing: ["a", "b"], queue: { paused: false, workers: 1 }, now: at(0) };
    const origin = await serve((request, response) => {
      asked = request.url ?? "";
      response.end(JSON.stringify(answer));
    });
    expect(await new ApiClient({ origin }).demoJobs(["a", "b"])).toEqual(answer);
    expect(asked).toBe("/api/dm-jobqueue/jobs?job_ids=a%2Cb");
  });

  it("says when the connection breaks before the answer is complete", async () => {
    const origin = await serve((request) => request.socket.destroy());
    expect(await failureWhenRegistering(origin)).toEqual({ kind: "unreachable" });
  });

  it("gives up at its deadline, also in the middle of an answer", async () => {
    const origin = await serve((_, response) => {
      response.writeHead(201).write('{"job_id":');
    });
    expect(await failureWhenRegistering(origin, 100)).toEqual({ kind: "timed-out", deadlineSeconds: 0.1 });
  });

  it("stops when its caller does, with the caller's reason", async () => {
    const arrived = Promise.withResolvers<void>();
    const origin = await serve(() => arrived.resolve());
    const caller = new AbortController();
    const call = new ApiClient({ origin }).readiness(caller.signal);
    await arrived.promise;
    caller.abort(new Error("page left"));
    await expect(call).rejects.toThrow("page left");
  });

  it("takes 'not ready' for an answer", async () => {
    const checks = [{ name: "job_queue_store", level: "error" }];
    const notReady = { status: "not_ready", level: "error", checks };
    const origin = await answering(503, notReady);
    expect(await new ApiClient({ origin }).readiness()).toEqual(notReady);
  });
});
