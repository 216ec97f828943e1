import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Broker, Reachability } from "../src/broker/broker.ts";
import { sqliteBroker } from "../src/broker/sqlite/index.ts";
import { claimed, idsOf, placedNow } from "./support/builders.ts";

function aFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "hikyaku-files-")));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

function open(path: string, commandTimeoutMs = 5_000): Broker {
  const broker = sqliteBroker({ path, commandTimeoutMs });
  onTestFinished(() => broker.close());
  return broker;
}

const script = fileURLToPath(new URL("./support/sqlite-process.ts", import.meta.url));

/** A process of its own on the file, from when it has it open; with the ids that it was told to be accepted. */
async function aProcess(role: "patient" | "idle", path: string, count = 0) {
  const child = fork(script, [role, path, String(count)], { execArgv: ["--conditions=source"] });
  onTestFinished(() => ended(child, () => child.kill("SIGKILL")));
  const accepted: string[] = [];
  const refused: string[] = [];
  child.on("message", (message: unknown) => {
    if (Array.isArray(message)) accepted.push(...message);
    else if (typeof message === "object" && message !== null && "refused" in message) {
      refused.push(String(message.refused));
    }
  });
  await once(child, "message");
  return { child, accepted, refused };
}

async function ended(child: ChildProcess, end: () => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  end();
  await exited;
}

const killed = (child: ChildProcess) => ended(child, () => child.kill("SIGKILL"));
const stopped = (child: ChildProcess) => ended(child, () => child.send("stop"));

/** Resolves when the store is away from now on, with why. */
function whenAway(broker: Broker): Promise<Reachability> {
  return new Promise((resolve) => {
    const end = broker.onReachability((state) => {
      if (state.reachable) return;
      end();
      resolve(state);
    });
  });
}

function untilReachable(broker: Broker): Promise<void> {
  return expect.poll(() => broker.reachability().reachable, { timeout: 10_000 }).toBe(true);
}

/**
 * Enqueues a task right after a file was changed. It is refused and nothing is written, unless the store has noticed by itself a
 * moment before; comes back with the ids that were accepted.
 */
async function enqueuedAfterChange(broker: Broker): Promise<string[]> {
  const item = placedNow();
  try {
    await broker.enqueue([item]);
    return [item.message.id];
  } catch (error) {
    expect(error).toMatchObject({ code: "broker_unavailable", message: expect.stringMatching(/nothing was written/i) });
    return [];
  }
}

/** Which of the tasks the store has. */
async function foundOf(broker: Broker, ids: readonly string[]): Promise<string[]> {
  const tasks = await broker.get("default", ids);
  return ids.filter((_, index) => tasks[index] !== undefined);
}

function integrityOf(path: string): unknown {
  const raw = new DatabaseSync(path);
  try {
    return raw.prepare("PRAGMA integrity_check").get();
  } finally {
    raw.close();
  }
}

const sound = { integrity_check: "ok" };
const someTasks = () => Array.from({ length: 30 }, () => placedNow());

