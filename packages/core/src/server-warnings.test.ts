import { describe, expect, it } from "vitest";
import type { ServerDetails, ServerRecord } from "./broker/presence-facet.ts";
import { ownProcessIdentity } from "./runtime/process-identity.ts";
import { serverWarnings } from "./server-warnings.ts";

const start = Date.UTC(2026, 0, 1);
const hourMs = 3_600_000;

function aServer(
  serverId: string,
  more: Partial<ServerRecord> = {},
  details: Partial<ServerDetails> = {},
): ServerRecord {
  return {
    serverId,
    host: "box",
    pid: serverId.charCodeAt(0),
    concurrency: 1,
    queues: { default: 1 },
    strictPriority: false,
    status: "active",
    startedAt: start,
    activeWorkers: 0,
    details: {
      version: "1.0.0",
      build: "b1",
      directory: "/app",
      commandLine: "node",
      handles: { kind: "all" },
      lastClaimAt: undefined,
      ...details,
    },
    ...more,
  };
}

const kindsOf = (...servers: ServerRecord[]) =>
  serverWarnings(servers).map(({ kind, serverId }) => [kind, serverId] as const);

describe("what is wrong with the servers of a queue", () => {
  const later = { startedAt: start + hourMs };

  it("is nothing while they run the same from the same place and started together, or on other hosts", () => {
    expect(kindsOf(aServer("a"), aServer("b", { startedAt: start + 59_000 }))).toEqual([]);
    expect(kindsOf(aServer("a"), aServer("b", { ...later, host: "other" }))).toEqual([]);
  });

  it("is the one that started first where version, build or directory differ, and not where a build is unknown", () => {
    expect(kindsOf(aServer("a"), aServer("b", later, { version: "1.1.0" }))).toEqual([["other_build", "a"]]);
    expect(kindsOf(aServer("a", later), aServer("b", {}, { build: "b2" }))).toEqual([["other_build", "b"]]);
    expect(kindsOf(aServer("a"), aServer("b", { host: "x" }, { build: undefined }))).toEqual([]);
    expect(kindsOf(aServer("a"), aServer("b", later, { directory: "/new" }))).toEqual([["other_directory", "a"]]);
  });

  it("is one that was left running on the same host, but no sibling and no second server of the process", () => {
    expect(kindsOf(aServer("a"), aServer("b", later))).toEqual([["older_process", "a"]]);
    expect(kindsOf(aServer("a", {}, { parentPid: 9 }), aServer("b", later, { parentPid: 9 }))).toEqual([]);
    expect(kindsOf(aServer("a", { pid: 1 }), aServer("b", { ...later, pid: 1 }))).toEqual([]);
  });

  it("is not looked for among servers that share no queue", () => {
    expect(kindsOf(aServer("a"), aServer("b", { ...later, queues: { other: 1 } }, { version: "2.0.0" }))).toEqual([]);
  });

  it("names both by host, pid, place and start", () => {
    const [warning] = serverWarnings([aServer("a"), aServer("b", later, { build: "b2" })]);
    expect(warning?.detail).toBe(
      "box pid 97 (in /app, version 1.0.0 build b1, started 2026-01-01T00:00:00.000Z) and box pid 98 " +
        "(in /app, version 1.0.0 build b2, started 2026-01-01T01:00:00.000Z) run different code on queue " +
        '"default"; chance decides which runs a task',
    );
  });

  it("carries the facts beside the words", () => {
    const [older, newer] = [aServer("a"), aServer("b", later, { build: "b2" })];
    expect(serverWarnings([older, newer])).toMatchObject([
      { kind: "other_build", server: older, beside: newer, queues: ["default"] },
    ]);
    expect(serverWarnings([aServer("a", {}, { clockOffsetMs: -6_000, loopDelayMs: 7_000 })])).toMatchObject([
      { kind: "clock_offset", clockOffsetMs: -6_000 },
      { kind: "blocked", loopDelayMs: 7_000 },
    ]);
    const [foreign] = serverWarnings([aServer("a", { details: undefined })]);
    expect(foreign).toMatchObject({ kind: "foreign", queues: ["default"] });
    const [silent] = serverWarnings([], [{ server: older, silentSince: start }]);
    expect(silent).toMatchObject({ kind: "silent", server: older, silentSince: start });
  });

  it.skipIf(ownProcessIdentity() === undefined)(
    "is that it is gone where its process was on this machine and has ended, and then nothing else",
    () => {
      // The number is of a process that runs, but another one than was announced under it.
      const ended = { processIdentity: `${ownProcessIdentity()}1` };
      const server = aServer("a", { pid: process.pid }, { ...ended, loopDelayMs: 60_000 });
      expect(serverWarnings([server, aServer("b", later, { build: "b2" })])).toMatchObject([
        {
          kind: "gone",
          serverId: "a",
          silentSince: undefined,
          detail: expect.stringContaining("its process has ended"),
        },
      ]);
      expect(serverWarnings([], [{ server, silentSince: start }])).toMatchObject([
        { kind: "gone", silentSince: start },
      ]);
      const alive = aServer("a", { pid: process.pid }, { processIdentity: ownProcessIdentity() });
      expect(serverWarnings([], [{ server: alive, silentSince: start }])).toMatchObject([{ kind: "silent" }]);
    },
  );

  it("is a clock that is off, a loop that stands still, another library, and silence", () => {
    expect(kindsOf(aServer("a", {}, { clockOffsetMs: -6_000, loopDelayMs: 7_000 }))).toEqual([
      ["clock_offset", "a"],
      ["blocked", "a"],
    ]);
    expect(kindsOf(aServer("a", { details: undefined }))).toEqual([["foreign", "a"]]);
    const [silent] = serverWarnings([], [{ server: aServer("a"), silentSince: start + 10_000 }]);
    expect(silent).toMatchObject({ kind: "silent", serverId: "a" });
    expect(silent?.detail).toContain("has not been heard of since 2026-01-01T00:00:10.000Z");
  });
});
