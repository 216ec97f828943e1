import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import {
  explainTaskResponse,
  queueSummary,
  serverOrderResponse,
  taskDetail,
  taskExplanation,
  taskLogResponse,
  workerServer,
} from "@hikyaku/contract";
import {
  Client,
  defineTask,
  type EnqueueOptions,
  Inspector,
  Server,
  SkipRetry,
  silentLogger,
  systemClock,
} from "hikyaku";
import { sqliteBroker } from "hikyaku/sqlite";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { runCli } from "./cli.ts";

const email = defineTask({ type: "email:send" });
const { why, sentence } = explainTaskResponse.shape;
const explainedTask = z.strictObject({
  task: taskDetail.strict(),
  explanation: taskExplanation,
  why,
  sentence,
  log: taskLogResponse,
});

describe("the hikyaku command", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "hikyaku-cli-"));
    path = join(folder, "hikyaku.db");
    vi.stubEnv("APP_ENV", "local");
    vi.stubEnv("HIKYAKU__JOBQUEUE__STORE", "embedded");
    vi.stubEnv("HIKYAKU__JOBQUEUE__EMBEDDED__PATH", path);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const written = { out: "", err: "" };
    const code = await runCli(args, {
      out: (text) => {
        written.out += text;
      },
      err: (text) => {
        written.err += text;
      },
    });
    return { code, ...written };
  }

  /** A store with some waiting tasks and, while `work` runs, a live server that handles them. */
  async function withServer(work: () => Promise<void>): Promise<void> {
    const broker = sqliteBroker({ path });
    const server = new Server({ broker, concurrency: 3, logger: silentLogger });
    server.handle(email, () => undefined);
    try {
      server.start();
      await vi.waitFor(async () => expect((await broker.servers()).servers).toHaveLength(1));
      await work();
    } finally {
      await server.stop();
      await broker.close();
    }
  }

  async function enqueue(count: number): Promise<void> {
    const broker = sqliteBroker({ path });
    await using client = new Client({ broker });
    for (let index = 0; index < count; index++) await client.enqueue(email, { index });
    await broker.close();
  }

  describe("task", () => {
    async function enqueueOne(options: EnqueueOptions = {}): Promise<string> {
      const broker = sqliteBroker({ path });
      await using client = new Client({ broker });
      const { id } = await client.enqueue(email, { to: "ana" }, options);
      await broker.close();
      return id;
    }

    it("says that a task is due and that nobody works on its queue", async () => {
      const id = await enqueueOne();
      const { code, out } = await run("task", id);
      expect(out).toContain(`email:send ${id} of queue default: pending\n`);
      expect(out).toMatch(/^It has been due for \d s, and no live worker takes from its queue: start one\.$/m);
      expect(out).toContain('payload        {"to":"ana"}');
      expect(code).toBe(0);
    });

    it("is found by its UUID in capitals", async () => {
      const id = await enqueueOne();
      expect((await run("task", id.toUpperCase())).out).toContain(`email:send ${id} of queue default`);
    });

    it("says when a task is due, and warns where nobody would take it then", async () => {
      const id = await enqueueOne({ in: "10m" });
      expect((await run("task", id)).out).toMatch(
        /^It is due in \d+ min, at \S+Z; no live worker would take it then: start one\.$/m,
      );
      await withServer(async () => expect((await run("task", id)).out).toMatch(/^It is due in \d+ min, at \S+Z\.$/m));
    });

    it("says who failed it, where, when and why, as JSON too", async () => {
      const broker = sqliteBroker({ path });
      const server = new Server({ broker, concurrency: 1, logger: silentLogger, build: "b7" });
      server.handle(email, ({ progress, log }) => {
        progress({ done: 2, total: 3, message: "sending\u001b[2J" });
        log("dialled\u001b[31m", { line: 4 });
        throw new Error("no\u001b[31m such mailbox");
      });
      server.start();
      const id = await enqueueOne({ maxRetry: 0 });
      const look = async () => (await run("task", id, "--queue", "default")).out;
      await vi.waitFor(async () => expect(await look()).toContain(": archived\n"), { timeout: 20_000 });
      const text = await look();
      expect(text).toContain(`pid ${process.pid} in ${process.cwd()} build b7`);
      expect(text).toMatch(/^ {2}attempts +archived after \d+ ms, from 20/m);
      expect(text).toMatch(/^ +Error: no\\u001b\[31m such mailbox\n +at .*cli\.test\.ts/m);
      expect(text).toMatch(/^ {2}progress +2 of 3: sending\\u001b\[2J \(20/m);
      expect(text).toMatch(/^ {2}log +20\S+Z attempt 1: dialled\\u001b\[31m \{"line":4\}$/m);
      expect(text).not.toContain("\u001b");
      expect(JSON.parse((await run("task", id, "--json")).out)).toMatchObject({
        tasks: [{ task: { id, state: "archived", attempts: [{ build: "b7" }] }, explanation: { kind: "over" } }],
      });
      await server.stop();
      await broker.close();
    });

    it("says that there is none, with 70", async () => {
      await enqueueOne();
      const { code, err } = await run("task", "nobody");
      expect(err).toContain('task "nobody" is in no queue of SQLite file');
      expect((await run("task", "nobody", "--queue", "mail")).err).toContain('is not in queue "mail" of');
      expect(code).toBe(70);
    });
  });

  describe("doctor", () => {
    it("says that all is well with 0", async () => {
      await withServer(async () => {
        const { code, out } = await run("doctor");
        expect(out).toBe(`SQLite file ${path}: all is well.\n`);
        expect(code).toBe(0);
      });
    });

    it("says what is wrong with 1, and changes nothing", async () => {
      await enqueue(3);
      const { code, out } = await run("doctor");
      expect(out).toContain('3 tasks of queue "default" wait or are due, and no live worker takes tasks of this queue');
      expect(code).toBe(1);
    });

    it("repairs only when told to", async () => {
      await enqueue(2);
      const raw = new DatabaseSync(path);
      raw.exec("UPDATE queues SET pending = 7");
      const read = () => raw.prepare("SELECT pending FROM queues").get()?.["pending"];
      const dry = JSON.parse((await run("doctor", "--json")).out);
      expect(dry).toMatchObject({ repair: false, counts: { error: 1, warning: 1 } });
      expect(dry.findings[0]).toMatchObject({ kind: "wrong_counts", level: "error", repair: "repairable" });
      expect(read()).toBe(7);
      const repaired = await run("doctor", "--repair");
      expect(repaired.out).toContain("repaired: they are counted again");
      expect(read()).toBe(2);
      raw.close();
      expect(JSON.parse((await run("doctor", "--json")).out).counts.error).toBe(0);
    });

    it("says with 69 that the embedded store does not exist, and does not make it", async () => {
      const { code, err } = await run("doctor");
      expect(code).toBe(69);
      expect(err).toContain("does not exist yet");
      expect((await run("servers")).code).toBe(69);
    });

    it("says with 69 that Redis is not there", async () => {
      vi.stubEnv("HIKYAKU__JOBQUEUE__STORE", "redis");
      vi.stubEnv("HIKYAKU__REDIS__JOBQUEUE__ADDR", "127.0.0.1:1");
      const { code, out, err } = await run("doctor", "--json");
      expect(code).toBe(69);
      expect(out).toBe("");
      expect(err).toContain("127.0.0.1:1");
    });
  });

  it("says with 78 which setting it can't use", async () => {
    vi.stubEnv("HIKYAKU__JOBQUEUE__CONCURRENCY", "many");
    const { code, err } = await run("queues");
    expect(code).toBe(78);
    expect(err).toContain("jobqueue.concurrency");
  });

  it("says with 64 that it does not know a command or option", async () => {
    expect((await run("docter")).code).toBe(64);
    expect((await run("doctor", "--fix")).err).toContain("--fix");
    expect((await run("doctor", "--help")).code).toBe(0);
  });

  it("lists who works, where, and on what", async () => {
    await withServer(async () => {
      const { code, out } = await run("servers");
      expect(code).toBe(0);
      expect(out).toContain(`pid ${process.pid}: active, runs 0 of at most 3`);
      expect(out).toContain(`directory   ${process.cwd()}`);
      expect(out).toContain("handles     email:send");
      const { servers } = JSON.parse((await run("servers", "--json")).out);
      expect(servers).toMatchObject([
        { pid: process.pid, concurrency: 3, silent_since: null, directory: process.cwd() },
      ]);
    });
  });

  it("writes JSON in the words of the HTTP API, and null for what there is nothing to say about", async () => {
    const json = async (...args: string[]) => JSON.parse((await run(...args, "--json")).out);
    await withServer(async () => {
      await enqueue(1);
      const broker = sqliteBroker({ path });
      await using client = new Client({ broker });
      const { id } = await client.enqueue(email, {}, { in: "10m" });
      await broker.close();
      const { servers } = await json("servers");
      expect(z.array(workerServer.strict()).nonempty().parse(servers)).toEqual(servers);
      const { queues } = await json("queues");
      expect(z.array(queueSummary.strict()).nonempty().parse(queues)).toEqual(queues);
      const { tasks } = await json("task", id);
      expect(z.tuple([explainedTask]).parse(tasks)).toEqual(tasks);
    });
    await enqueue(1);
    const { findings } = await json("doctor");
    expect(findings).toMatchObject([{ kind: "no_worker", task_id: null, facts: { at_least: false }, action: null }]);
    const order = await json("servers", "stop", "0199e0a4-6b52-4c1e-9f57-2d8c4be0f3aa", "--wait", "0s");
    expect(serverOrderResponse.strict().parse(order)).toEqual(order);
  });

  it("says so when nobody works", async () => {
    await enqueue(1);
    expect((await run("servers")).out).toContain("no live worker server");
  });

  it("says how long a task has waited that is due and that no worker brings to the line", async () => {
    const clock = { ...systemClock, now: () => Date.now() - 90_000 };
    const broker = sqliteBroker({ path, clock });
    await using client = new Client({ broker, clock });
    await client.enqueue(email, {}, { in: "30s" });
    await broker.close();
    expect((await run("queues")).out).toMatch(/ 6\d s\n$/);
    const { findings } = JSON.parse((await run("doctor", "--json")).out);
    expect(findings).toContainEqual(expect.objectContaining({ kind: "no_worker", queue: "default" }));
  });

  it("says what failed for good lately", async () => {
    const broker = sqliteBroker({ path });
    const server = new Server({ broker, logger: silentLogger });
    server.handle(email, () => Promise.reject(new SkipRetry("no")));
    server.start();
    await using client = new Client({ broker });
    const { id } = await client.enqueue(email, {});
    const inspector = new Inspector({ broker });
    await vi.waitFor(async () => expect((await inspector.queue("default")).counts.archived).toBe(1));
    const { code, out } = await run("doctor");
    expect(out).toContain(
      `1 task of type "email:send" was archived in queue "default" in the last hour; the newest is ${id}`,
    );
    expect(code).toBe(1);
    await server.stop();
    await broker.close();
  });

  it("lists queues with their tasks by state", async () => {
    await enqueue(4);
    const { out } = await run("queues");
    expect(out).toMatch(/^queue +pending +active/);
    expect(out).toMatch(/\ndefault +4 +0 /);
    expect(JSON.parse((await run("queues", "--json")).out).queues).toMatchObject([
      { queue: "default", counts: { pending: 4 } },
    ]);
  });
});
