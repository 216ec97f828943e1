import { OPERATIONS_PATH } from "@hikyaku/contract";
import { freePort } from "@hikyaku/test-support";
import { type Broker, Inspector, type ServerInfo } from "hikyaku";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AppProcess, AppProcesses, eventually } from "./support/app-process.ts";
import { storeKinds, type TestStore } from "./support/stores.ts";

describe.for(storeKinds)("remote control of the programs, on $name", (kind) => {
  const apps = new AppProcesses();
  let store: TestStore;
  let broker: Broker;
  let inspector: Inspector;
  let port: number;
  let settings: Record<string, string | number>;
  beforeEach(async ({ skip }) => {
    if (kind.missing !== undefined) skip(kind.missing);
    store = await kind.create();
    port = await freePort();
    settings = { ...store.settings, SERVER__PORT: port, JOBQUEUE__PORT: await freePort() };
    broker = store.broker();
    inspector = new Inspector({ broker });
  });
  afterEach(async () => {
    await apps.killAll();
    await broker?.close();
    await store?.remove();
  });

  async function present(count: number): Promise<readonly ServerInfo[]> {
    return eventually(60_000, async () => {
      const live = (await inspector.servers()).filter(({ silentSince }) => silentSince === undefined);
      expect(live).toHaveLength(count);
      return live;
    });
  }

  /** Between two writes: one that holds the lock of the embedded store's file keeps everybody out. */
  async function freeze(app: AppProcess): Promise<void> {
    await eventually(60_000, async () => {
      app.signal("SIGSTOP");
      try {
        await broker.resume("default", { timeoutMs: 1_000 });
      } catch (error) {
        app.signal("SIGCONT");
        throw error;
      }
    });
  }

  it("ends a worker process with 0 when it is told to stop, and says who asked", async () => {
    const app = await apps.start("worker", { settings }).ready();
    const [server] = await present(1);
    expect(server?.details?.build).toMatch(/^[0-9a-f]{12}$/);
    const report = await inspector.stopServer(server?.serverId ?? "", { who: "Ana", reason: "old build" });
    expect(report.acknowledged).toBe(true);
    expect(await app.exit()).toBe(0);
    expect(app.stderr.toString()).toContain("told from elsewhere to stop");
    expect(app.stderr.toString()).toContain("old build");
    expect(app.stdout.all).toEqual([]);
  }, 120_000);

  it("ends all of npm start with 0, over HTTP, after the answer", async () => {
    const app = await apps.start("standalone", { settings }).ready();
    const [server] = await present(1);
    const url = `http://127.0.0.1:${port}${OPERATIONS_PATH}/servers`;
    const answer = await fetch(`${url}/${server?.serverId}/stop`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ acknowledged: true, presence: "live" });
    expect(await app.exit()).toBe(0);
  }, 120_000);

  it("ends a frozen worker process with 1 once it comes to itself and finds that it was evicted", async () => {
    const app = await apps.start("worker", { settings }).ready();
    const [server] = await present(1);
    await freeze(app);
    const report = await inspector.evictServer(server?.serverId ?? "", { force: true, wait: "0s" });
    expect(report.acknowledged).toBe(false);
    app.signal("SIGCONT");
    expect(await app.exit()).toBe(1);
    expect(app.stderr.toString()).toContain("evicted");
  }, 120_000);

  it("ends one of several worker processes for good, and their supervisor with the last", async () => {
    const app = await apps.start("worker", { settings: { ...settings, JOBQUEUE__PROCESSES: 2 } }).ready();
    const [first, second] = await present(2);
    expect(first?.warnings).toEqual([]);
    await inspector.stopServer(first?.serverId ?? "");
    await app.stderr.next(/told to stop from elsewhere: it is not started again/, { timeoutMs: 30_000 });
    expect((await present(1)).map(({ serverId }) => serverId)).toEqual([second?.serverId]);
    await inspector.stopServer(second?.serverId ?? "");
    expect(await app.exit()).toBe(0);
  }, 120_000);
});
