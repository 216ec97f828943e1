import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Broker } from "../../src/broker/broker.ts";
import { isHikyakuError } from "../../src/errors.ts";
import { Inspector } from "../../src/inspector/inspector.ts";
import type { LogFields } from "../../src/runtime/logger.ts";
import type { ServerReport } from "../../src/worker/server-report.ts";
import { placedNow, stored } from "../support/builders.ts";
import { flakyBroker } from "./flaky-broker.ts";
import { aServer, Happenings, stores } from "./stores.ts";

const patience = { timeout: 10_000, interval: 20 };
const program = fileURLToPath(new URL("control-child.ts", import.meta.url));

interface ChildLine {
  readonly serverId?: string;
  readonly running?: string;
  readonly aborted?: string;
  readonly closed?: ServerReport;
}

function startChild(address: string) {
  const child = spawn(process.execPath, ["--conditions=source", program, address, "t", "30s"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit") as Promise<[code: number | null, signal: string | null]>;
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await exited;
  });
  const lines = new Happenings<ChildLine>();
  createInterface(child.stdout).on("line", (line) => lines.add(JSON.parse(line) as ChildLine));
  return { lines, exited, kill: (signal: NodeJS.Signals) => child.kill(signal) };
}

function aLog() {
  const lines: { level: string; message: string; fields: LogFields }[] = [];
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}): void =>
      void lines.push({ level, message, fields });
  return { lines, logger: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") } };
}

