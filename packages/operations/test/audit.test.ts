import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import {
  type AuditEntryView,
  auditEntry,
  type Endpoint,
  endpoint,
  isAudited,
  operationsEndpoints,
} from "@hikyaku/contract";
import { type Broker, HikyakuError, type LogFields, type Logger } from "hikyaku";
import { sqliteBroker } from "hikyaku/sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as z from "zod";
import { operationsRoutes } from "../src/handlers/index.ts";
import { type HandlersOf, Operations, RequestProblem, routesOf, webHandler } from "../src/index.ts";
import { aTask } from "./tasks.ts";

const words = { tag: "test", summary: "x", description: "x", scope: "operate", method: "POST" } as const;
const body = z.strictObject({ reason: z.string().optional(), payload: z.unknown(), size: z.number().optional() });
const answers = { 200: z.object({}) };
const testEndpoints = {
  paint: endpoint({
    ...words,
    operationId: "paint",
    path: "/walls/{queue}/{id}/paint",
    answers,
    body,
    params: z.object({ queue: z.string(), id: z.string() }),
  }),
  quiet: endpoint({ ...words, operationId: "quiet", path: "/quiet", answers, unaudited: "it changes nothing" }),
  add: endpoint({ ...words, operationId: "add", path: "/add", answers, scope: "enqueue" }),
  look: endpoint({ ...words, operationId: "look", path: "/look", answers, method: "GET", scope: "read" }),
  hang: endpoint({ ...words, operationId: "hang", path: "/hang", answers, deadlineSeconds: 0.1 }),
};

