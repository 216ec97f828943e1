import { type ChildProcess, execFileSync, fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Broker } from "../src/broker/broker.ts";
import { sqliteBroker } from "../src/broker/sqlite/index.ts";
import { checkStore } from "../src/doctor/check-store.ts";
import { bytes, placedNow } from "./support/builders.ts";

const queues = ["default"];

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "hikyaku-writes-"));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

function open(path: string): Broker {
  const broker = sqliteBroker({ path });
  onTestFinished(() => broker.close());
  return broker;
}

/** Mounts a file system of this size where the machine lets it. */
function smallDisk(megabytes: number): string | undefined {
  const made = folder();
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", made]).status === 0;
  if (!mounted) return undefined;
  onTestFinished(() => void execFileSync("umount", ["--lazy", made]));
  return made;
}

async function lockedByAnother(path: string): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, "support/sqlite-lock.fixture.ts"), [path]);
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child, "message");
  return child;
}

describe("a SQLite file that refuses writes", () => {
  it("is found by a probe: another process holds the lock, although reading works", async () => {
    const path = join(folder(), "hikyaku.db");
    const broker = open(path);
    await broker.ready();
    const holder = await lockedByAnother(path);
    await expect(broker.queues()).resolves.toEqual([]);
    await expect(broker.probeWrites(queues, { timeoutMs: 200 })).rejects.toMatchObject({ code: "broker_unavailable" });
    expect(await checkStore(broker, { scope: "live" })).toMatchObject([
      { kind: "writes_fail", level: "error", detail: expect.stringContaining("busy") },
    ]);
    const failing = await Promise.allSettled([broker.enqueue([placedNow()], { timeoutMs: 100 })]);
    expect(failing[0]?.status).toBe("rejected");
    expect(broker.writeHealth()).toMatchObject({ written: 0, failing: [{ kind: "enqueue", calls: 1 }] });
    holder.send("stop");
    await once(holder, "exit");
    await expect(broker.probeWrites(queues)).resolves.toBeUndefined();
    await broker.enqueue([placedNow()]);
    expect(broker.writeHealth()).toEqual({ written: 1, failing: [] });
  });

  it("is looked for with a page of the log for each probe, however much lies there", async () => {
    const path = join(folder(), "hikyaku.db");
    const broker = open(path);
    await broker.enqueue(Array.from({ length: 500 }, () => placedNow({ payload: bytes("x".repeat(5_000)) })));
    await broker.probeWrites(queues);
    const before = statSync(`${path}-wal`).size;
    for (let probe = 0; probe < 10; probe++) await broker.probeWrites(queues);
    expect(statSync(`${path}-wal`).size - before).toBeLessThan(10 * 2 * 4_200);
  });

  it("is found by a probe: the disk is full", async ({ skip }) => {
    const disk = smallDisk(4);
    if (disk === undefined) return skip("no file system may be mounted here");
    const broker = open(join(disk, "hikyaku.db"));
    await expect(broker.probeWrites(queues)).resolves.toBeUndefined();
    const filler = openSync(join(disk, "filler"), "w");
    const block = Buffer.alloc(4_096, 1);
    try {
      for (;;) writeSync(filler, block);
    } catch {
      closeSync(filler);
    }
    await expect(broker.queues()).resolves.toEqual([]);
    // What the log has room for already is stored.
    await expect
      .poll(() => broker.probeWrites(queues).then(() => "stored", String), { timeout: 10_000 })
      .toMatch(/full/);
    rmSync(join(disk, "filler"));
    await expect(broker.probeWrites(queues)).resolves.toBeUndefined();
  });

  it("is found by a probe: the file may not grow", () => {
    const path = join(folder(), "hikyaku.db");
    const script = `
      import { sqliteBroker } from "./packages/core/src/broker/sqlite/index.ts";
      const broker = sqliteBroker({ path: ${JSON.stringify(path)} });
      await broker.ready();
      const answers = [];
      for (let index = 0; index < 200; index++) {
        answers.push(await broker.probeWrites(["default"]).then(() => "stored", ({ code }) => code));
        await broker.queues();
      }
      console.log([...new Set(answers)].join());
      process.exit();
    `;
    // In KiB: enough for the tables of a new file, not for much of a log. Opening it anew starts a new one.
    const limited = spawnSync(
      "bash",
      [
        "-c",
        'ulimit -f 400; exec "$0" "$@"',
        process.execPath,
        "--conditions=source",
        "--input-type=module",
        "-e",
        script,
      ],
      {
        cwd: join(import.meta.dirname, "../../.."),
        env: { ...process.env, NODE_OPTIONS: "" },
        encoding: "utf8",
      },
    );
    expect({ out: limited.stdout.trim(), error: limited.stderr }).toEqual({
      out: "stored,broker_unavailable",
      error: "",
    });
  });

  it("is found by a probe: pages were overwritten", async () => {
    const path = join(folder(), "hikyaku.db");
    const first = open(path);
    const many = Array.from({ length: 500 }, () => placedNow({ payload: bytes("x".repeat(500)) }));
    await first.enqueue(many);
    await first.close();
    const { size } = statSync(path);
    const file = openSync(path, "r+");
    // The first page tells where the tables are; it stays.
    writeSync(file, Buffer.alloc(size - 4_096, 0xa5), 0, size - 4_096, 4_096);
    closeSync(file);
    const broker = open(path);
    await expect(broker.probeWrites(queues)).rejects.toMatchObject({ code: "corrupt_data" });
    await Promise.allSettled([broker.enqueue([placedNow()])]);
    expect(broker.writeHealth()).toMatchObject({ written: 0, failing: [{ kind: "enqueue", calls: 1 }] });
  });

  it("is found by a probe: only the pages of tasks were overwritten", async () => {
    const path = join(folder(), "hikyaku.db");
    const first = open(path);
    await first.enqueue([placedNow({ id: "first" })]);
    await first.close();
    const database = new DatabaseSync(path);
    const { rootpage } = database.prepare("SELECT rootpage FROM sqlite_master WHERE name = 'tasks'").get() ?? {};
    database.close();
    const file = openSync(path, "r+");
    writeSync(file, Buffer.alloc(4_096, 0xa5), 0, 4_096, (Number(rootpage) - 1) * 4_096);
    closeSync(file);
    const broker = open(path);
    await expect(broker.ready()).resolves.toBeUndefined();
    await expect(broker.probeWrites(queues)).rejects.toMatchObject({ code: "corrupt_data" });
  });
});
