import { execFile, execFileSync } from "node:child_process";
import fs, { chmodSync, closeSync, mkdtempSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Broker, Reachability } from "../src/broker/broker.ts";
import { sqliteBroker } from "../src/broker/sqlite/index.ts";
import { placedNow } from "./support/builders.ts";
import { aServer } from "./worker/stores.ts";

function aPath(): string {
  const folder = mkdtempSync(join(tmpdir(), "hikyaku-health-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "tasks.db");
}

function open(path: string, commandTimeoutMs = 5_000): Broker {
  const broker = sqliteBroker({ path, commandTimeoutMs });
  onTestFinished(() => broker.close());
  return broker;
}

const backWithin = { timeout: 10_000 };
const isReachable = (broker: Broker) => () => broker.reachability().reachable;

/** The states that the broker tells of from now on. */
function statesOf(broker: Broker): Reachability[] {
  const states: Reachability[] = [];
  broker.onReachability((state) => void states.push(state));
  return states;
}

/** Every sync of this process fails until it is told to pass; counts them. */
function failingSyncs() {
  const { fdatasync, fdatasyncSync } = fs;
  const syncs = { count: 0 };
  const error = () => new Error("EIO: i/o error, fdatasync");
  fs.fdatasync = ((_descriptor: number, done: (error: Error) => void) => {
    syncs.count++;
    setImmediate(done, error());
  }) as typeof fdatasync;
  fs.fdatasyncSync = () => {
    syncs.count++;
    throw error();
  };
  syncBuiltinESMExports();
  const pass = () => {
    Object.assign(fs, { fdatasync, fdatasyncSync });
    syncBuiltinESMExports();
  };
  onTestFinished(pass);
  return { syncs, pass };
}

/** Writes over the pages of a table, as a broken disk would. */
function damage(path: string, table: string): void {
  const raw = new DatabaseSync(path);
  const { rootpage } = raw.prepare("SELECT rootpage FROM sqlite_schema WHERE name = ?").get(table) ?? {};
  const { page_size: pageSize } = raw.prepare("PRAGMA page_size").get() ?? {};
  raw.close();
  const file = openSync(path, "r+");
  writeSync(
    file,
    new Uint8Array(Number(pageSize)).fill(0xa5),
    0,
    Number(pageSize),
    (Number(rootpage) - 1) * Number(pageSize),
  );
  closeSync(file);
}

describe("a store where every write fails", () => {
  it("under another process's lock is away, refuses soon, says that nothing was written, and comes back by itself", async () => {
    const path = aPath();
    const broker = open(path, 1_200);
    await broker.ready();
    const foreign = new DatabaseSync(path);
    onTestFinished(() => foreign.close());
    foreign.exec("BEGIN EXCLUSIVE");
    const refusal = { code: "broker_unavailable", message: expect.stringMatching(/busy.*nothing was written/) };
    await expect(broker.enqueue([placedNow()])).rejects.toMatchObject(refusal);
    expect(broker.reachability()).toMatchObject({ reachable: false, reason: expect.stringContaining("busy") });
    const startedAt = performance.now();
    await expect(broker.enqueue([placedNow()])).rejects.toMatchObject(refusal);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    foreign.exec("ROLLBACK");
    await expect.poll(isReachable(broker), backWithin).toBe(true);
    expect(await broker.queues()).toEqual([]);
  });

  it("whose disk takes nothing is not tried a hundred times a second, and one line is logged, not one for each", async () => {
    const broker = open(aPath());
    await broker.ready();
    const { syncs, pass } = failingSyncs();
    const states = statesOf(broker);
    const lines: string[] = [];
    const log = (message: string) => void lines.push(message);
    const server = aServer(broker, { logger: { debug: () => undefined, info: log, warn: log, error: log } });
    server.handleRaw("any", () => undefined);
    server.start();
    await expect.poll(isReachable(broker), backWithin).toBe(false);
    const before = syncs.count;
    const until = performance.now() + 2_000;
    // Everybody who wants something tries at once and again and again.
    while (performance.now() < until) {
      await broker.enqueue([placedNow()]).catch(() => undefined);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(syncs.count - before).toBeLessThan(40);
    expect(states.filter(({ reachable }) => reachable)).toEqual([]);
    expect(new Set(lines).size).toBe(lines.length);
    pass();
    await expect.poll(isReachable(broker), backWithin).toBe(true);
  });

  it("is told as refused, not as perhaps stored, while it is left alone between two tries", async () => {
    const broker = open(aPath());
    await broker.ready();
    failingSyncs();
    const codes = new Set<string>();
    for (let call = 0; call < 5; call++) {
      await broker.enqueue([placedNow()]).catch((error: { code: string }) => codes.add(error.code));
    }
    expect(codes).toEqual(new Set(["answer_lost", "broker_unavailable"]));
  });

  it("with a damaged table is away with the reason, accepts nothing more, and is not called back", async () => {
    const path = aPath();
    const first = open(path);
    await first.enqueue([placedNow()]);
    await first.close();
    damage(path, "durable_entries");
    const broker = open(path);
    const states = statesOf(broker);
    for (let round = 0; round < 100; round++) {
      await expect(broker.durableEntries()).rejects.toMatchObject({ code: "corrupt_data" });
      await expect(broker.enqueue([placedNow()])).rejects.toMatchObject({
        code: "corrupt_data",
        message: expect.stringMatching(/malformed; nothing was written.*start it again once the file is restored/),
      });
    }
    expect(broker.reachability()).toMatchObject({ reachable: false, reason: expect.stringContaining("malformed") });
    expect(states.filter(({ reachable }) => reachable)).toEqual([]);
  });

  it("with a damaged table accepts again as soon as another file has its name", async () => {
    const path = aPath();
    const first = open(path);
    await first.enqueue([placedNow()]);
    await first.close();
    damage(path, "durable_entries");
    const broker = open(path);
    await expect(broker.durableEntries()).rejects.toMatchObject({ code: "corrupt_data" });
    await expect(broker.enqueue([placedNow()])).rejects.toMatchObject({ code: "corrupt_data" });
    renameSync(path, `${path}.damaged`);
    await expect.poll(isReachable(broker), backWithin).toBe(true);
    expect(await broker.enqueue([placedNow()])).toMatchObject([{ kind: "accepted" }]);
  });

  it("without its tables says so", async () => {
    const path = aPath();
    const broker = open(path);
    await broker.ready();
    const raw = new DatabaseSync(path);
    raw.exec("DROP TABLE tasks");
    raw.close();
    await expect(broker.enqueue([placedNow()])).rejects.toThrow(/no such table: tasks.*nothing was written/);
    expect(broker.reachability()).toMatchObject({ reachable: false, reason: expect.stringContaining("no such table") });
  });
});

describe("a store whose file this process may read and not write", () => {
  it("is away with the reason from the start, before anybody writes", async () => {
    const path = aPath();
    const first = open(path);
    await first.enqueue([placedNow()]);
    await first.close();
    chmodSync(dirname(path), 0o777);
    chmodSync(path, 0o444);
    const script = fileURLToPath(new URL("./support/sqlite-one-call.fixture.ts", import.meta.url));
    const args = ["--conditions=source", script, dirname(path), "anybody"];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const told = JSON.parse(stdout);
    const away = { reachable: false, reason: expect.stringContaining("read-only for this process") };
    expect(told).toMatchObject({ code: "store_rejected", opened: away, away });
    expect(told.message).toContain("nothing was written. Give it write access to the file and its folder");
  });
});

/** Whether this machine lets us have a file system of our own. */
const namespaces = ((): readonly string[] | undefined => {
  for (const args of [["-m"], ["-rm"]]) {
    try {
      execFileSync("unshare", [...args, "mount", "-t", "tmpfs", "none", tmpdir()], { stdio: "ignore" });
      return args;
    } catch {
      // The other way, or none.
    }
  }
  return undefined;
})();

describe.skipIf(namespaces === undefined)("a store on a file system of its own (needs unshare and mount)", () => {
  /** Runs a program of the tests with the folder, once the words of the shell have made that what it should be; what it printed last. */
  async function told(program: string, words: string) {
    const folder = mkdtempSync(join(tmpdir(), "hikyaku-mounted-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const script = fileURLToPath(new URL(`./support/${program}`, import.meta.url));
    const shell = `cd "$0" && ${words} && exec "$1" --conditions=source "$2" "$0"`;
    const args = [...(namespaces ?? []), "sh", "-ec", shell, folder, process.execPath, script];
    const { stdout } = await promisify(execFile)("unshare", args);
    return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
  }

  it("whose file is mounted without its folder is refused, since its log would be one of its own", async () => {
    const mounted = "mount -t tmpfs none . && cd . && mkdir real && mount -t tmpfs none real";
    const refusal = await told(
      "sqlite-one-call.fixture.ts",
      `${mounted} && touch real/tasks.db tasks.db && mount --bind real/tasks.db tasks.db`,
    );
    expect(refusal).toMatchObject({ code: "store_rejected", message: expect.stringContaining("mounted") });
    expect(refusal.away).toMatchObject({ reachable: false });
  });

  it.each([
    ["with its file", "mount -t tmpfs none . && cd . && touch tasks.db && mount -o remount,ro ."],
    ["without a file", "mount -t tmpfs none . && cd . && mount -o remount,ro ."],
  ])("that is read-only, %s, is away with the reason", async (_, words) => {
    const refusal = await told("sqlite-one-call.fixture.ts", words);
    expect(refusal.code).toMatch(/^(broker_unavailable|store_rejected)$/);
    expect(refusal.message).toMatch(/read-only.*nothing was written/);
    expect(refusal.away).toMatchObject({ reachable: false, reason: expect.stringContaining("read-only") });
  });

  it("that is full is away and comes back with the room, and only what was accepted is there", async () => {
    const full = await told("sqlite-full-disk.fixture.ts", "mount -t tmpfs -o size=2m none . && cd .");
    expect(full).toMatchObject({
      code: "store_rejected",
      message: expect.stringContaining("the disk is full; nothing was written"),
      away: { reachable: false, reason: expect.stringContaining("the disk is full") },
    });
    expect(full.backAfterMs).toBeLessThan(5_000);
    expect(full.accepted).toBeGreaterThan(0);
    expect([full.found, full.inAll]).toEqual([full.accepted, full.accepted]);
  });
});
