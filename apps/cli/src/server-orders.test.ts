import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AuditTrail, type Broker, Client, defineTask, Server, silentLogger } from "hikyaku";
import { sqliteBroker } from "hikyaku/sqlite";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runCli } from "./cli.ts";

const email = defineTask({ type: "email:send" });
const patience = { timeout: 5_000, interval: 20 };

describe("telling a server what to do", () => {
  let folder: string;
  let broker: Broker;
  let server: Server;
  const started = vi.fn();
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "hikyaku-cli-"));
    const path = join(folder, "hikyaku.db");
    vi.stubEnv("APP_ENV", "local");
    vi.stubEnv("HIKYAKU__JOBQUEUE__STORE", "embedded");
    vi.stubEnv("HIKYAKU__JOBQUEUE__EMBEDDED__PATH", path);
    started.mockReset();
    broker = sqliteBroker({ path });
    server = new Server({ broker, logger: silentLogger, shutdownTimeout: "0s", abortGrace: "100ms" });
    server.handle(email, ({ signal }) => {
      started();
      return new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    });
    server.start();
    await vi.waitFor(async () => expect((await broker.servers()).servers).toHaveLength(1), patience);
  });
  afterEach(async () => {
    await server.stop();
    await broker.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const written = { out: "", err: "" };
    const streams = {
      out: (text: string): void => {
        written.out += text;
      },
      err: (text: string): void => {
        written.err += text;
      },
    };
    const code = await runCli(["servers", ...args], streams);
    return { code, ...written };
  }

  it("quiets it by host:pid, and says so", async () => {
    const [record] = (await broker.servers()).servers;
    const { code, out } = await run("quiet", `${record?.host}:${process.pid}`, "--reason", "new build");
    expect(out).toContain(`${server.serverId} (`);
    expect(out).toContain("takes no new tasks");
    expect(code).toBe(0);
    expect(server.status()).toMatchObject({ state: "quiet", order: { reason: "new build" } });
    expect(server.status().order?.by?.who).toMatch(/^hikyaku command/);
    const { entries } = await new AuditTrail({ broker }).page({ limit: 10 });
    expect(entries).toMatchObject([
      { way: "cli", operation: "quiet-server", on: { id: server.serverId }, reason: "new build", result: "done" },
    ]);
    expect(entries[0]?.who).toMatch(/^hikyaku command/);
  });

  it("stops it by the beginning of its id, with JSON to read", async () => {
    const { code, out } = await run("stop", server.serverId.slice(0, 8), "--timeout", "0s", "--json");
    expect(JSON.parse(out)).toMatchObject({ id: server.serverId, acknowledged: true, presence: "live" });
    expect(code).toBe(0);
    await server.whenClosed();
  });

  it("evicts one that is there only with --yes, and tells what it took", async () => {
    await using client = new Client({ broker });
    await client.enqueue(email, {});
    await vi.waitFor(() => expect(started).toHaveBeenCalled(), patience);
    const refused = await run("evict", server.serverId);
    expect(refused.code).toBe(64);
    expect(refused.err).toContain("--yes");
    expect(server.status().state).toBe("active");
    const { code, out } = await run("evict", server.serverId, "--yes");
    expect(code).toBe(0);
    expect(out).toContain("tasks taken from it: 1 of default");
    await server.whenClosed();
  });

  it("says with 64 which servers there are when it is not clear which is meant", async () => {
    const none = await run("stop", "nobody");
    expect(none.code).toBe(64);
    expect(none.err).toContain(server.serverId);
    const second = new Server({ broker, logger: silentLogger }).handle(email, () => undefined);
    second.start();
    await vi.waitFor(async () => expect((await broker.servers()).servers).toHaveLength(2), patience);
    const [record] = (await broker.servers()).servers;
    const both = await run("stop", `${record?.host}:${process.pid}`);
    await second.stop();
    expect(both.code).toBe(64);
    expect(both.err).toContain("fits 2 servers");
    expect(both.err).toContain(second.serverId);
    expect((await run("quiet", server.serverId, "--wait", "soon")).code).toBe(64);
    expect(server.status().state).toBe("active");
  });

  it("keeps the order, and says so with 1, for a whole id that nobody has heard of", async () => {
    const { code, out } = await run("stop", "0199e0a4-6b52-4c1e-9f57-2d8c4be0f3aa");
    expect(code).toBe(1);
    expect(out).toMatch(/is not known: it took its leave, .*; the order is kept for it until/);
  });

  it("claims nothing of a dead server that may be Asynq's: neither what it held nor that it gets no more", async () => {
    const { code, out } = await run("evict", "0199e0a4-6b52-4c1e-9f57-2d8c4be0f3aa");
    expect(code).toBe(0);
    expect(out).toContain("or is of another library, whose servers are forgotten within seconds");
    expect(out).toContain(
      "none that says it is held by it; what a dead server of another library held runs again when",
    );
    expect(out).toMatch(/it gets no others until \S+Z, unless it is of another library: such a one does not ask/);
    expect(out).not.toMatch(/last ten minutes|it held none/);
  });

  it("says of a server of another library that it can go on to take tasks", async () => {
    const [ours] = (await broker.servers()).servers;
    if (ours === undefined) throw new Error("expected a server");
    const theirs = { ...ours, serverId: "5f2b3c1e-6b52-4c1e-9f57-2d8c4be0f3aa", details: undefined };
    await broker.announce(theirs, [], 60_000);
    const { out } = await run("evict", theirs.serverId, "--yes");
    expect(out).toContain("is of another library and can't hear: stop its process by hand");
    expect(out).toContain("none, it told of none; what it took since runs again when its leases end");
    expect(out).toContain("it can take others until its process ends");
  });

  it("lists ids and what is wrong", async () => {
    const { out } = await run();
    expect(out).toContain(`id          ${server.serverId}`);
  });
});