describe("the audit", () => {
  let broker: Broker;
  let folder: string;
  let ask: (path: string, init?: RequestInit) => Promise<Response>;
  let logged: { readonly message: string; readonly fields: LogFields | undefined }[];
  let paint: () => void = () => undefined;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "hikyaku-audit-"));
    broker = sqliteBroker({ path: join(folder, "hikyaku.db") });
    paint = () => undefined;
    logged = [];
    const note = (message: string, fields?: LogFields): void => void logged.push({ message, fields });
    const logger: Logger = { debug: note, info: note, warn: note, error: note };
    const handlers = {
      paint: async ({ tellChange }) => {
        tellChange({ before: { colour: "white" } });
        paint();
        tellChange({ after: { colour: "red" } });
        return { status: 200, body: {} };
      },
      quiet: async () => ({ status: 200, body: {} }),
      add: async () => ({ status: 200, body: {} }),
      look: async () => ({ status: 200, body: {} }),
      hang: () => new Promise<never>(() => undefined),
    } satisfies HandlersOf<typeof testEndpoints>;
    const operations = new Operations({
      broker,
      logger,
      authorize: ({ headers }) => ({ name: headers.authorization ?? "ana", scopes: ["admin"] }),
      routes: [...operationsRoutes, ...routesOf(testEndpoints, handlers)],
    });
    const handle = webHandler(operations, { addressOf: () => "192.0.2.7" });
    ask = (path, init) => handle(new Request(`http://queue.example${path}`, init));
  });
  afterEach(async () => {
    await broker.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const post = (path: string, value: unknown = {}, headers: Record<string, string> = {}) =>
    ask(path, {
      method: "POST",
      body: JSON.stringify(value),
      headers: { "content-type": "application/json", ...headers },
    });

  async function entries(query = ""): Promise<AuditEntryView[]> {
    const answer = await ask(`/audit${query}`);
    expect(answer.status).toBe(200);
    return z.object({ entries: z.array(auditEntry) }).parse(await answer.json()).entries;
  }

  it("has who did what on what, from where, when and why, how it was and is, without payloads and secrets", async () => {
    const sent = { reason: "too white", size: 3, payload: { card: "4111-secret" } };
    await post("/walls/north%2F1/w7/paint", sent);
    const [entry] = await entries();
    expect(entry).toEqual({
      position: expect.any(Number),
      at: expect.any(String),
      who: "ana",
      way: "api",
      from: "192.0.2.7",
      operation: "paint",
      on: { queue: "north/1", id: "w7" },
      reason: "too white",
      input: { size: 3, payload: "(22 bytes, not kept)" },
      before: { colour: "white" },
      after: { colour: "red" },
      result: "done",
      code: null,
      status: 200,
    });
    const { entries: stored } = await broker.readTrail({ trail: "audit", limit: 10 });
    expect(JSON.stringify(stored)).not.toContain("4111");
  });

  it("has what was asked for in the query, and how many tasks went with a queue", async () => {
    await broker.enqueue([aTask({ queue: "old" }), aTask({ queue: "old" })]);
    await ask("/queues/old", { method: "DELETE" });
    await ask("/queues/old?force=true&reason=moved", { method: "DELETE" });
    expect(await entries()).toMatchObject([
      {
        operation: "remove-queue",
        on: { queue: "old" },
        reason: "moved",
        input: { force: "true" },
        after: { removed_tasks: 2 },
        result: "done",
      },
      { input: null, after: null, result: "not_done", code: "wrong_state" },
    ]);
  });

  it("has what was refused, and keeps apart what was not done from what perhaps was", async () => {
    paint = () => {
      throw new RequestProblem("wrong_state", "It is wet.");
    };
    await post("/walls/a/1/paint", { payload: 1 });
    paint = () => {
      throw new HikyakuError("answer_lost", "cut");
    };
    await post("/walls/a/2/paint", { payload: 1 });
    await post("/hang");
    await expect.poll(() => entries()).toHaveLength(3);
    expect(
      (await entries()).map(({ operation, result, code, status, before }) => [operation, result, code, status, before]),
    ).toEqual([
      ["hang", "perhaps_done", "deadline_exceeded", 503, null],
      ["paint", "perhaps_done", "answer_lost", 503, { colour: "white" }],
      ["paint", "not_done", "wrong_state", 409, { colour: "white" }],
    ]);
  });

  it("has neither what only looks or adds tasks, nor what never came as far as the operation", async () => {
    await ask("/look");
    await post("/add");
    await post("/quiet");
    await post("/walls/a/1/paint", { colour: "no such field" });
    await post("/nothing");
    expect(await entries()).toEqual([]);
  });

  it("is found by who, what, on what, result and time, page by page, with a budget", async () => {
    for (let index = 0; index < 5; index++) {
      await post(
        `/walls/${index % 2 === 0 ? "even" : "odd"}/${index}/paint`,
        { payload: 1 },
        { authorization: `user ${index}` },
      );
    }
    const all = await entries();
    const idsOf = (found: readonly AuditEntryView[]): (string | undefined)[] => found.map(({ on }) => on["id"]);
    expect(idsOf(all)).toEqual(["4", "3", "2", "1", "0"]);
    expect(idsOf(await entries("?queue=odd"))).toEqual(["3", "1"]);
    expect(idsOf(await entries("?id=2"))).toEqual(["2"]);
    expect(idsOf(await entries("?who=user%204"))).toEqual(["4"]);
    expect(await entries("?operation=pause-queue")).toEqual([]);
    expect(await entries("?result=not_done")).toEqual([]);
    expect(await entries(`?until=${all[4]?.at}`)).toEqual([]);
    expect(idsOf(await entries(`?since=${all[4]?.at}`))).toHaveLength(5);
    const seen: (string | undefined)[] = [];
    let next: string | null = "";
    while (next !== null) {
      const answer = await ask(`/audit?limit=2&queue=even${next === "" ? "" : `&cursor=${next}`}`);
      const page = z
        .object({ entries: z.array(auditEntry), next: z.string().nullable(), scanned: z.int(), complete: z.boolean() })
        .parse(await answer.json());
      expect(page.complete).toBe(true);
      seen.push(...idsOf(page.entries));
      next = page.next;
    }
    expect(seen).toEqual(["4", "2", "0"]);
    expect((await ask("/audit?cursor=nonsense")).status).toBe(422);
  });

  it("is exported as lines of JSON", async () => {
    for (let index = 0; index < 3; index++) await post(`/walls/a/${index}/paint`, { payload: 1 });
    const answer = await ask("/audit/export?id=1");
    expect(answer.headers.get("content-type")).toBe("application/x-ndjson; charset=utf-8");
    const whole = await (await ask("/audit/export")).text();
    expect(
      whole
        .trimEnd()
        .split("\n")
        .map((line) => auditEntry.parse(JSON.parse(line)).on["id"]),
    ).toEqual(["2", "1", "0"]);
    expect((await answer.text()).trimEnd().split("\n")).toHaveLength(1);
  });

  it("keeps no answer waiting behind others that wait for the lock of another process", async () => {
    await ask("/look");
    const other = new DatabaseSync(join(folder, "hikyaku.db"));
    other.exec("BEGIN IMMEDIATE");
    const values = ["first in the queue of writes"];
    const first = broker.appendToTrail({ trail: "x", values, maxEntries: 1, maxAgeMs: 60_000 }, { timeoutMs: 60_000 });
    // From now on the writes of this process wait behind it.
    await new Promise((resolve) => setImmediate(resolve));
    const answer = post("/walls/a/1/paint", { payload: 1 });
    const late = new Promise((resolve) => setTimeout(resolve, 8_000, "late").unref());
    try {
      expect(await Promise.race([answer, late])).toMatchObject({ status: 200 });
    } finally {
      other.exec("ROLLBACK");
      other.close();
      await first;
    }
    await answer;
    await expect
      .poll(() => logged)
      .toContainEqual(expect.objectContaining({ message: "operations: a change is missing in the audit" }));
  }, 30_000);

  it("that can't be written keeps no change from happening, and the log says so", async () => {
    let painted = 0;
    paint = () => {
      painted++;
    };
    broker.appendToTrail = () => Promise.reject(new HikyakuError("store_rejected", "disk full"));
    expect((await post("/walls/a/1/paint", { payload: "4111-secret" })).status).toBe(200);
    expect(painted).toBe(1);
    expect(logged).toEqual([
      {
        message: "operations: a change is missing in the audit",
        fields: expect.objectContaining({
          operation: "paint",
          on: { queue: "a", id: "1" },
          who: "ana",
          result: "done",
        }),
      },
    ]);
    expect(JSON.stringify(logged)).not.toContain("4111");
  });
});

it("every endpoint of the contract that changes something is written to the audit, or adds tasks, or says why not", () => {
  const all: readonly Endpoint[] = Object.values(operationsEndpoints);
  for (const one of all) {
    const isKnown =
      one.method === "GET" || one.scope === "enqueue" || isAudited(one) || (one.unaudited ?? "").length > 10;
    expect(isKnown, one.operationId).toBe(true);
  }
  expect(all.filter(isAudited).length).toBeGreaterThan(2);
});
