import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Endpoint, METHODS, permits, problem, SCOPES, type Scope } from "@hikyaku/contract";
import { type Broker, defineTask } from "hikyaku";
import { sqliteBroker } from "hikyaku/sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Operations } from "../src/index.ts";
import { type Mounting, mountings } from "./mountings.ts";
import { contractEndpoints, testOperations } from "./test-operations.ts";

/** Fits no schema, so that who is let in is told so with 422, and nothing is done. */
const misfit = { headers: { "content-type": "application/json" }, body: '{"no such field": 1}' };

describe.each(Object.entries(mountings))("every endpoint of the contract, mounted in %s", (_name, mount) => {
  let broker: Broker;
  let mounting: Mounting;
  let folder: string;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "hikyaku-operations-"));
    broker = sqliteBroker({ path: join(folder, "hikyaku.db") });
    mounting = await mount(testOperations(broker).operations);
  });
  afterEach(async () => {
    await mounting.close();
    await broker.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function ask({ path, body }: Endpoint, method: string, headers: Record<string, string> = {}): Promise<Response> {
    const sends = body !== undefined && method !== "GET" && method !== "HEAD";
    const init = { method, ...(sends && { body: misfit.body }), headers: { ...(sends && misfit.headers), ...headers } };
    return mounting.ask(path.replaceAll(/\{\w+\}/g, "x"), init);
  }

  async function codeOf(answer: Response): Promise<string> {
    expect(answer.headers.get("content-type")).toContain("application/problem+json");
    return `${answer.status} ${problem.parse(await answer.json()).code}`;
  }

  it("tells nobody anything without a credential, whatever is sent", async () => {
    for (const endpoint of contractEndpoints.filter(({ scope }) => scope !== "open")) {
      expect(await codeOf(await ask(endpoint, endpoint.method)), endpoint.operationId).toBe("401 unauthenticated");
    }
  });

  it("lets in whoever holds its scope, and nobody else", async () => {
    for (const endpoint of contractEndpoints) {
      const { scope } = endpoint;
      if (scope === "open") continue;
      for (const held of [...SCOPES, "none"] as const) {
        const answer = await ask(endpoint, endpoint.method, { authorization: `Bearer ${held}` });
        const isLetIn = held !== "none" && permits([held], scope);
        const what = `${endpoint.operationId} with ${held}`;
        if (!isLetIn) expect(await codeOf(answer), what).toBe("403 forbidden");
        else
          expect(`body: ${endpoint.body !== undefined}, ${answer.status}`, what).toMatch(
            /true, 422|false, (200|404|422)/,
          );
      }
    }
  });

  it("says of another method what there is, before it asks who it is", async () => {
    for (const endpoint of contractEndpoints) {
      const same = contractEndpoints.filter(({ path }) => path === endpoint.path).map(({ method }) => String(method));
      for (const method of METHODS.filter((one) => !same.includes(one))) {
        const answer = await ask(endpoint, method);
        expect(answer.headers.get("allow")).toContain(endpoint.method);
        expect(await codeOf(answer)).toBe("405 method_not_allowed");
      }
      const asked = await ask(endpoint, "OPTIONS");
      expect([asked.status, asked.headers.get("allow")]).toEqual([204, expect.stringContaining(endpoint.method)]);
    }
  });

  it("lets a page of another site change nothing with what a browser sends along by itself", async () => {
    const foreign: Record<string, string>[] = [
      { origin: "https://evil.example" },
      { origin: "null" },
      { "sec-fetch-site": "cross-site" },
    ];
    await mounting.close();
    mounting = await mount(testOperations(broker, () => ({ scopes: ["admin"] })).operations);
    for (const endpoint of contractEndpoints.filter(({ method }) => method !== "GET")) {
      for (const headers of foreign) {
        expect(await codeOf(await ask(endpoint, endpoint.method, headers))).toBe("403 forbidden");
        const brought = { ...headers, authorization: "Bearer admin" };
        expect((await ask(endpoint, endpoint.method, brought)).status).toBe(422);
      }
    }
  });
});

it("operations are not made with two definitions of one type", () => {
  const types = [defineTask({ type: "mail" }), defineTask({ type: "mail" })];
  const broker = sqliteBroker({ path: ":memory:" });
  expect(() => new Operations({ broker, authorize: () => ({ scopes: [] }), types })).toThrow(/got two of "mail"/);
});

it("scopes: admin includes all, operate includes read, and enqueue nothing else", () => {
  const held = (scope: Scope) => SCOPES.filter((needed) => permits([scope], needed));
  expect([held("read"), held("enqueue"), held("operate"), held("admin")]).toEqual([
    ["read"],
    ["enqueue"],
    ["read", "operate"],
    [...SCOPES],
  ]);
  expect(permits([], "read")).toBe(false);
});
