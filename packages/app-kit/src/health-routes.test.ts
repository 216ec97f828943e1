import { READINESS_PATH } from "@hikyaku/contract";
import fastify from "fastify";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { addHealthRoutes } from "./health-routes.ts";

describe("the health routes", () => {
  let app: ReturnType<typeof fastify>;
  let asked: number;
  let answer: PromiseWithResolvers<void>;
  beforeEach(() => {
    app = fastify();
    asked = 0;
    answer = Promise.withResolvers();
    addHealthRoutes(app, {
      probes: [
        {
          name: "job_queue_store",
          required: true,
          ask: async () => {
            asked++;
            await answer.promise;
            return [{ code: "store_answers", level: "ok", store: "/srv/secret.db" }];
          },
        },
      ],
      permission: { canRead: async ({ headers }) => headers.authorization === "me" },
    });
  });
  afterEach(() => app.close());

  it("ask the stores once for everybody who asks meanwhile, and anew for whoever comes later", async () => {
    const many = Array.from({ length: 50 }, () => app.inject(READINESS_PATH));
    await expect.poll(() => asked).toBe(1);
    answer.resolve();
    for (const { statusCode } of await Promise.all(many)) expect(statusCode).toBe(200);
    expect(asked).toBe(1);
    await app.inject(READINESS_PATH);
    expect(asked).toBe(2);
  });

  it("give facts to whoever may read them, and nobody else, also from one and the same look", async () => {
    const both = [
      app.inject({ url: READINESS_PATH, headers: { authorization: "me" } }),
      app.inject({ url: READINESS_PATH, headers: { authorization: "a stranger" } }),
    ];
    answer.resolve();
    const [mine, theirs] = await Promise.all(both);
    expect(mine?.body).toContain("/srv/secret.db");
    expect(theirs?.json()).toEqual({
      status: "ready",
      level: "ok",
      checks: [{ name: "job_queue_store", level: "ok" }],
    });
  });
});
