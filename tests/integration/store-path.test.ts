import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { freePort } from "@hikyaku/test-support";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { AppProcesses, eventually, register } from "./support/app-process.ts";

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "hikyaku-path-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Seconds of processor time that a process has used so far. */
function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

describe("processes on an embedded store", () => {
  const apps = new AppProcesses();
  afterEach(() => apps.killAll());

  async function startBoth(path: string) {
    const ports = { api: await freePort(), worker: await freePort() };
    const settings = {
      JOBQUEUE__EMBEDDED__PATH: path,
      SERVER__PORT: ports.api,
      JOBQUEUE__PORT: ports.worker,
      API__RATE_LIMIT__ENABLED: "false",
    };
    const [api, worker] = [apps.start("api", { settings }), apps.start("worker", { settings })];
    await Promise.all([api.ready(), worker.ready()]);
    return { api, worker, ports };
  }

  const stopsAtOnceMs = 5_000;

  it.runIf(existsSync("/proc/self"))(
    "that can't be made run, say so once, wait idly, and stop when asked",
    async () => {
      const { api, worker, ports } = await startBoth("/proc/hikyaku/data/tasks.db");
      const answer = await register(ports.api, { message: "nowhere" });
      expect(answer).toMatchObject({ status: 503, body: { code: "broker_unavailable" } });
      expect(answer.ms).toBeLessThan(1_000);
      const before = [api, worker].map(({ pid }) => processorSeconds(pid));
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      const used = [api, worker].map(({ pid }, index) => processorSeconds(pid) - (before[index] ?? 0));
      for (const seconds of used) expect(seconds).toBeLessThan(1.5);
      for (const app of [api, worker]) {
        const told = app.stderr.all.filter(({ text }) => text.includes("store does not answer"));
        expect(told.map(({ text }) => text)).toEqual([expect.stringContaining("/proc/hikyaku")]);
        const start = performance.now();
        expect(await app.stop()).toBe(0);
        expect(performance.now() - start).toBeLessThan(stopsAtOnceMs);
        expect(app.stderr.all.length).toBeLessThan(25);
      }
    },
  );

  it("serve as soon as the place for it is there", async () => {
    const blocker = join(aFolder(), "data");
    writeFileSync(blocker, "a file where the folder should be");
    const { worker, ports } = await startBoth(join(blocker, "tasks.db"));
    expect(await register(ports.api, { message: "too soon" })).toMatchObject({ status: 503 });
    rmSync(blocker);
    await eventually(5_000, async () => {
      expect((await register(ports.api, { message: "at last", delay_seconds: 1 })).status).toBe(201);
    });
    await worker.stdout.next(/\] at last$/);
  });

  it("whose path is a link run what they accept", async () => {
    const folder = aFolder();
    mkdirSync(join(folder, "data"));
    symlinkSync("../real/tasks.db", join(folder, "data", "tasks.db"));
    const { worker, ports } = await startBoth(join(folder, "data", "tasks.db"));
    expect((await register(ports.api, { message: "by the link", delay_seconds: 1 })).status).toBe(201);
    await worker.stdout.next(/\] by the link$/);
    expect(existsSync(join(folder, "real", "tasks.db"))).toBe(true);
  });

  it("that another program has locked refuse in a second, say that nothing was stored, and store nothing", async () => {
    const path = join(aFolder(), "tasks.db");
    const { worker, ports } = await startBoth(path);
    expect((await register(ports.api, { message: "before", delay_seconds: 1 })).status).toBe(201);
    await worker.stdout.next(/\] before$/);
    const foreign = new DatabaseSync(path, { timeout: 5_000 });
    onTestFinished(() => foreign.close());
    foreign.exec("BEGIN EXCLUSIVE");
    const answers = await Promise.all([1, 2, 3].map((count) => register(ports.api, { message: `locked ${count}` })));
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 503, body: { code: "broker_unavailable" } });
      expect(answer.ms).toBeLessThan(1_500);
    }
    foreign.exec("ROLLBACK");
    await eventually(5_000, async () => {
      expect((await register(ports.api, { message: "after", delay_seconds: 1 })).status).toBe(201);
    });
    await worker.stdout.next(/\] after$/);
    const { count } =
      foreign.prepare("SELECT count(*) AS count FROM tasks WHERE CAST(payload AS TEXT) LIKE '%locked%'").get() ?? {};
    expect(count).toBe(0);
  });

  it("whose log is removed lose no job that they registered", async () => {
    const path = join(aFolder(), "tasks.db");
    const { worker, ports } = await startBoth(path);
    expect((await register(ports.api, { message: "before", delay_seconds: 3 })).status).toBe(201);
    rmSync(`${path}-wal`);
    const refused = await register(ports.api, { message: "just then", delay_seconds: 1 });
    expect([201, 503]).toContain(refused.status);
    await eventually(5_000, async () => {
      expect((await register(ports.api, { message: "after", delay_seconds: 1 })).status).toBe(201);
    });
    await worker.stdout.next(/\] before$/);
    await worker.stdout.next(/\] after$/);
    expect(worker.stderr.toString()).toContain("-wal was removed or replaced");
  });
});
