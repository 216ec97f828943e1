import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createClient } from "redis";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Broker } from "../../src/broker/broker.ts";
import { sqliteBroker } from "../../src/broker/sqlite/index.ts";
import { silentLogger } from "../../src/runtime/logger.ts";
import { bytes, placedNow, readable, stored } from "../support/builders.ts";
import { flakyBroker } from "./flaky-broker.ts";
import type { ManyServersStatus } from "./many-servers-child.ts";
import { aServer, closedAtEnd, Happenings, stores } from "./stores.ts";

const patience = { timeout: 20_000, interval: 50 };
const program = fileURLToPath(new URL("many-servers-child.ts", import.meta.url));
const names = Array.from({ length: 15 }, (_, index) => `q${index}`);

/** A process with fifteen servers of a queue each (many-servers-child.ts), and what it says. */
function startMany(address: string, dieAt?: string) {
  const args = [program, address, String(names.length), ...(dieAt === undefined ? [] : [dieAt])];
  const child = spawn(process.execPath, ["--conditions=source", ...args], { stdio: "pipe" });
  const exited = once(child, "exit") as Promise<[code: number | null, signal: string | null]>;
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await exited;
  });
  let stderr = "";
  child.stderr.on("data", (piece: Buffer) => {
    stderr += piece.toString();
  });
  const said = new Map<string, Happenings<string>>();
  const sayings = (word: string): Happenings<string> => {
    const happenings = said.get(word) ?? new Happenings<string>();
    said.set(word, happenings);
    return happenings;
  };
  createInterface(child.stdout).on("line", (line) => {
    const [, word = "", rest = ""] = /^(\w+) ?(.*)$/.exec(line) ?? [];
    sayings(word).add(rest);
  });
  return {
    sayings,
    exited,
    stderr: () => stderr,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    stop: (index: number) => void child.stdin.write(`stop ${index}\n`),
    async status(): Promise<ManyServersStatus> {
      const asked = sayings("status").all.length + 1;
      child.stdin.write("status\n");
      return JSON.parse((await sayings("status").reach(asked))[asked - 1] ?? "");
    },
    messages: () => sayings("log").all.map((line) => (JSON.parse(line) as { message: string }).message),
  };
}

/** One task that goes on until its server is stopped, in each queue. */
async function enqueueHeld(broker: Broker) {
  const held = names.map((queue) => placedNow({ type: "hold", queue }));
  await broker.enqueue(held);
  return held.map(({ message }) => message);
}

/** How many Redis has; none on another store. */
async function connectionsTo(address: string): Promise<number> {
  if (!address.startsWith("redis:")) return 0;
  const client = createClient({ url: address });
  await client.connect();
  const list = String(await client.sendCommand(["CLIENT", "LIST"]));
  client.destroy();
  return list.trim().split("\n").length;
}

/** In one piece: the thread looks whether the file is there. */
function tell(file: string, fate: "die" | "hang"): void {
  writeFileSync(`${file}.new`, fate);
  renameSync(`${file}.new`, file);
}

/** Keeps the event loop of the process busy for more than twice the length of its servers' leases. */
async function block(broker: Broker, queue: string): Promise<void> {
  await broker.enqueue([placedNow({ type: "block", queue, payload: bytes("10000") })]);
}

/** What was said of the thread that extends leases. On a busy machine it may be late besides. */
function lifeOfThread(messages: readonly string[]): string[] {
  return messages.filter((message) => message.includes("extend") && !message.includes("is late"));
}