describe("a store whose path is a symbolic link", () => {
  const links: Readonly<Record<string, (folder: string) => string>> = {
    "to a file": (folder) => {
      mkdirSync(join(folder, "real"));
      writeFileSync(join(folder, "real", "tasks.db"), "");
      symlinkSync("../real/tasks.db", join(folder, "data", "tasks.db"));
      return "data/tasks.db";
    },
    "to a link": (folder) => {
      mkdirSync(join(folder, "real"));
      symlinkSync("../real/tasks.db", join(folder, "data", "second.db"));
      symlinkSync("second.db", join(folder, "data", "first.db"));
      return "data/first.db";
    },
    "to nothing, in a folder that is not there": (folder) => {
      symlinkSync(join(folder, "real", "tasks.db"), join(folder, "data", "tasks.db"));
      return "data/tasks.db";
    },
    "by its folder": (folder) => {
      mkdirSync(join(folder, "real"));
      symlinkSync("real", join(folder, "linked"));
      return "linked/tasks.db";
    },
  };

  it.each(Object.keys(links))("%s keeps its log beside the real file, and works", async (kind) => {
    const folder = aFolder();
    mkdirSync(join(folder, "data"));
    const path = join(folder, links[kind]?.(folder) ?? "");
    const broker = open(path);
    const items = someTasks();
    expect((await broker.enqueue(items)).every((outcome) => outcome.kind === "accepted")).toBe(true);
    expect(broker.reachability()).toMatchObject({ reachable: true });
    const real = realpathSync(path);
    expect(real).toContain(join(folder, "real"));
    expect(existsSync(`${real}-wal`)).toBe(true);
    // Whoever takes the straight way is on the same store.
    expect(idsOf(await claimed(open(real)))).toEqual(idsOf(items));
  });

  it("to itself is refused", async () => {
    const path = join(aFolder(), "tasks.db");
    symlinkSync("tasks.db", path);
    await expect(open(path).enqueue([placedNow()])).rejects.toMatchObject({ code: "broker_unavailable" });
  });

  it("that is made to lead elsewhere while it is open is followed, and what was accepted before stays where it is", async () => {
    const folder = aFolder();
    const path = join(folder, "tasks.db");
    symlinkSync("first.db", path);
    const broker = open(path);
    const [before, after] = [placedNow(), placedNow()];
    await broker.enqueue([before]);
    symlinkSync("second.db", join(folder, "new-link"));
    renameSync(join(folder, "new-link"), path);
    const early = await enqueuedAfterChange(broker);
    await broker.enqueue([after]);
    expect(idsOf(await claimed(broker))).toEqual([...early, after.message.id]);
    expect(idsOf(await claimed(open(join(folder, "first.db"))))).toEqual([before.message.id]);
  });
});

describe("a path where no store can be", () => {
  const spoiled: Readonly<Record<string, (folder: string) => string>> = {
    "below a file": (folder) => {
      writeFileSync(join(folder, "data"), "no folder");
      return join(folder, "data", "tasks.db");
    },
    "that is a folder": (folder) => {
      mkdirSync(join(folder, "tasks.db"));
      return join(folder, "tasks.db");
    },
    "that is too long": (folder) => join(folder, `${"long".repeat(100)}.db`),
    "below a link that leads nowhere": (folder) => {
      symlinkSync(join(folder, "nowhere", "else"), join(folder, "data"));
      return join(folder, "data", "tasks.db");
    },
  };

  it.each(Object.keys(spoiled))("%s is told of with each call, and nothing is said to be written", async (kind) => {
    const broker = open(spoiled[kind]?.(aFolder()) ?? "");
    expect(broker.reachability()).toMatchObject({
      reachable: false,
      reason: expect.stringMatching(/othing was written/),
    });
    for (let call = 0; call < 3; call++) {
      await expect(broker.enqueue([placedNow()])).rejects.toMatchObject({
        code: expect.stringMatching(/^(broker_unavailable|store_rejected)$/),
      });
    }
  });
});

