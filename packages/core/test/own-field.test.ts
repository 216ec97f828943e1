import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RedisServer, redisServerPath, startRedisServer } from "@hikyaku/test-support";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { redisBroker } from "../src/broker/redis/index.ts";
import { SourceCopy } from "./support/source-copy.ts";

/** Enqueues, lists and claims tasks on the store that it is told. */
const program = `
import { Client, defineTask, Inspector } from "./src/index.ts";
import { redisBroker } from "./src/broker/redis/index.ts";
import { sqliteBroker } from "./src/broker/sqlite/index.ts";
import { blueprintFromJson, blueprintJson, blueprintOf, staticEntryId } from "./src/scheduler/task-blueprint.ts";

const [store, address, step] = process.argv.slice(2);
const broker = store === "redis" ? redisBroker({ url: address }) : sqliteBroker({ path: address });
const red = defineTask({ type: "red", color: "r,e\\"d", maxRetry: 1 });
const plain = defineTask({ type: "plain", maxRetry: 1 });
const client = new Client({ broker });
const told = [];
if (step === "enqueue") {
  const requests = [plain.with({}), red.with({}), red.with({}, { color: "blue", timeout: "1500ms" }), plain.with({})];
  for (const { task } of await client.enqueueMany(requests)) told.push(task.id);
  const page = await new Inspector({ broker }).tasks({ queue: "default", state: "pending" });
  for (const { color, timeoutMs } of page.tasks) told.push([color, timeoutMs]);
  for (const request of [red.with({}), plain.with({})]) {
    const blueprint = await blueprintOf(request, Date.now());
    told.push(blueprintFromJson(blueprintJson(blueprint)).request.color, staticEntryId("@daily", "UTC", blueprint));
  }
} else {
  const handles = { kind: "all" } as const;
  const claim = { queues: [{ queue: "default", limit: 9 }], limit: 9, handles, serverId: "s", leaseMs: 60_000 };
  const { tasks, setAside } = await broker.claim(claim);
  for (const { message } of tasks) told.push([message.color, message.timeoutMs, "color" in message]);
  for (const { detail } of setAside) told.push(detail);
}
await client.close();
await broker.close();
console.log(JSON.stringify(told));
`;

/** An option \`color\`, as the next one would be added. */
function addColor(copy: SourceCopy): void {
  copy.insert("broker/task-message.ts", "export interface TaskRequest {", "readonly color?: string;");
  copy.insert(
    "task/task-fields.ts",
    "const requestFields = {",
    'color: { kind: "text", wire: "none", hash: "hk:exact", column: "color", default: undefined, identity: "named", inheritable: true },',
  );
  const options = "task/task-options.ts";
  copy.insert(options, "export interface TaskOptions {", "readonly color?: string;");
  copy.insert(options, "const taskOptions: Readonly<Record<keyof TaskOptions, true>> = {", "color: true,");
  copy.insert(options, "const libraryDefaults: TaskDefaults = {", "color: undefined,");
  copy.insert(options, "} = options;\n  return {", "color: options.color ?? defaults.color,");
  copy.insert(options, "shardedQueue: base.shardedQueue,", "color: base.color,");
  const lastColumn = "ALTER TABLE tasks ADD COLUMN began_token TEXT;";
  copy.insert("broker/sqlite/migrations/generated.ts", lastColumn, "ALTER TABLE tasks ADD COLUMN color TEXT;");
}

const minute = 60_000;
const color = 'r,e"d';
const defaultTimeout = 30 * minute;
const shown = [
  [null, defaultTimeout],
  [color, defaultTimeout],
  ["blue", 1_500],
  [null, defaultTimeout],
];
const claimed = shown.map(([color, timeoutMs]) => [color, timeoutMs, color !== null]);