describe.each(stores)("fifteen servers of one process on $name", ({ open }) => {
  it("share a thread, connections and the listening to signals; one ends without the others", async () => {
    const store = await open();
    const broker = store.connect();
    const held = await enqueueHeld(broker);
    const connectionsBefore = await connectionsTo(store.address);
    const child = startMany(store.address);
    await child.sayings("running").reach(names.length);
    expect([...child.sayings("running").all].sort()).toEqual([...names].sort());
    const status = await vi.waitFor(async () => {
      const now = await child.status();
      for (const { leasesExtendedBy } of now.servers) expect(leasesExtendedBy).toBe("thread");
      // Each comes to be in its own time.
      expect(now.signalListeners).toBe(1);
      expect(now.threads).toBe(process.platform === "linux" ? 1 : undefined);
      return now;
    }, patience);
    const there = await vi.waitFor(async () => {
      const { servers } = await broker.servers();
      expect(servers).toHaveLength(names.length);
      return servers;
    }, patience);
    expect(there.map(({ serverId }) => serverId).sort()).toEqual(status.servers.map(({ serverId }) => serverId).sort());

    // One for each queue to wait on, and one each for calls, for signals and for the thread.
    const connections = (await connectionsTo(store.address)) - connectionsBefore;
    expect(connections).toBeLessThanOrEqual(names.length + 3);

    child.stop(0);
    await child.sayings("stopped").reach(1);
    await block(broker, "q1");
    await child.sayings("blocking").reach(1);
    const stolen = new Happenings<string>();
    const queues = Object.fromEntries(names.map((queue) => [queue, 1]));
    const thief = aServer(broker, { queues, concurrency: 20 }).handleRaw("hold", async ({ queue, signal }) => {
      stolen.add(queue);
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    });
    thief.start();
    expect(await stolen.reach(1)).toEqual(["q0"]);
    // Answered as soon as the event loop turns again.
    const after = await child.status();
    expect(after.servers[1]?.loopDelayMs).toBeGreaterThan(8_000);
    const [first, ...others] = after.servers;
    expect(first?.state).toBe("closed");
    for (const { state, counts } of others)
      expect({ state, counts }).toMatchObject({ state: "active", counts: { lost: 0 } });
    expect(stolen.all).toEqual(["q0"]);
    for (const { queue, id } of held.slice(1)) {
      const { state, leaseEndsAt, leaseToken } = await stored(broker, { queue, id });
      expect({ queue, state }).toEqual({ queue, state: "active" });
      expect(leaseEndsAt).toBeGreaterThan(Date.now());
      expect(leaseToken).toContain(after.servers[Number(queue.slice(1))]?.serverId);
    }
    expect((await broker.servers()).servers.map(({ serverId }) => serverId)).not.toContain(first?.serverId);

    child.kill("SIGTERM");
    expect(await child.exited).toEqual([0, null]);
    expect(child.stderr()).toBe("");
  }, 90_000);

  it("keep their leases when the thread dies, and have them kept by another one", async () => {
    const store = await open();
    const broker = store.connect();
    const held = await enqueueHeld(broker);
    const folder = mkdtempSync(join(tmpdir(), "hikyaku-mortal-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const child = startMany(store.address, join(folder, "fate"));
    await child.sayings("running").reach(names.length);
    for (let deaths = 1; deaths <= 2; deaths++) {
      tell(join(folder, "fate"), "die");
      await vi.waitFor(() => {
        const told = lifeOfThread(child.messages());
        expect(told).toEqual(Array.from({ length: deaths }, () => [died, replaced]).flat());
      }, patience);
    }
    await block(broker, "q7");
    await child.sayings("blocking").reach(1);
    const { servers, threads } = await child.status();
    expect(servers[7]?.loopDelayMs).toBeGreaterThan(8_000);
    expect(threads).toBe(process.platform === "linux" ? 1 : undefined);
    for (const { leasesExtendedBy, counts } of servers) {
      expect({ leasesExtendedBy, counts }).toMatchObject({
        leasesExtendedBy: "thread",
        counts: { lost: 0, failed: 0 },
      });
    }
    for (const { queue, id } of held) expect(await stored(broker, { queue, id })).toMatchObject({ state: "active" });
    child.kill("SIGTERM");
    expect(await child.exited).toEqual([0, null]);
    expect(child.stderr()).toBe("");
  }, 90_000);
});

describe.each(stores)("fifteen servers of one process on $name whose thread hangs", ({ open }) => {
  it("keep their leases themselves, and end all the same", async () => {
    const store = await open();
    const broker = store.connect();
    const held = await enqueueHeld(broker);
    const folder = mkdtempSync(join(tmpdir(), "hikyaku-mortal-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const child = startMany(store.address, join(folder, "fate"));
    await child.sayings("running").reach(names.length);
    tell(join(folder, "fate"), "hang");
    await vi.waitFor(() => expect(existsSync(join(folder, "fate"))).toBe(false), patience);
    // A lease has four seconds.
    const beyond = Date.now() + 10_000;
    await vi.waitFor(async () => {
      for (const { queue, id } of held) {
        const { state, leaseEndsAt } = await stored(broker, { queue, id });
        expect({ queue, state }).toEqual({ queue, state: "active" });
        expect(leaseEndsAt).toBeGreaterThan(beyond);
      }
    }, patience);
    expect(child.messages()).toContain("the thread that extends leases is late; the event loop extends them meanwhile");
    const { servers } = await child.status();
    for (const { counts } of servers) expect(counts).toMatchObject({ lost: 0, failed: 0 });
    child.kill("SIGTERM");
    expect(await child.exited).toEqual([0, null]);
    expect(child.stderr()).toBe("");
  }, 60_000);
});

describe.each(stores)("servers that come and go on one broker on $name", ({ open }) => {
  it("keep the thread for as long as one of them needs it, and have another one later", async () => {
    const broker = (await open()).connect();
    const running = new Happenings<string>();
    const start = (queue: string, lease: "2s" | "3s") => {
      const server = aServer(broker, { queues: { [queue]: 1 }, lease }).handleRaw("hold", async ({ signal }) => {
        running.add(queue);
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      });
      server.start();
      return server;
    };
    const isKept = async (server: ReturnType<typeof start>, queue: string) => {
      const endsAt = async () => {
        const { tasks } = await broker.list({ queue, state: "active", limit: 1 });
        return tasks.map((task) => readable(task).leaseEndsAt ?? 0)[0] ?? 0;
      };
      const before = await endsAt();
      await vi.waitFor(async () => {
        expect(server.status().leasesExtendedBy).toBe("thread");
        expect(await endsAt()).toBeGreaterThan(before + 1_000);
      }, patience);
    };
    await broker.enqueue(["q0", "q1", "q2"].map((queue) => placedNow({ type: "hold", queue })));
    const [first, second] = [start("q0", "2s"), start("q1", "3s")];
    await running.reach(2);
    await Promise.all([isKept(first, "q0"), isKept(second, "q1")]);
    await first.stop();
    await isKept(second, "q1");
    await second.stop();
    const third = start("q2", "2s");
    await running.reach(3);
    await isKept(third, "q2");
  }, 60_000);
});

describe("servers of one broker that are started together", () => {
  it("look once for others, and announce themselves in one go", async () => {
    const real = closedAtEnd(sqliteBroker({ path: ":memory:" }));
    const asked: string[] = [];
    const announcedIn = new Set<number>();
    let turn = 0;
    const broker = flakyBroker(real, {
      servers: (...args) => {
        asked.push("servers");
        return real.servers(...args);
      },
      silentServers: (...args) => {
        asked.push("silent servers");
        return real.silentServers(...args);
      },
      announce: (...args) => {
        announcedIn.add(turn);
        setImmediate(() => turn++);
        return real.announce(...args);
      },
    });
    const servers = names.map((queue) => aServer(broker, { queues: { [queue]: 1 } }).handleRaw("t", () => undefined));
    for (const server of servers) server.start();
    await vi.waitFor(() => {
      for (const server of servers) expect(server.status().lastClaimAt).toBeDefined();
    }, patience);
    expect(asked.sort()).toEqual(["servers", "silent servers"]);
    expect(announcedIn.size).toBe(1);
    expect((await real.servers()).servers).toHaveLength(names.length);
  }, 20_000);
});

describe("servers of one broker whose store no thread can open", () => {
  it("say so once, and extend their leases on the event loop", async () => {
    const real = closedAtEnd(sqliteBroker({ path: ":memory:" }));
    const recipe = { kind: "module", module: "node:os", make: "noBroker", options: () => ({}) } as const;
    const broker = flakyBroker(real, { recipe });
    const lines: string[] = [];
    const logger = { ...silentLogger, error: (message: string) => void lines.push(message) };
    const running = new Happenings<string>();
    const servers = ["2s", "3s"].map((lease, index) =>
      aServer(broker, { logger, lease: lease as "2s", queues: { [`q${index}`]: 1 } }).handleRaw(
        "hold",
        async ({ queue, signal }) => {
          running.add(queue);
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
        },
      ),
    );
    for (const server of servers) server.start();
    await broker.enqueue(["q0", "q1"].map((queue) => placedNow({ type: "hold", queue })));
    await running.reach(2);
    const endsAt = async () => {
      const tasks = await Promise.all(["q0", "q1"].map((queue) => broker.list({ queue, state: "active", limit: 1 })));
      return tasks.map(({ tasks: [task] }) => (task === undefined ? 0 : (readable(task).leaseEndsAt ?? 0)));
    };
    const before = await endsAt();
    await vi.waitFor(async () => {
      for (const [index, endAt] of (await endsAt()).entries())
        expect(endAt).toBeGreaterThan((before[index] ?? 0) + 1_000);
    }, patience);
    expect(servers.map((server) => server.status().leasesExtendedBy)).toEqual(["event_loop", "event_loop"]);
    expect(lines.filter((line) => line.includes("extends leases does not work"))).toHaveLength(1);
  }, 30_000);
});

const died = "the thread that extends leases died; the event loop extends them until another one does";
const replaced = "a new thread extends the leases";