describe("a file of an open store", () => {
  const files = { log: "-wal", index: "-shm" } as const;
  const ways: Readonly<Record<string, (path: string) => void>> = {
    removed: (path) => rmSync(path),
    "moved away": (path) => renameSync(path, `${path}.away`),
    "replaced by an empty one": (path) => {
      writeFileSync(`${path}.new`, "");
      renameSync(`${path}.new`, path);
    },
  };
  const cases = Object.keys(files).flatMap((file) => Object.keys(ways).map((way) => ({ file, way })));

  it.each(cases)("its $file, $way, ends all writing at once, and nothing accepted is lost", async ({ file, way }) => {
    const path = join(aFolder(), "tasks.db");
    const broker = open(path);
    const before = someTasks();
    await broker.enqueue(before);
    const name = `${path}${files[file as keyof typeof files]}`;
    const away = whenAway(broker);
    ways[way]?.(name);
    const early = await enqueuedAfterChange(broker);
    expect(await away).toMatchObject({ reason: expect.stringContaining(name) });
    await untilReachable(broker);
    const after = someTasks();
    await broker.enqueue(after);
    const accepted = [...idsOf(before), ...early, ...idsOf(after)];
    expect(new Set(idsOf(await claimed(broker)))).toEqual(new Set(accepted));
    await broker.close();
    expect(integrityOf(path)).toEqual(sound);
  });

  it("that is removed while nobody calls is noticed, and what lay in it is saved before anybody is killed", async () => {
    const path = join(aFolder(), "tasks.db");
    const idle = await aProcess("idle", path, 30);
    const broker = open(path);
    await broker.ready();
    const away = whenAway(broker);
    rmSync(`${path}-wal`);
    expect(await away).toMatchObject({ reason: expect.stringContaining("brought into the file") });
    await untilReachable(broker);
    await killed(idle.child);
    expect(await foundOf(broker, idle.accepted)).toEqual(idle.accepted);
  });

  it.each([{ names: ["-wal"] }, { names: ["-shm"] }, { names: ["-wal", "-shm"] }])(
    "that is removed under busy processes loses nothing that they were told is accepted: $names",
    async ({ names }) => {
      const path = join(aFolder(), "tasks.db");
      const processes = [await aProcess("patient", path), await aProcess("patient", path)];
      const newOnes = async (): Promise<void> => {
        const counts = processes.map(({ accepted }) => accepted.length);
        const haveMore = () => processes.every(({ accepted }, index) => accepted.length > (counts[index] ?? 0) + 20);
        await expect.poll(haveMore, { timeout: 20_000, interval: 5 }).toBe(true);
      };
      for (let round = 0; round < 3; round++) {
        await newOnes();
        for (const name of names) rmSync(`${path}${name}`, { force: true });
      }
      await newOnes();
      await Promise.all(processes.map(({ child }) => stopped(child)));
      const accepted = processes.flatMap((each) => each.accepted);
      expect(await foundOf(open(path), accepted)).toEqual(accepted);
      const refusals = processes.flatMap(({ refused }) => refused);
      expect(refusals.filter((code) => code !== "broker_unavailable" && code !== "answer_lost")).toEqual([]);
      expect(refusals.length).toBeGreaterThan(0);
      expect(integrityOf(path)).toEqual(sound);
    },
  );

  it("does not get a second log while a frozen process has the first one", async () => {
    const path = join(aFolder(), "tasks.db");
    const frozen = await aProcess("idle", path, 30);
    frozen.child.kill("SIGSTOP");
    rmSync(`${path}-wal`);
    const broker = open(path, 300);
    await expect(broker.enqueue([placedNow()])).rejects.toMatchObject({
      code: "broker_unavailable",
      message: expect.stringContaining("-wal is missing, though another process has the file open"),
    });
    expect(existsSync(`${path}-wal`)).toBe(false);
    frozen.child.kill("SIGCONT");
    await untilReachable(broker);
    expect(await foundOf(broker, frozen.accepted)).toEqual(frozen.accepted);
  });

  it("is no log for anybody when somebody else put it there", async () => {
    const path = join(aFolder(), "tasks.db");
    const frozen = await aProcess("idle", path, 30);
    frozen.child.kill("SIGSTOP");
    rmSync(`${path}-wal`);
    writeFileSync(`${path}-wal`, "");
    const broker = open(path, 300);
    await expect(broker.enqueue([placedNow()])).rejects.toMatchObject({ code: "broker_unavailable" });
    frozen.child.kill("SIGCONT");
    await untilReachable(broker);
    expect(await foundOf(broker, frozen.accepted)).toEqual(frozen.accepted);
  });

  it("is missed after all processes were killed, until somebody takes note of the loss", async () => {
    const path = join(aFolder(), "tasks.db");
    const idle = await aProcess("idle", path, 30);
    idle.child.kill("SIGSTOP");
    await killed(idle.child);
    rmSync(`${path}-wal`);
    const broker = open(path, 300);
    const refusal = {
      code: "broker_unavailable",
      message: expect.stringMatching(/may be lost.*remove .*-shm to go on/),
    };
    for (let call = 0; call < 3; call++) await expect(broker.enqueue([placedNow()])).rejects.toMatchObject(refusal);
    rmSync(`${path}-shm`);
    await untilReachable(broker);
    expect(await broker.enqueue([placedNow()])).toMatchObject([{ kind: "accepted" }]);
  });

  it("that is cut short is noticed, and so is what was in it", async () => {
    const path = join(aFolder(), "tasks.db");
    const broker = open(path);
    await broker.enqueue(someTasks());
    const away = whenAway(broker);
    truncateSync(`${path}-wal`, 0);
    expect(await away).toMatchObject({ reason: expect.stringMatching(/-wal was cut short.*may be lost/) });
    await untilReachable(broker);
    expect(await broker.enqueue([placedNow()])).toMatchObject([{ kind: "accepted" }]);
  });

  it("may be made shorter by SQLite itself", async () => {
    const path = join(aFolder(), "tasks.db");
    const broker = open(path);
    await broker.enqueue(someTasks());
    const raw = new DatabaseSync(path);
    expect(raw.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get()).toMatchObject({ busy: 0 });
    raw.close();
    const states: Reachability[] = [];
    broker.onReachability((state) => void states.push(state));
    for (let call = 0; call < 20; call++) await broker.enqueue([placedNow()]);
    expect(states).toEqual([]);
  });
});

