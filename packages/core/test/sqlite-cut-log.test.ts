import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, realpathSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Broker } from "../src/broker/broker.ts";
import { sqliteBroker } from "../src/broker/sqlite/index.ts";
import { placedNow } from "./support/builders.ts";
import { untilReachable } from "./support/until-reachable.ts";

function aPath(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "hikyaku-cut-")));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "tasks.db");
}

function open(path: string, commandTimeoutMs = 5_000): Broker {
  const broker = sqliteBroker({ path, commandTimeoutMs });
  onTestFinished(() => broker.close());
  return broker;
}

const script = fileURLToPath(new URL("./support/sqlite-process.ts", import.meta.url));

async function aProcess(role: "patient" | "idle", path: string, count = 0): Promise<ChildProcess> {
  const child = fork(script, [role, path, String(count)], { execArgv: ["--conditions=source"] });
  onTestFinished(() => killed(child));
  await once(child, "message");
  return child;
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

function integrityOf(path: string): unknown {
  const raw = new DatabaseSync(path);
  try {
    return raw.prepare("PRAGMA integrity_check").get();
  } finally {
    raw.close();
  }
}

/** Enqueues one task, and comes back with its id where it was accepted. */
async function oneAccepted(broker: Broker): Promise<string[]> {
  const item = placedNow();
  const outcomes = await broker.enqueue([item]).catch(() => []);
  return outcomes[0]?.kind === "accepted" ? [item.message.id] : [];
}

describe("the log of a store that is in use", () => {
  it.each([{ bytes: 0 }, { bytes: 8_192 }])(
    "cut to $bytes bytes at a commit every 20 ms is told before anything else is accepted",
    async ({ bytes }) => {
      const path = aPath();
      const broker = open(path);
      const reasons: string[] = [];
      broker.onReachability(({ reason }) => void reasons.push(reason ?? "back"));
      for (let call = 0; call < 10; call++) {
        await oneAccepted(broker);
        await delay(20);
      }
      truncateSync(`${path}-wal`, bytes);
      const accepted: string[] = [];
      for (let call = 0; call < 20; call++) {
        accepted.push(...(await oneAccepted(broker)));
        await delay(20);
      }
      await untilReachable(broker, true);
      expect(reasons[0]).toMatch(/-wal was cut short.*may be lost/);
      expect(reasons.at(-1)).toBe("back");
      expect(accepted.length).toBeGreaterThan(0);
      const tasks = await broker.get("default", accepted);
      expect(accepted.filter((_, index) => tasks[index] === undefined)).toEqual([]);
      await broker.close();
      expect(integrityOf(path)).toEqual({ integrity_check: "ok" });
    },
  );

  it("cut under the commits of several processes is told to all, and leaves a sound database", async () => {
    const path = aPath();
    const busy = [await aProcess("patient", path), await aProcess("patient", path)];
    const refused = busy.map(
      (child) =>
        new Promise<string>((resolve) => {
          child.on("message", (message) => {
            if (typeof message === "object" && message !== null && "refused" in message) {
              resolve(String(message.refused));
            }
          });
        }),
    );
    await delay(200);
    truncateSync(`${path}-wal`, 0);
    for (const code of await Promise.all(refused)) expect(code).toMatch(/^(broker_unavailable|answer_lost)$/);
    const broker = open(path, 10_000);
    const accepted = await oneAccepted(broker);
    expect(accepted).toHaveLength(1);
    await Promise.all(busy.map(killed));
    expect(await broker.get("default", accepted)).toMatchObject([{ state: "pending" }]);
    await broker.close();
    expect(integrityOf(path)).toEqual({ integrity_check: "ok" });
  });
});