describe("a field that Asynq has no place for", () => {
  const copy = new SourceCopy();
  addColor(copy);
  const folder = mkdtempSync(join(tmpdir(), "hikyaku-own-field-"));
  afterAll(() => {
    copy.remove();
    rmSync(folder, { recursive: true });
  });

  function run(store: "redis" | "sqlite", address: string, step: "enqueue" | "claim"): unknown[] {
    return JSON.parse(copy.run(program, store, address, step));
  }

  it("is asked for by an option, kept by SQLite, shown, scheduled and given to whoever claims", {
    timeout: minute,
  }, () => {
    const path = join(folder, "tasks.db");
    const told = run("sqlite", path, "enqueue");
    expect(told.slice(4, 8)).toEqual(shown);
    expect(told.slice(8)).toEqual([color, expect.any(String), null, expect.any(String)]);
    expect(run("sqlite", path, "claim")).toEqual(claimed);
  });

  describe.skipIf(redisServerPath() === undefined)("in Redis (needs redis-server)", () => {
    let server: RedisServer;
    let raw: ReturnType<typeof createClient>;
    beforeAll(async () => {
      server = await startRedisServer();
      raw = createClient({ url: server.url });
      await raw.connect();
      return async () => {
        raw.destroy();
        await server.stop();
      };
    });

    const beside = (id: unknown) => raw.hGet(`asynq:{default}:t:${id}`, "hk:exact");

    it("lies beside the message, where nothing lies without it, and is given to whoever claims", {
      timeout: minute,
    }, async () => {
      await raw.flushAll();
      const told = run("redis", server.url, "enqueue");
      expect(told.slice(4, 8)).toEqual(shown);
      expect(await Promise.all(told.slice(0, 4).map(beside))).toEqual([
        null,
        `${defaultTimeout},0,0,{"color":"r,e\\"d"}`,
        '1500,0,0,{"color":"blue"}',
        null,
      ]);
      expect(run("redis", server.url, "claim")).toEqual(claimed);
    });

    it("is left alone by a version that does not know it", { timeout: minute }, async () => {
      await raw.flushAll();
      run("redis", server.url, "enqueue");
      const broker = redisBroker({ url: server.url });
      const claim = { queues: [{ queue: "default", limit: 9 }], limit: 9, serverId: "s", leaseMs: 1_000 };
      const { tasks } = await broker.claim({ ...claim, handles: { kind: "all" } });
      expect(tasks.map(({ message }) => message.timeoutMs)).toEqual(shown.map(([, timeoutMs]) => timeoutMs));
      for (const { message } of tasks) expect(message).not.toHaveProperty("color");
      await broker.settle(tasks.map((task) => ({ task, outcome: { kind: "handed_back" } })));
      await broker.close();
      expect(new Set(run("redis", server.url, "claim").map(String))).toEqual(new Set(claimed.map(String)));
    });

    it("sets its task aside where what lies there can't be read", { timeout: minute }, async () => {
      await raw.flushAll();
      const [first, second, third, fourth] = run("redis", server.url, "enqueue");
      for (const [id, text] of [
        [second, "1,0,0,{"],
        [third, '1500,0,0,{"color":5}'],
        [fourth, "1500,0,0"],
      ]) {
        await raw.hSet(`asynq:{default}:t:${id}`, "hk:exact", String(text));
      }
      expect(await beside(first)).toBeNull();
      expect(run("redis", server.url, "claim")).toEqual([
        [null, defaultTimeout, false],
        [null, defaultTimeout, false],
        expect.stringMatching(/^hash field "hk:exact": .*JSON/),
        'hash field "hk:exact": "color" is 5',
      ]);
    });
  });

  it("changes the name of no scheduler entry that does not ask for it", { timeout: minute }, () => {
    const path = join(folder, "entries.db");
    const [named, plain] = run("sqlite", path, "enqueue")
      .slice(8)
      .filter((_, index) => index % 2 === 1);
    const without = new SourceCopy();
    try {
      const program = `
        import { defineTask } from "./src/index.ts";
        import { blueprintOf, staticEntryId } from "./src/scheduler/task-blueprint.ts";
        const plain = defineTask({ type: "plain", maxRetry: 1 });
        console.log(staticEntryId("@daily", "UTC", await blueprintOf(plain.with({}), Date.now())));`;
      expect(plain).toBe(without.run(program).trim());
    } finally {
      without.remove();
    }
    expect(named).not.toBe(plain);
  });
});