describe("a store whose database file", () => {
  it("was removed is begun anew only when nobody has its log any more", async () => {
    const path = join(aFolder(), "tasks.db");
    const frozen = await aProcess("idle", path, 5);
    frozen.child.kill("SIGSTOP");
    rmSync(path);
    const broker = open(path, 300);
    await expect(broker.enqueue([placedNow()])).rejects.toMatchObject({
      code: "broker_unavailable",
      message: expect.stringContaining("was removed or replaced, but"),
    });
    expect(existsSync(path)).toBe(false);
    frozen.child.kill("SIGCONT");
    await untilReachable(broker);
    expect(await broker.enqueue([placedNow()])).toMatchObject([{ kind: "accepted" }]);
  });

  it.each([
    { what: "with its folder", from: "data", to: "moved", moved: "moved/tasks.db" },
    { what: "alone", from: "data/tasks.db", to: "data/moved.db", moved: "data/moved.db" },
  ])("moved $what keeps what was accepted, and nothing more is written into it", async ({ from, to, moved }) => {
    const folder = aFolder();
    const path = join(folder, "data", "tasks.db");
    const broker = open(path);
    const before = someTasks();
    await broker.enqueue(before);
    renameSync(join(folder, from), join(folder, to));
    const early = await enqueuedAfterChange(broker);
    const after = placedNow();
    await broker.enqueue([after]);
    expect(idsOf(await claimed(broker))).toEqual([...early, after.message.id]);
    expect(idsOf(await claimed(open(join(folder, moved))))).toEqual(idsOf(before));
  });

  it("was replaced by a copy is opened anew", async () => {
    const path = join(aFolder(), "tasks.db");
    const first = open(path);
    const kept = placedNow();
    await first.enqueue([kept]);
    await first.close();
    copyFileSync(path, `${path}.copy`);
    const broker = open(path);
    await broker.enqueue([placedNow()]);
    renameSync(`${path}.copy`, path);
    const early = await enqueuedAfterChange(broker);
    await untilReachable(broker);
    expect(idsOf(await claimed(broker))).toEqual([kept.message.id, ...early]);
  });

  it("has a second name is refused, also while it is open, since two names have two logs", async () => {
    const path = join(aFolder(), "tasks.db");
    const broker = open(path);
    await broker.enqueue([placedNow()]);
    linkSync(path, `${path}.second`);
    await expect.poll(() => broker.reachability().reason).toContain("hard link");
    await expect(open(`${path}.second`).enqueue([placedNow()])).rejects.toMatchObject({
      code: "store_rejected",
      message: expect.stringContaining("hard link"),
    });
    rmSync(`${path}.second`);
    await untilReachable(broker);
    expect((await claimed(broker)).length).toBe(1);
  });
});
