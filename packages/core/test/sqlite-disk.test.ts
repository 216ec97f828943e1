import fs, { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { Database } from "../src/broker/sqlite/database.ts";
import { sqliteBroker } from "../src/broker/sqlite/index.ts";
import { type Disk, LogFlush } from "../src/broker/sqlite/log-flush.ts";
import { isHikyakuError } from "../src/errors.ts";
import { claimed, placedNow } from "./support/builders.ts";

type Done = (error: Error | null) => void;

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "hikyaku-disk-"));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

const turns = async (count = 5): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
};

describe("the flush of the log", () => {
  /** A disk that ends what it was asked for when it is told so. */
  function heldDisk() {
    const path = join(folder(), "log");
    writeFileSync(path, "");
    const asked: Done[] = [];
    const inPlace: number[] = [];
    const disk: Disk = {
      sync: (_descriptor, done) => void asked.push(done),
      syncNow: (descriptor) => void inPlace.push(descriptor),
    };
    const flush = new LogFlush(path, disk);
    onTestFinished(() => flush.close());
    return { flush, asked, inPlace };
  }

  it("is one call of the system for all that was committed before it, and another one for all that came meanwhile", async () => {
    const { flush, asked } = heldDisk();
    const order: string[] = [];
    const flushes = ["first", "second", "third"].map((name) => flush.flushed(false).then(() => order.push(name)));
    await turns();
    expect(asked.length).toBe(1);
    asked[0]?.(null);
    await turns();
    expect(order).toEqual(["first"]);
    expect(asked.length).toBe(2);
    asked[1]?.(null);
    await Promise.all(flushes);
    expect(order).toEqual(["first", "second", "third"]);
    expect(asked.length).toBe(2);
  });

  it("fails those that wait for it, says that what was committed may be lost, and tries anew for the next", async () => {
    const { flush, asked } = heldDisk();
    const failing = flush.flushed(false).catch((error: unknown) => error);
    await turns();
    asked[0]?.(new Error("EIO: no such luck"));
    const error = await failing;
    expect(isHikyakuError(error, "answer_lost")).toBe(true);
    expect(String(error)).toMatch(/may not be on the disk.*EIO: no such luck/);
    const next = flush.flushed(false);
    await turns();
    asked[1]?.(null);
    await expect(next).resolves.toBeUndefined();
  });

  it("is waited for in place after a small commit, once the disk has shown that it is fast", async () => {
    const { flush, asked, inPlace } = heldDisk();
    const first = flush.flushed(true);
    await turns();
    expect([asked.length, inPlace.length]).toEqual([1, 0]);
    asked[0]?.(null);
    await first;
    vi.spyOn(performance, "now").mockReturnValue(0);
    onTestFinished(() => void vi.restoreAllMocks());
    const second = flush.flushed(false);
    asked[1]?.(null);
    await second;
    await flush.flushed(true);
    expect([asked.length, inPlace.length]).toEqual([2, 1]);
  });

  it("lets go of the log only when nobody waits any more", async () => {
    const { flush, asked } = heldDisk();
    const waiting = flush.flushed(false);
    flush.close();
    await turns();
    asked[0]?.(null);
    await expect(waiting).resolves.toBeUndefined();
  });
});

describe("a commit on SQLite", () => {
  /** Every sync of this process waits until it is let go, or is made to fail. `pass` ends that. */
  function heldSyncs() {
    const held: Done[] = [];
    const { fdatasync } = fs;
    fs.fdatasync = ((_descriptor: number, done: Done) => void held.push(done)) as typeof fdatasync;
    syncBuiltinESMExports();
    const pass = () => {
      fs.fdatasync = fdatasync;
      syncBuiltinESMExports();
      for (const done of held.splice(0)) done(null);
    };
    onTestFinished(pass);
    return { held, pass };
  }

  function aBroker() {
    const broker = sqliteBroker({ path: join(folder(), "hikyaku.db") });
    onTestFinished(() => broker.close());
    return broker;
  }

  it("is answered only when it is on the disk, while the next ones go on", async () => {
    const broker = aBroker();
    const { held } = heldSyncs();
    let accepted = 0;
    const enqueueing = broker.enqueue([placedNow()]).then(() => accepted++);
    await vi.waitFor(() => expect(held.length).toBe(1));
    const second = broker.enqueue([placedNow()]).then(() => accepted++);
    await vi.waitFor(async () => expect((await broker.queue("default"))?.counts.pending).toBe(2));
    expect(accepted).toBe(0);
    held[0]?.(null);
    await enqueueing;
    expect(accepted).toBe(1);
    await vi.waitFor(() => expect(held.length).toBe(2));
    held[1]?.(null);
    await second;
  });

  it("is told as perhaps lost when the disk refuses it, and the file is opened anew", async () => {
    const broker = aBroker();
    const { held, pass } = heldSyncs();
    const enqueueing = broker.enqueue([placedNow()]).catch((error: unknown) => error);
    await vi.waitFor(() => expect(held.length).toBe(1));
    held[0]?.(new Error("EIO: i/o error"));
    expect(await enqueueing).toMatchObject({ code: "answer_lost", message: expect.stringContaining("EIO") });
    expect(broker.reachability()).toMatchObject({ reachable: false, reason: expect.stringContaining("EIO") });
    held.length = 0;
    pass();
    expect((await claimed(broker)).length).toBe(1);
    expect(broker.reachability()).toMatchObject({ reachable: true });
  });

  it("is told as perhaps stored when the disk takes longer than the call may, and the store is away until it has", async () => {
    const broker = aBroker();
    const { held, pass } = heldSyncs();
    const enqueueing = broker.enqueue([placedNow()], { timeoutMs: 100 }).catch((error: unknown) => error);
    expect(await enqueueing).toMatchObject({ code: "deadline_exceeded", message: expect.stringContaining("or not") });
    expect(held.length).toBeGreaterThan(0);
    expect(broker.reachability()).toMatchObject({
      reachable: false,
      reason: expect.stringContaining("the disk has not"),
    });
    pass();
    await vi.waitFor(() => expect(broker.reachability().reachable).toBe(true), { timeout: 5_000 });
    expect((await claimed(broker)).length).toBe(1);
  });

  it("that the disk never stores does not keep the broker from closing", async () => {
    const broker = sqliteBroker({ path: join(folder(), "hikyaku.db"), commandTimeoutMs: 300 });
    heldSyncs();
    const enqueueing = broker.enqueue([placedNow()], { timeoutMs: 60_000 }).catch((error: unknown) => error);
    await turns();
    await broker.close();
    expect(await enqueueing).toMatchObject({ code: "deadline_exceeded" });
  });

  it("ends before the broker has closed", async () => {
    const broker = aBroker();
    const { held } = heldSyncs();
    const order: string[] = [];
    const enqueueing = broker.enqueue([placedNow()]).then(() => order.push("accepted"));
    await vi.waitFor(() => expect(held.length).toBe(1));
    const closing = broker.close().then(() => order.push("closed"));
    await turns();
    expect(order).toEqual([]);
    held[0]?.(null);
    await Promise.all([enqueueing, closing]);
    expect(order).toEqual(["accepted", "closed"]);
  });
});

describe("a checkpoint", () => {
  it("waits on macOS until the drive itself has the file, before the log is written over", () => {
    const database = new Database(join(folder(), "tasks.db"));
    onTestFinished(() => database.close());
    expect(database.get("PRAGMA checkpoint_fullfsync")).toEqual({ checkpoint_fullfsync: 1 });
  });
});