describe.each(stores)("remote control on $name", ({ open }) => {
  it("quiets a server, which goes on with its tasks and says who asked", async () => {
    const store = await open();
    const broker = store.connect();
    const gate = Promise.withResolvers<void>();
    const started = new Happenings<string>();
    const { lines, logger } = aLog();
    const server = aServer(store.connect(), { logger, shutdownTimeout: "5s" }).handleRaw("t", async ({ taskId }) => {
      started.add(taskId);
      await gate.promise;
    });
    await broker.enqueue([placedNow({ type: "t", id: "first" })]);
    server.start();
    await started.reach(1);
    const inspector = new Inspector({ broker });
    await vi.waitFor(async () => expect(await inspector.servers()).toHaveLength(1), patience);
    const report = await inspector.quietServer(server.serverId, { who: "Ana", reason: "new build" });
    expect(report).toMatchObject({ presence: "live", listens: true, acknowledged: true, status: "stopped" });
    const order = { kind: "quiet", by: { pid: process.pid, who: "Ana" }, reason: "new build" };
    expect(server.status()).toMatchObject({ state: "quiet", running: 1, order });
    expect(lines.filter(({ message }) => message.startsWith("told from elsewhere"))).toMatchObject([
      { level: "warn", fields: { by: expect.stringMatching(/^Ana \(.* pid \d+\)$/), reason: "new build", running: 1 } },
    ]);
    await broker.enqueue([placedNow({ type: "t", id: "second" })]);
    gate.resolve();
    await vi.waitFor(() => expect(server.status().running).toBe(0), patience);
    expect(started.all).toEqual(["first"]);
  }, 20_000);

  it("stops a server within the time that the order gives, and its tasks go back", async () => {
    const store = await open();
    const broker = store.connect();
    const started = new Happenings<string>();
    const server = aServer(store.connect(), { shutdownTimeout: "10m" }).handleRaw("t", async ({ taskId, signal }) => {
      started.add(taskId);
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      throw signal.reason;
    });
    const item = placedNow({ type: "t" });
    await broker.enqueue([item]);
    server.start();
    await started.reach(1);
    const inspector = new Inspector({ broker });
    await vi.waitFor(async () => expect(await inspector.servers()).toHaveLength(1), patience);
    const report = await inspector.stopServer(server.serverId, { timeout: "0s" });
    expect(report.acknowledged).toBe(true);
    await server.whenClosed();
    expect(server.status()).toMatchObject({ state: "closed", order: { kind: "stop" } });
    expect(await stored(broker, item.message)).toMatchObject({ state: "pending", message: { retried: 0 } });
    expect(await inspector.servers()).toEqual([]);
  }, 20_000);

  it("reaches a server that hears nothing, with its next announcement", async () => {
    const store = await open();
    const broker = store.connect();
    const deaf = flakyBroker(store.connect(), { listen: () => () => undefined });
    const server = aServer(deaf).handleRaw("t", () => undefined);
    server.start();
    const inspector = new Inspector({ broker });
    await vi.waitFor(async () => expect(await inspector.servers()).toHaveLength(1), patience);
    const report = await inspector.stopServer(server.serverId, { wait: "0s" });
    expect(report).toMatchObject({ presence: "live", acknowledged: false, status: "active" });
    await server.whenClosed();
    expect(server.status().order?.kind).toBe("stop");
  }, 20_000);

  it("evicts a server that is there only when it is forced to; that lets go and stops", async () => {
    const store = await open();
    const broker = store.connect();
    const started = new Happenings<string>();
    const reasons: unknown[] = [];
    const { lines, logger } = aLog();
    // Too long to be extended meanwhile: whoever extends may notice first that the task is somebody else's.
    const wedged = aServer(store.connect(), { logger, shutdownTimeout: "10m", lease: "10m" }).handleRaw(
      "t",
      async ({ taskId, signal }) => {
        started.add(taskId);
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        reasons.push(isHikyakuError(signal.reason) ? signal.reason.code : signal.reason);
      },
    );
    const item = placedNow({ type: "t", retentionMs: 60_000 });
    await broker.enqueue([item]);
    wedged.start();
    await started.reach(1);
    const inspector = new Inspector({ broker });
    await vi.waitFor(async () => expect(await inspector.servers()).toHaveLength(1), patience);
    await expect(inspector.evictServer(wedged.serverId)).rejects.toMatchObject({ code: "wrong_state" });
    expect(wedged.status().state).toBe("active");
    const report = await inspector.evictServer(wedged.serverId, { force: true, reason: "wedged" });
    expect(report).toMatchObject({ presence: "live", acknowledged: true, tasks: { default: 1 } });
    await wedged.whenClosed();
    expect(reasons).toEqual(["evicted"]);
    expect(wedged.status()).toMatchObject({
      order: { kind: "evict", reason: "wedged" },
      counts: { settled: 0, lost: 1 },
    });
    expect(lines.filter(({ level }) => level === "error")).toMatchObject([
      { message: expect.stringMatching(/^evicted/), fields: { running: 1 } },
    ]);
    const { attempts, state } = await stored(broker, item.message);
    expect(state).toBe("pending");
    expect(attempts).toMatchObject([
      { serverId: wedged.serverId, outcome: "lost", error: expect.stringMatching(/^evicted by .*: wedged$/) },
    ]);
  }, 20_000);

  it("learns who evicted it, and why, also when it has let go of everything before it is told", async () => {
    const store = await open();
    const broker = store.connect();
    const { lines, logger } = aLog();
    const server = aServer(store.connect(), { logger }).handleRaw("t", () => undefined);
    server.start();
    await vi.waitFor(() => expect(server.status().lastClaimAt).toBeDefined(), patience);
    const order: Broker["order"] = async (...args) => {
      await broker.enqueue([placedNow({ type: "t" })]);
      await vi.waitFor(async () => {
        expect(server.status().order).toMatchObject({ kind: "evict", by: undefined });
        expect((await broker.servers()).servers).toEqual([]);
      }, patience);
      await broker.order(...args);
    };
    const inspector = new Inspector({ broker: flakyBroker(broker, { order }) });
    await inspector.evictServer(server.serverId, { force: true, who: "Ana", reason: "wedged" });
    await server.whenClosed();
    expect(server.status().order).toMatchObject({ kind: "evict", by: { who: "Ana" }, reason: "wedged" });
    expect(lines.map(({ message }) => message)).toContain("who evicted this server");
  }, 20_000);

  it("notices an eviction by the refusal of its next claim", async () => {
    const store = await open();
    const broker = store.connect();
    const server = aServer(flakyBroker(store.connect(), { listen: () => () => undefined }));
    server.handleRaw("t", () => undefined);
    server.start();
    await vi.waitFor(() => expect(server.status().lastClaimAt).toBeDefined(), patience);
    const attempt = {
      serverId: server.serverId,
      host: "h",
      pid: 1,
      startedAt: 1,
      endedAt: 1,
      outcome: "lost",
    } as const;
    await broker.evict({ queue: "default", serverId: server.serverId, refuseForMs: 60_000, limit: 9, attempt });
    await broker.enqueue([placedNow({ type: "t", id: "waits" })]);
    await server.whenClosed();
    expect(server.status().order).toMatchObject({ kind: "evict", by: undefined });
    expect((await broker.queue("default"))?.counts.pending).toBe(1);
  }, 20_000);

  it("takes the tasks of a frozen process at once; thawed, nothing that it says of them counts, and it ends", async () => {
    const store = await open();
    const broker = store.connect();
    const items = ["a", "b", "c"].map((id) => placedNow({ type: "t", id, maxRetry: 0, retentionMs: 60_000 }));
    await broker.enqueue(items);
    const child = startChild(store.address);
    const [first] = await child.lines.reach(4);
    const serverId = first?.serverId ?? "";
    // Between two writes: a process that holds the lock of the embedded store's file keeps everybody out.
    await vi.waitFor(async () => {
      child.kill("SIGSTOP");
      await broker.resume("default", { timeoutMs: 1_000 }).catch((error: unknown) => {
        child.kill("SIGCONT");
        throw error;
      });
    }, patience);
    const ran = new Happenings<string>();
    aServer(broker)
      .handleRaw("t", ({ taskId }) => ran.add(taskId))
      .start();
    const evictedAt = performance.now();
    const report = await new Inspector({ broker }).evictServer(serverId, { force: true, wait: "0s", who: "Ana" });
    expect(report).toMatchObject({ acknowledged: false, tasks: { default: 3 } });
    expect([...(await ran.reach(3))].sort()).toEqual(["a", "b", "c"]);
    // A lease has 30 s.
    expect(performance.now() - evictedAt).toBeLessThan(10_000);
    await broker.enqueue([placedNow({ type: "other", id: "later" })]);
    child.kill("SIGCONT");
    expect(await child.exited).toEqual([0, null]);
    const told = child.lines.all.filter(({ aborted }) => aborted !== undefined).map(({ aborted }) => aborted);
    expect(told).toHaveLength(3);
    for (const code of told) expect(["evicted", "lease_lost"]).toContain(code);
    const closed = child.lines.all.find((line) => line.closed !== undefined)?.closed;
    expect(closed).toMatchObject({ order: { kind: "evict" }, counts: { settled: 0, lost: 3 } });
    for (const { message } of items) {
      const { state, attempts } = await stored(broker, message);
      expect(state).toBe("completed");
      expect(attempts).toMatchObject([
        { serverId, outcome: "lost", error: expect.stringMatching(/^evicted by Ana/) },
        { outcome: "completed" },
      ]);
    }
  }, 30_000);

  it("says of an unknown server that it is unknown, and keeps the order for it", async () => {
    const broker = (await open()).connect();
    const report = await new Inspector({ broker }).stopServer("no-such-server");
    expect(report).toMatchObject({ presence: "unknown", acknowledged: false, listens: undefined, status: undefined });
  });

  it("refuses options that nobody would read", async () => {
    const inspector = new Inspector({ broker: (await open()).connect() });
    const wrong = { reson: "x" } as object;
    await expect(inspector.quietServer("s", wrong)).rejects.toMatchObject({ code: "invalid_option" });
    await expect(inspector.stopServer("")).rejects.toMatchObject({ code: "invalid_option" });
    await expect(inspector.stopServer("s", { reason: "x".repeat(501) })).rejects.toMatchObject({
      code: "invalid_option",
    });
  });

  it("names a server of another build once, in the log of the others", async () => {
    const store = await open();
    const { lines, logger } = aLog();
    const old = aServer(store.connect(), { build: "old" }).handleRaw("t", () => undefined);
    old.start();
    const broker = store.connect();
    await vi.waitFor(async () => expect((await broker.servers()).servers).toHaveLength(1), patience);
    const server = aServer(broker, { build: "new", logger }).handleRaw("t", () => undefined);
    server.start();
    const named = () => lines.filter(({ fields }) => fields["warning"] === "other_build");
    await vi.waitFor(() => expect(named()).toHaveLength(1), patience);
    expect(named()[0]?.fields).toMatchObject({ serverId: old.serverId, detail: expect.stringContaining("build old") });
    // The one that looks may not have announced itself yet.
    await vi.waitFor(async () => {
      const infos = await new Inspector({ broker }).servers();
      const warned = infos.filter(({ warnings }) => warnings.some(({ kind }) => kind === "other_build"));
      expect(warned.map(({ serverId }) => serverId)).toEqual([old.serverId]);
    }, patience);
    expect(named()).toHaveLength(1);
  }, 20_000);

  it("keeps orders for so many servers that nobody knows, and for all that are there", async () => {
    const store = await open();
    const broker = store.connect();
    const inspector = new Inspector({ broker });
    const by = { host: "desk", pid: 1 };
    const keep = (name: number) =>
      broker.order({ orderId: `${name}`, serverId: `nobody-${name}`, kind: "quiet", at: Date.now(), by }, 60_000);
    for (let from = 0; from < 999; from += 100) {
      await Promise.all(Array.from({ length: Math.min(100, 999 - from) }, (_, index) => keep(from + index)));
    }
    expect((await inspector.stopServer("nobody-last")).presence).toBe("unknown");
    const refused = { code: "wrong_state", message: expect.stringContaining("check its id") };
    await expect(inspector.quietServer("one-too-many")).rejects.toMatchObject(refused);
    await expect(inspector.evictServer("one-too-many", { force: true })).rejects.toMatchObject(refused);
    expect(await broker.orderedServers()).toBe(1_000);
    const server = aServer(store.connect()).handleRaw("t", () => undefined);
    server.start();
    await vi.waitFor(async () => expect((await broker.servers()).servers).toHaveLength(1), patience);
    expect((await inspector.quietServer(server.serverId)).acknowledged).toBe(true);
    await server.stop();
  });
});
