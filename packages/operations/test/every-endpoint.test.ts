import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Endpoint, METHODS, permits, problem, SCOPES, type Scope } from "@hikyaku/contract";
import { type Broker, defineTask } from "hikyaku";
import { sqliteBroker } from "hikyaku/sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Authorize, Operations } from "../src/index.ts";
import { asking, examples, pathOf } from "./asking.ts";
import type { ExampleRequest } from "./example-requests.ts";
import { type Mounting, mountings } from "./mountings.ts";
import { describeOnBothStores } from "./stores.ts";
import { byToken, testOperations } from "./test-operations.ts";

async function codeOf(answer: Response): Promise<string> {
  expect(answer.headers.get("content-type")).toContain("application/problem+json");
  return `${answer.status} ${problem.parse(await answer.json()).code}`;
}

/** Any answer that fits: a stream is not read to its end. */
async function expectAnswer(answer: Response, { operationId }: Endpoint, example: ExampleRequest): Promise<void> {
  expect(example.answers, `${operationId} answers ${answer.status}`).toContain(answer.status);
  await answer.body?.cancel();
}

it("every endpoint has an example request that fits its schemas", () => {
  for (const { endpoint, example } of examples) {
    const { operationId, params, body } = endpoint;
    expect(example, operationId).toBeDefined();
    if (params !== undefined) expect(params.safeParse(example.params ?? {}).error, operationId).toBeUndefined();
    if (body !== undefined) expect(body.safeParse(example.body ?? null).error, operationId).toBeUndefined();
  }
});

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

  it("tells nobody anything without a credential, whatever is sent", async () => {
    for (const { endpoint, example } of examples.filter(({ endpoint: { scope } }) => scope !== "open")) {
      expect(await codeOf(await asking(mounting, endpoint, example)), endpoint.operationId).toBe("401 unauthenticated");
    }
  });

  it("lets in whoever holds its scope, and nobody else", async () => {
    for (const { endpoint, example } of examples) {
      const { scope, operationId } = endpoint;
      if (scope === "open") continue;
      for (const held of [...SCOPES, "none"] as const) {
        const answer = await asking(mounting, endpoint, example, { authorization: `Bearer ${held}` });
        if (held !== "none" && permits([held], scope)) await expectAnswer(answer, endpoint, example);
        else expect(await codeOf(answer), `${operationId} with ${held}`).toBe("403 forbidden");
      }
    }
  });

  it("says of another method what there is, before it asks who it is", async () => {
    for (const { endpoint, example } of examples) {
      const ask = (method: string) => mounting.ask(pathOf(endpoint, example), { method });
      const atPath = examples.filter((one) => one.endpoint.path === endpoint.path);
      const same = atPath.map((one) => String(one.endpoint.method));
      for (const method of METHODS.filter((one) => !same.includes(one))) {
        const answer = await ask(method);
        expect(answer.headers.get("allow")).toContain(endpoint.method);
        expect(await codeOf(answer)).toBe("405 method_not_allowed");
      }
      const asked = await ask("OPTIONS");
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
    const authorize: Authorize = (head) =>
      head.headers.authorization === undefined ? { scopes: ["admin"] } : byToken(head);
    mounting = await mount(testOperations(broker, authorize).operations);
    for (const { endpoint, example } of examples.filter(({ endpoint: { method } }) => method !== "GET")) {
      for (const headers of foreign) {
        const answer = await asking(mounting, endpoint, example, headers);
        expect(await codeOf(answer), endpoint.operationId).toBe("403 forbidden");
        const brought = { ...headers, authorization: "Bearer admin" };
        await expectAnswer(await asking(mounting, endpoint, example, brought), endpoint, example);
      }
    }
  });
});

describeOnBothStores("every endpoint of the contract", (served) => {
  it.each(examples)("answers its example: $endpoint.operationId", async ({ endpoint, example }) => {
    const answer = await asking(served.mounting, endpoint, example, { authorization: "Bearer admin" });
    await expectAnswer(answer, endpoint, example);
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
