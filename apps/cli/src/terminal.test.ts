import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Broker, type ServerRecord, visibleText } from "hikyaku";
import { defaultMessage, type TaskMessage } from "hikyaku/broker";
import { sqliteBroker } from "hikyaku/sqlite";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runCli } from "./cli.ts";

const ranges = [
  [0x01, 0x1f],
  [0x7f, 0x9f],
  [0x61c, 0x61c],
  [0x200e, 0x200f],
  [0x2028, 0x202e],
  [0x2066, 0x2069],
] as const;
const hostile = `a${ranges
  .flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, index) => String.fromCharCode(first + index)),
  )
  .join("")}b`;
/** Whatever a terminal obeys but the line breaks that are ours. */
const obeyed = /(?!\n)[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

describe("what the hikyaku command writes", () => {
  let folder: string;
  let broker: Broker;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "hikyaku-cli-"));
    const path = join(folder, "hikyaku.db");
    vi.stubEnv("APP_ENV", "local");
    vi.stubEnv("HIKYAKU__JOBQUEUE__STORE", "embedded");
    vi.stubEnv("HIKYAKU__JOBQUEUE__EMBEDDED__PATH", path);
    broker = sqliteBroker({ path });
    const placement = { kind: "now" } as const;
    await broker.enqueue(["waits", "fails"].map((id) => ({ message: aMessage(`${id} ${hostile}`), placement })));
    const { tasks } = await broker.claim({
      queues: [{ queue: hostile, limit: 1 }],
      limit: 1,
      handles: { kind: "all" },
      serverId: "s",
      leaseMs: 60_000,
    });
    await broker.settle(tasks.map((task) => ({ task, outcome: { kind: "archived", error: hostile } })));
    await broker.announce(aServer(), [], 60_000);
  });
  afterEach(async () => {
    await broker.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function run(...args: string[]): Promise<string> {
    let written = "";
    const write = (text: string): void => {
      written += text;
    };
    await runCli(args, { out: write, err: write });
    return written;
  }

  it.each([
    ["doctor"],
    ["doctor", "--json"],
    ["doctor", "--queue", hostile],
    ["queues"],
    ["queues", "--json"],
    ["servers"],
    ["servers", "--json"],
    ["task", `fails ${hostile}`],
    ["task", `waits ${hostile}`, "--json"],
    ["task", hostile],
    ["task", hostile, "--queue", hostile],
    ["servers", "quiet", hostile],
    ["servers", "quiet", "server-a", "--wait", hostile],
    ["servers", "stop", "server", "--reason", hostile, "--wait", "1ms"],
    [hostile],
    ["doctor", `--${hostile}`],
    ["queues", hostile],
  ])("shows what a terminal would obey: %j", async (...args) => {
    const written = await run(...args);
    expect(written).not.toBe("");
    expect(written).not.toMatch(obeyed);
    // What stands behind the line break in what is repeated: no line begins with it.
    expect(written).not.toMatch(/^\\u000b/m);
  });

  it("shows a setting that can't be used", async () => {
    vi.stubEnv("HIKYAKU__JOBQUEUE__CONCURRENCY", hostile.slice(1));
    expect(await run("queues")).toContain("jobqueue.concurrency");
    expect(await run("queues")).not.toMatch(obeyed);
  });

  it("repeats what it shows in full", async () => {
    expect(await run("queues")).toContain(visibleText(hostile));
    expect(await run("servers")).toContain(`command     ${visibleText(hostile)}`);
  });

  function aMessage(id: string): TaskMessage {
    const payload = Buffer.from(JSON.stringify({ text: hostile }));
    return defaultMessage({ id, type: hostile, queue: hostile, payload, timeoutMs: 60_000 });
  }

  function aServer(): ServerRecord {
    return {
      serverId: "server-a",
      host: hostile,
      pid: 1,
      concurrency: 1,
      queues: { [hostile]: 1 },
      strictPriority: false,
      status: "active",
      startedAt: 1_000,
      activeWorkers: 0,
      details: {
        version: hostile,
        build: hostile,
        directory: hostile,
        commandLine: hostile,
        lastClaimAt: undefined,
        handles: { kind: "some", exact: [`other ${hostile}`], prefixes: [hostile] },
      },
    };
  }
});
