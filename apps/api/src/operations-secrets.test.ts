import { afterEach, describe, expect, it } from "vitest";
import { aTestApp, type TestApp } from "../test/a-test-app.ts";

const token = "a-token-of-the-test-0123456789";
const payloadSecret = "4111-payload-secret";

describe("the log of the API server", () => {
  let test: TestApp;
  afterEach(() => test.close());

  it("has neither tokens, keys and cookies nor payloads, of requests that succeed and of those that fail", async () => {
    test = await aTestApp({ operationsToken: token });
    const authorization = `Bearer ${token}`;
    const post = (url: string, headers: Record<string, string>, payload: object) =>
      test.app.inject({ method: "POST", url: `/api/v1${url}`, headers, payload });
    const made = await post("/keys", { authorization }, { name: "mail", scopes: ["admin"] });
    const { key } = made.json<{ readonly key: string }>();
    const begun = await test.app.inject({
      method: "POST",
      url: "/api/v1/session",
      headers: { authorization: `Bearer ${key}` },
    });
    const cookie = String(begun.headers["set-cookie"]).split(";")[0] ?? "";
    expect([made.statusCode, begun.statusCode]).toEqual([201, 201]);
    const task = { type: "pay", payload: { card: payloadSecret } };
    expect((await post("/queues/mail/tasks", { authorization }, task)).statusCode).toBe(201);
    expect((await post("/queues/mail/tasks", { cookie }, { ...task, nonsense: payloadSecret })).statusCode).toBe(422);
    expect((await post("/queues/mail/tasks", { authorization: `Bearer ${key}x` }, task)).statusCode).toBe(401);
    test.broker.enqueue = () => Promise.reject(new Error("the store is ill"));
    expect((await post("/queues/mail/tasks", { cookie }, task)).statusCode).toBeGreaterThanOrEqual(500);
    const log = JSON.stringify(test.log);
    expect(test.log.length).toBeGreaterThan(3);
    for (const secret of [token, key.slice(16), cookie.slice(20), payloadSecret]) expect(log).not.toContain(secret);
  });
});
