import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type RedisServer, startRedisServer } from "@hikyaku/test-support";
import { type Broker, silentLogger } from "hikyaku";
import { redisBroker } from "hikyaku/redis";
import { sqliteBroker } from "hikyaku/sqlite";
import { TestClock } from "hikyaku/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, onTestFinished } from "vitest";
import { Operations, type WebHandler, webHandler } from "../src/index.ts";
import { aTask } from "./tasks.ts";
import { byToken } from "./test-operations.ts";

interface Told {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any;
}

describe.each(["sqlite", "redis"] as const)("bulk operations, on %s", (store) => {
  let redis: RedisServer | undefined;
  let folder: string;
  let address: string;
  let broker: Broker;
  let clock: TestClock;
  let operations: Operations;
  let handle: WebHandler;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "hikyaku-bulk-"));
    if (store === "redis" && inject("redisServerPath") !== null) {
      redis = await startRedisServer({ args: ["--appendonly", "yes", "--appendfsync", "always"] });
    }
  });
  afterAll(async () => {
    await redis?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async ({ skip }) => {
    skip(store === "redis" && redis === undefined, "redis-server is not installed");
    await redis?.flush();
    address = redis?.url ?? join(folder, `${crypto.randomUUID()}.db`);
    broker = brokerAt();
    clock = new TestClock(Date.now());
    begin(broker);
  });
  afterEach(async () => {
    const closed = operations.close();
    await until(async () => await Promise.race([closed.then(() => true), delay(1, false)]));
    await broker.close();
  });

  const brokerAt = (): Broker => (store === "redis" ? redisBroker({ url: address }) : sqliteBroker({ path: address }));

  function begin(on: Broker): void {
    operations = new Operations({ broker: on, authorize: identify, logger: silentLogger, clock });
    handle = webHandler(operations);
  }

  /** `Bearer for:mail` may operate the queue `mail` alone. */
  const identify: typeof byToken = (head) => {
    const [, queue] = /^Bearer for:(.+)$/.exec(head.headers.authorization ?? "") ?? [];
    return queue === undefined ? byToken(head) : { name: "limited", scopes: ["operate"], queues: [queue] };
  };

  async function ask(method: string, path: string, body?: unknown, who = "operate"): Promise<Told> {
    const headers = { authorization: `Bearer ${who}`, "content-type": "application/json" };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await handle(new Request(`http://localhost${path}`, { method, headers, ...sent }));
    return { status: answer.status, headers: answer.headers, body: await answer.json() };
  }

  /** Lets time go on, so that whoever waits for the clock gets on. */
  async function until(holds: () => Promise<boolean>, stepMs = 20): Promise<void> {
    for (const endsAt = Date.now() + 45_000; !(await holds()); await delay(1)) {
      if (Date.now() > endsAt) throw new Error("expected it to hold within 45 s");
      clock.advance({ ms: stepMs });
    }
  }

  const show = async (id: string) => (await ask("GET", `/operations/${id}`)).body;
  const ended = async (id: string, stepMs?: number) => {
    await until(async () => ["done", "aborted", "failed"].includes((await show(id)).state), stepMs);
    return show(id);
  };

  async function outcomesOf(id: string): Promise<readonly { readonly id: string; readonly outcome: string }[]> {
    const all = [];
    for (let path = `/operations/${id}/outcomes?limit=130`; ; ) {
      const { body } = await ask("GET", path);
      all.push(...body.outcomes);
      if (body.next === null) return all;
      path = `/operations/${id}/outcomes?limit=130&cursor=${body.next}`;
    }
  }

  async function add(count: number, queue = "mail"): Promise<readonly string[]> {
    const tasks = Array.from({ length: count }, () => aTask({ queue }));
    for (let from = 0; from < count; from += 500) await broker.enqueue(tasks.slice(from, from + 500));
    return tasks.map(({ message }) => message.id);
  }

  const countsOf = async (queue = "mail") => (await broker.queue(queue))?.counts;
  const archiveAll = { action: "archive", filter: { queue: "mail", state: "pending" }, reason: "a test" };

  it("a dry run counts and shows some, and changes nothing", async () => {
    await add(30);
    const { status, body } = await ask("POST", "/operations", { ...archiveAll, dry_run: true });
    expect([status, body.dry_run, body.count, body.complete, body.sample.length]).toEqual([200, true, 30, true, 10]);
    expect(await countsOf()).toMatchObject({ pending: 30, archived: 0 });
    expect((await ask("GET", "/operations")).body.operations).toEqual([]);
  });

  it("goes through all that fit, and tells one outcome of each task", async () => {
    const ids = await add(950);
    await add(3, "other");
    const { status, headers, body } = await ask("POST", "/operations", archiveAll);
    expect([status, headers.get("location"), body.state]).toEqual([202, `operations/${body.id}`, "waits"]);
    const end = await ended(body.id);
    expect(end).toMatchObject({
      state: "done",
      who: "key test",
      reason: "a test",
      progress: { looked_at: 950, to_look_at: 950 },
      counts: { done: 950, perhaps_done: 0, wrong_state: 0, not_found: 0, failed: 0 },
      outcomes_not_kept: 0,
    });
    const outcomes = await outcomesOf(body.id);
    expect(outcomes.map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(await countsOf()).toMatchObject({ pending: 0, archived: 950 });
    expect(await countsOf("other")).toMatchObject({ pending: 3 });
    expect((await ask("GET", "/operations")).body.operations.map((one: { id: string }) => one.id)).toEqual([body.id]);
    expect((await ask("POST", `/operations/${body.id}/abort`, {})).body.code).toBe("wrong_state");
  });

  it("tells of named tasks what became of each", async () => {
    const [first = "", second = ""] = await add(2);
    await broker.change({ kind: "ids", queue: "mail", taskIds: [second] }, "archive", 1);
    const named = [first, second, "none"].map((id) => ({ queue: "mail", id }));
    const { body } = await ask("POST", "/operations", { action: "archive", tasks: named });
    await ended(body.id);
    expect(await outcomesOf(body.id)).toEqual([
      { queue: "mail", id: first, outcome: "done", state: null },
      { queue: "mail", id: second, outcome: "wrong_state", state: "archived" },
      { queue: "mail", id: "none", outcome: "not_found", state: null },
    ]);
    const cancelling = await ask("POST", "/operations", { action: "cancel", filter: { type: "email:send" } });
    expect((await ended(cancelling.body.id)).state).toBe("done");
  });

  it("a deletion waits a minute, and aborted by then it deletes nothing", async () => {
    await add(5);
    const deletion = { action: "delete", filter: { queue: "mail" } };
    const { body } = await ask("POST", "/operations", deletion);
    expect(Date.parse(body.starts_at) - Date.parse(body.created_at)).toBe(60_000);
    clock.advance("59s");
    await until(async () => true);
    expect((await show(body.id)).state).toBe("waits");
    expect((await ask("POST", `/operations/${body.id}/abort`, { reason: "a mistake" })).body.state).toBe("aborted");
    for (let looks = 0; looks < 50; looks++) await Promise.all([delay(1), clock.advance("2s")]);
    expect(await countsOf()).toMatchObject({ pending: 5 });

    const again = await ask("POST", "/operations", deletion);
    expect((await ended(again.body.id, 1_000)).counts.done).toBe(5);
    expect((await countsOf())?.pending).toBe(0);
    const audit = await ask("GET", "/audit?operation=create-operation", undefined, "admin");
    expect(audit.body.entries).toMatchObject([{ who: "key test" }, { who: "key test" }]);
  });

  it("aborted in the middle, it ends after a slice, and counts what was done", async () => {
    await add(2_000);
    const { body } = await ask("POST", "/operations", archiveAll);
    await until(async () => (await show(body.id)).counts.done > 0);
    await ask("POST", `/operations/${body.id}/abort`, {});
    const { state, counts } = await ended(body.id);
    expect(state).toBe("aborted");
    const { archived = 0 } = (await countsOf()) ?? {};
    expect(archived).toBeGreaterThan(0);
    expect(archived).toBeLessThan(2_000);
    expect(counts.done).toBe(archived);
  });

  it("ends although each task it changes comes again", async () => {
    await add(1_000);
    await broker.change({ kind: "state", queue: "mail", state: "pending" }, "archive", 1_000);
    const change = broker.change.bind(broker);
    let more = 0;
    broker.change = async (selection, action, limit, call) => {
      const answer = await change(selection, action, limit, call);
      if (more++ < 100) await change({ kind: "state", queue: "mail", state: "pending" }, "archive", 1_000);
      return answer;
    };
    const { body } = await ask("POST", "/operations", { action: "run", filter: { queue: "mail", state: "archived" } });
    const { state, progress } = await ended(body.id);
    expect(state).toBe("done");
    expect(progress.looked_at).toBe(1_000);
  });

  it("refuses what names both or neither, no condition, or states that the action takes nothing from", async () => {
    const task = { queue: "mail", id: "x" };
    await add(1);
    const codes = [];
    for (const body of [
      { action: "run", tasks: [task], filter: { queue: "mail" } },
      { action: "run" },
      { action: "delete", filter: {} },
      { action: "run", tasks: [task, task] },
      { action: "run", filter: { state: "active" } },
      { action: "run", filter: { queue: "none" } },
    ]) {
      const answer = await ask("POST", "/operations", body);
      codes.push(`${answer.status} ${answer.body.code}`);
    }
    const misfit = "422 invalid_body";
    expect(codes).toEqual([misfit, misfit, misfit, misfit, "422 invalid_option", "404 queue_not_found"]);
    expect((await ask("GET", "/operations")).body.operations).toEqual([]);
  });

  it("keeps a credential to its queues", async () => {
    await add(1);
    await add(1, "other");
    const own = await ask("POST", "/operations", { action: "archive", filter: { queue: "mail" } }, "for:mail");
    expect(own.status).toBe(202);
    const { body } = await ask("POST", "/operations", { action: "archive", filter: { queue: ["mail", "other"] } });
    for (const refused of [
      { action: "archive", filter: { queue: ["mail", "other"] } },
      { action: "archive", filter: { type: "email:send" } },
      { action: "archive", tasks: [{ queue: "other", id: "x" }] },
    ]) {
      expect((await ask("POST", "/operations", refused, "for:mail")).status).toBe(403);
    }
    const listed = await ask("GET", "/operations", undefined, "for:mail");
    expect(listed.body.operations.map(({ id }: { id: string }) => id)).toEqual([own.body.id]);
    expect((await ask("GET", `/operations/${body.id}`, undefined, "for:mail")).status).toBe(404);
    expect((await ask("POST", `/operations/${body.id}/abort`, {}, "for:mail")).status).toBe(404);
    expect((await ask("GET", "/operations", undefined, "read")).status).toBe(403);
  });

  it("from whom payloads are hidden, nobody learns of them by a filter", async () => {
    await add(1);
    const masking = { hidden: { operate: ["payloads"] } } as const;
    const masked = new Operations({ broker, authorize: identify, logger: silentLogger, clock, masking });
    onTestFinished(() => masked.close());
    const order = { action: "archive", filter: { queue: "mail", payload: "secret" } };
    const { body } = await ask("POST", "/operations", order);
    expect((await show(body.id)).filter).toMatchObject({ payload: "secret" });
    handle = webHandler(masked);
    expect((await show(body.id)).filter).toMatchObject({ payload: "***" });
    expect((await ask("POST", "/operations", { ...order, dry_run: true })).status).toBe(403);
  });

  it("of two processes one works on it at a time, and each task comes once", async () => {
    const ids = await add(500);
    const changed: string[] = [];
    const change = broker.change.bind(broker);
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    broker.change = async (selection, ...rest) => {
      if (selection.kind === "ids") changed.push(...selection.taskIds);
      await gate;
      return change(selection, ...rest);
    };
    const { body } = await ask("POST", "/operations", archiveAll);
    await until(async () => changed.length > 0);
    const second = new Operations({ broker, authorize: identify, logger: silentLogger, clock });
    onTestFinished(() => second.close());
    // It looks several times within the lease of the first.
    for (let looks = 0; looks < 200; looks++) await Promise.all([delay(1), clock.advance("100ms")]);
    expect(changed.length).toBe(200);
    open();
    expect((await ended(body.id)).counts.done).toBe(500);
    expect([...changed].sort()).toEqual([...ids].sort());
  });

  it("goes on when the store was away, and what was perhaps done is told so", async () => {
    await add(900);
    const change = broker.change.bind(broker);
    let calls = 0;
    broker.change = async (...what) => {
      const answer = await change(...what);
      // Carried out, but nobody hears of it.
      if (++calls === 2) throw await lostAnswer();
      return answer;
    };
    const { body } = await ask("POST", "/operations", archiveAll);
    const { counts } = await ended(body.id, 200);
    expect(counts.done + counts.perhaps_done).toBe(900);
    expect(counts.perhaps_done).toBe(200);
    expect(await countsOf()).toMatchObject({ pending: 0, archived: 900 });
    expect(new Set((await outcomesOf(body.id)).map(({ id }) => id)).size).toBe(900);
  });

  it("goes on where it stopped when the store itself was killed and is back", async ({ skip }) => {
    if (redis === undefined) return skip("a file is never away");
    const { kill, restart } = redis;
    await add(3_000);
    const { body } = await ask("POST", "/operations", archiveAll);
    await until(async () => (await show(body.id)).counts.done > 0);
    await kill();
    expect((await ask("GET", `/operations/${body.id}`)).status).toBe(503);
    for (let looks = 0; looks < 20; looks++) await Promise.all([delay(1), clock.advance("2s")]);
    await restart();
    await until(async () => (await ask("GET", `/operations/${body.id}`)).status === 200);
    const { state, counts } = await ended(body.id, 200);
    expect(state).toBe("done");
    expect(counts.done + counts.perhaps_done).toBe(3_000);
    expect(await countsOf()).toMatchObject({ pending: 0, archived: 3_000 });
  });

  it("goes on after its process was killed in the middle", async () => {
    const ids = await add(6_000);
    const child = await startProcess(address);
    const { body } = await askStopped(archiveAll);
    await untilReal(async () => (await showStopped(body.id)).counts.done > 0);
    child.kill("SIGKILL");
    await once(child, "exit");
    const before = await showStopped(body.id);
    expect(before.state).toBe("running");
    expect(before.counts.done).toBeLessThan(6_000);

    clock = new TestClock(Date.now() + 40_000);
    begin(broker);
    const { state, counts } = await ended(body.id, 100);
    expect(state).toBe("done");
    expect(counts.done + counts.perhaps_done).toBe(6_000);
    expect(counts.perhaps_done).toBeLessThanOrEqual(200);
    expect(await countsOf()).toMatchObject({ pending: 0, archived: 6_000 });
    const kept = await outcomesOf(body.id);
    expect(new Set(kept.map(({ id }) => id)).size).toBe(kept.length);
    expect(kept.every(({ id }) => ids.includes(id))).toBe(true);
    expect(kept.length + (await show(body.id)).outcomes_not_kept).toBe(6_000);
  }, 120_000);

  /** Asks of operations whose own work has ended: the other process alone works. */
  async function askStopped(body: unknown): Promise<Told> {
    await operations.close();
    return ask("POST", "/operations", body);
  }
  const showStopped = async (id: string) => (await ask("GET", `/operations/${id}`)).body;
});

async function untilReal(holds: () => Promise<boolean>): Promise<void> {
  for (const endsAt = Date.now() + 45_000; !(await holds()); await delay(2)) {
    if (Date.now() > endsAt) throw new Error("expected it to hold within 45 s");
  }
}

async function lostAnswer(): Promise<Error> {
  const { HikyakuError } = await import("hikyaku");
  return new HikyakuError("answer_lost", "the connection was cut");
}

async function startProcess(address: string): Promise<ChildProcess> {
  const program = fileURLToPath(new URL("bulk-process.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=source", program, address], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  await once(child.stdout, "data");
  return child;
}
