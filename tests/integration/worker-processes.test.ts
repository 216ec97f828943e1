import { existsSync, readFileSync } from "node:fs";
import { READINESS_PATH, readiness as readinessAnswer } from "@hikyaku/contract";
import { delayPrint } from "@hikyaku/tasks";
import { freePort } from "@hikyaku/test-support";
import { Client } from "hikyaku";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AppProcess, AppProcesses, eventually } from "./support/app-process.ts";
import { storeKinds, type TestStore, titled } from "./support/stores.ts";

/** A busy machine takes its time to start several processes. */
const startMs = 45_000;

interface Ready {
  readonly process: number;
  readonly workerPid: number;
  readonly serverId: string;
}

describe.for(storeKinds)("several worker processes on $name", { timeout: 150_000 }, (kind) => {
  describe.skipIf(kind.missing !== undefined)(titled("share the work of one queue", kind.missing), () => {
    const apps = new AppProcesses();
    let store: TestStore;
    let port: number;
    beforeEach(async () => {
      store = await kind.create();
      port = await freePort();
    });
    afterEach(async () => {
      await apps.killAll();
      await store.remove();
    });

    function start(args: readonly string[] = [], settings: Record<string, string | number> = {}): AppProcess {
      return apps.start("worker", {
        args,
        settings: { ...store.settings, JOBQUEUE__PORT: port, JOBQUEUE__PROCESSES: 2, ...settings },
      });
    }

    it("runs each task once, in servers of their own, with whole lines on one stdout", async () => {
      const app = start();
      const ready = await whenReady(app, 2);
      expect(new Set(ready.map(({ workerPid }) => workerPid)).add(app.pid).size).toBe(3);
      const broker = store.broker();
      const client = new Client({ broker });
      try {
        await eventually(10_000, async () => {
          const { servers } = await broker.servers({ timeoutMs: 2_000 });
          expect(new Set(servers.map(({ pid }) => pid))).toEqual(new Set(ready.map(({ workerPid }) => workerPid)));
        });
        const messages = Array.from({ length: 400 }, (_, index) => `${index} ${"x".repeat(index * 5)}`);
        const results = await client.enqueueMany(messages.map((message) => delayPrint.with({ message })));
        expect(results.every(({ ok }) => ok)).toBe(true);
        await eventually(20_000, async () => expect(app.stdout.all.length).toBeGreaterThanOrEqual(messages.length));
        expect(await app.stop()).toBe(0);
        const printed = app.stdout.all.map(({ text }) => text.slice("[2026-01-01 00:00:00] ".length));
        expect(printed.sort()).toEqual([...messages].sort());
      } finally {
        await client.close();
        await broker.close();
      }
    });

    it("answers for all of them on one port, and starts again one that ended", async () => {
      const app = start(["--processes", "2"], { JOBQUEUE__PROCESSES: 1, JOBQUEUE__CONCURRENCY: 4 });
      const [first] = await whenReady(app, 2);
      if (first === undefined) throw new Error("expected a process");
      expect(await (await fetch(`http://127.0.0.1:${port}/health`)).text()).toBe("OK");
      expect(await readiness(port)).toMatchObject({
        status: 200,
        findings: [{ code: "worker_processes", level: "ok", active: 2, count: 2, running: 0, concurrency: 8 }],
      });
      const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      for (const number of [1, 2])
        expect(metrics).toContain(`hikyaku_worker_slots{process="${number}",state="free"} 4\n`);
      process.kill(first.workerPid, "SIGKILL");
      await app.stderr.next(/ended by SIGKILL.*a worker process ended unasked/);
      expect((await readiness(port)).status).toBe(200);
      const again = await eventually(startMs, async () => {
        const all = await whenReady(app, 3);
        expect((await readiness(port)).findings).toMatchObject([{ active: 2, count: 2 }]);
        return all[2];
      });
      expect(again?.process).toBe(first.process);
      expect(again?.serverId).not.toBe(first.serverId);
      expect(await app.stop()).toBe(0);
    });
  });
});

