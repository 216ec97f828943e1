import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fastify from "fastify";
import type { Broker } from "hikyaku";
import { sqliteBroker } from "hikyaku/sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Operations } from "../operations.ts";
import { RequestProblem } from "../problems/request-problem.ts";
import { closeScope } from "./closed-scope.ts";

describe("a closed scope", () => {
  let folder: string;
  let broker: Broker;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "hikyaku-scope-"));
    broker = sqliteBroker({ path: join(folder, "hikyaku.db") });
  });
  afterEach(async () => {
    await broker.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const nobody = (): never => {
    throw new RequestProblem("unauthenticated", "Nobody may.");
  };

  it("keeps the server from starting when a route forgets to say who may use it", async () => {
    const app = fastify();
    await expect(
      app.register(async (scope) => {
        closeScope(scope, new Operations({ broker, authorize: nobody }));
        scope.get("/said", { config: { operationsScope: "read" } }, () => "x");
        scope.get("/forgotten", () => "secret");
      }),
    ).rejects.toThrow(/route GET \/forgotten says nobody who may use it/);
    await app.close();
  });

  it("lets nobody past the head of a request without permission, and everybody where a route is open", async () => {
    const app = fastify();
    app.get("/beside", () => "beside");
    app.register(async (scope) => {
      closeScope(scope, new Operations({ broker, authorize: nobody }));
      scope.post("/said", { config: { operationsScope: "read" } }, () => "secret");
      scope.get("/open", { config: { operationsScope: "open" } }, () => "open");
    });
    const refused = await app.inject({ method: "POST", url: "/said", headers: { "content-type": "x" }, payload: "x" });
    expect([refused.statusCode, refused.body.includes("secret")]).toEqual([401, false]);
    expect((await app.inject("/open")).body).toBe("open");
    expect((await app.inject("/beside")).body).toBe("beside");
    await app.close();
  });
});
