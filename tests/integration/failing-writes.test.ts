import { execFile, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { READINESS_PATH, readiness } from "@hikyaku/contract";
import { freePort, type RedisServer, startRedisServer } from "@hikyaku/test-support";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { AppProcesses, eventually, register } from "./support/app-process.ts";
import { missingRedis, titled } from "./support/stores.ts";

const run = promisify(execFile);

const apps = new AppProcesses();
afterEach(() => apps.killAll());

/** Starts an API server and a worker of its own; gives their two ports. */
async function startBoth(store: Record<string, string | number>): Promise<readonly [api: number, worker: number]> {
  const [api, worker] = await Promise.all([freePort(), freePort()]);
  const settings = { ...store, SERVER__PORT: api, JOBQUEUE__PORT: worker };
  await Promise.all([apps.start("api", { settings }).ready(), apps.start("worker", { settings }).ready()]);
  for (const port of [api, worker]) await eventually(20_000, async () => expect((await ask(port)).status).toBe(200));
  return [api, worker];
}

/** What a process says of itself, and how long it took. */
async function ask(port: number) {
  const start = performance.now();
  const answer = await fetch(`http://127.0.0.1:${port}${READINESS_PATH}`, { signal: AbortSignal.timeout(10_000) });
  const { status, level, checks } = readiness.parse(await answer.json());
  const [store] = checks;
  return { status: answer.status, says: status, level, findings: store?.findings ?? [], ms: performance.now() - start };
}

/** Both say within five seconds that writing fails and why, each answer within a second or little more. */
async function expectNotReady(ports: readonly number[], reason: RegExp): Promise<void> {
  for (const port of ports) {
    await eventually(5_000, async () => {
      const answer = await ask(port);
      expect(answer.ms).toBeLessThan(1_500);
      expect(answer).toMatchObject({ status: 503, says: "not_ready", level: "error" });
      // The embedded store is away once its calls have failed for long enough.
      const code = expect.stringMatching(/^(writes_fail|store_away)$/);
      expect(answer.findings.at(-1)).toMatchObject({ code, reason: expect.stringMatching(reason) });
    });
  }
}

async function expectReady(ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    await eventually(8_000, async () => expect(await ask(port)).toMatchObject({ status: 200, says: "ready" }));
  }
}

describe.skipIf(missingRedis !== undefined)(titled("while Redis refuses every write", missingRedis), () => {
  let redis: RedisServer;
  beforeEach(async () => {
    redis = await startRedisServer();
  });
  afterEach(() => redis.stop());

  async function command(...words: string[]): Promise<void> {
    await run("redis-cli", ["-p", String(redis.port), ...words]);
  }

  it("out of memory, no process is ready, until it has room again", { timeout: 90_000 }, async () => {
    const ports = await startBoth({ JOBQUEUE__STORE: "redis", REDIS__JOBQUEUE__ADDR: `127.0.0.1:${redis.port}` });
    await command("config", "set", "maxmemory", "1");
    await expectNotReady(ports, /OOM/);
    expect((await register(ports[0], {})).status).not.toBe(201);
    await command("config", "set", "maxmemory", "0");
    await expectReady(ports);
    await command("set", "asynq:{default}:scheduled", "not one of ours");
    await expectNotReady(ports, /asynq:\{default\}:scheduled.*WRONGTYPE/);
    await command("del", "asynq:{default}:scheduled");
    await expectReady(ports);
    expect((await register(ports[0], {})).status).toBe(201);
  });
});

describe("while another process holds the embedded store's lock", () => {
  it("no process is ready, until it lets go", { timeout: 90_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), "hikyaku-locked-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const path = join(folder, "hikyaku.db");
    const ports = await startBoth({ JOBQUEUE__STORE: "embedded", JOBQUEUE__EMBEDDED__PATH: path });
    const program = join(import.meta.dirname, "../../packages/core/test/support/sqlite-lock.fixture.ts");
    const holder = fork(program, [path]);
    onTestFinished(() => void holder.kill("SIGKILL"));
    await once(holder, "message");
    await expectNotReady(ports, /busy/);
    holder.send("stop");
    await once(holder, "exit");
    await expectReady(ports);
  });
});