describe("the end of several worker processes", { timeout: 100_000 }, () => {
  const apps = new AppProcesses();
  let store: TestStore;
  let settings: Record<string, string | number>;
  beforeEach(async () => {
    const [embedded] = storeKinds;
    if (embedded === undefined) throw new Error("expected the embedded store");
    store = await embedded.create();
    settings = { ...store.settings, JOBQUEUE__PORT: await freePort(), JOBQUEUE__PROCESSES: 2 };
  });
  afterEach(async () => {
    await apps.killAll();
    await store.remove();
  });

  it.each(["SIGINT", "SIGTERM"] as const)("comes for all of them with one %s", async (signal) => {
    const app = apps.start("worker", { settings });
    const ready = await whenReady(app, 2);
    app.signal(signal);
    expect(await app.exit()).toBe(0);
    expect(ready.filter(({ workerPid }) => isAlive(workerPid))).toEqual([]);
    expect(app.stderr.toString()).not.toContain("ended unasked");
    expect(app.stderr.all.filter(({ text }) => text.includes('"msg":"stopped"'))).toHaveLength(3);
    expect(app.stdout.all).toEqual([]);
  });

  it("is hurried by a second signal, also for a process that hears nothing", async () => {
    const app = apps.start("worker", { settings });
    const ready = await whenReady(app, 2);
    const [frozen] = ready;
    if (frozen === undefined) throw new Error("expected a process");
    process.kill(frozen.workerPid, "SIGSTOP");
    app.signal("SIGTERM");
    const stopping = await app.stderr.next(/stopping; once more/);
    // A second signal counts as a second wish only some time after the first one.
    await eventually(5_000, async () => expect(Date.now() - stopping.at).toBeGreaterThan(800));
    app.signal("SIGTERM");
    expect(await app.exit()).toBe(1);
    await eventually(2_000, async () => expect(ready.filter(({ workerPid }) => isAlive(workerPid))).toEqual([]));
  });

  it("comes also when the supervisor is killed: they stop as at a signal", async () => {
    const app = apps.start("worker", { settings });
    const ready = await whenReady(app, 2);
    app.signal("SIGKILL");
    await eventually(10_000, async () => expect(ready.filter(({ workerPid }) => isAlive(workerPid))).toEqual([]));
    const broker = store.broker();
    try {
      // Their announcements are withdrawn, not left to run out.
      expect((await broker.servers({ timeoutMs: 2_000 })).servers).toEqual([]);
    } finally {
      await broker.close();
    }
  });

  it("comes at once for a number that cannot be used, with a word about it", async () => {
    const wrong = apps.start("worker", { settings, args: ["--processes", "many"] });
    expect(await wrong.exit()).toBe(78);
    expect(wrong.stderr.toString()).toContain("jobqueue.processes: expected an integer from 1 to 64");
    const unknown = apps.start("worker", { settings, args: ["--proceses", "2"] });
    expect(await unknown.exit()).toBe(64);
    expect(unknown.stderr.toString()).toContain("takes --processes <n> and nothing else");
  });
});

/** Resolves when `count` processes have said that they are ready since the start. */
async function whenReady(app: AppProcess, count: number): Promise<Ready[]> {
  await app.ready();
  return eventually(startMs, async () => {
    const lines = app.stderr.all.filter(({ text }) => text.includes("a worker process is ready"));
    expect(lines.length).toBeGreaterThanOrEqual(count);
    return lines.map(({ text }) => JSON.parse(text) as Ready);
  });
}

async function readiness(port: number) {
  const answer = await fetch(`http://127.0.0.1:${port}${READINESS_PATH}`);
  const { checks } = readinessAnswer.parse(await answer.json());
  return { status: answer.status, findings: checks.find(({ name }) => name === "worker_processes")?.findings };
}

/** A process that has ended but was not waited for by its parent still has its number. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = `/proc/${pid}/stat`;
  if (!existsSync(stat)) return process.platform !== "linux";
  return readFileSync(stat, "utf8").split(") ")[1]?.startsWith("Z") === false;
}
