import { describe, expect, it, vi } from "vitest";
import { bytes, directions, Interop, needsGo } from "./support/interop.ts";
import type { TaskSpec, TaskSpecOptions } from "./support/peer-protocol.ts";

needsGo();

const nextAnnouncement = { timeout: 15_000, interval: 50 };
const hourMs = 3_600_000;
const aYearFromNow = new Date(Date.now() + 365 * 24 * hourMs);
const never = `0 0 1 ${aYearFromNow.getUTCMonth() === 0 ? 12 : 1} *`;

/** Every option that an entry of either side can have, each with a value that is easily garbled. */
const options: readonly TaskSpecOptions[] = [
  { queue: 'with "quotes" and  spaces', maxRetry: 0 },
  { queue: "日本語", timeoutMs: 5_400_000 },
  { queue: "a)b(c", maxRetry: 1_000 },
  { deadlineAt: Math.floor(aYearFromNow.getTime() / 1_000) * 1_000 },
  { uniqueForMs: hourMs + 1_500 },
  { inMs: 36 * hourMs + 5_000 },
  { retentionMs: 250 },
  { taskId: 'task)"1"', group: "g(1)" },
  { queue: "all", maxRetry: 7, timeoutMs: 90_000, uniqueForMs: 86_400_000, inMs: 1_500, retentionMs: hourMs },
];

describe("a scheduler of ours, seen by Go's inspector", () => {
  it("has all entries before any of them has fired, and the options that Go's own reads of the same", async () => {
    const store = await Interop.open();
    const [go, ours] = await store.pair("Go", "Hikyaku");
    const entries = options.map((some, index) => ({
      spec: never,
      task: { type: `entry ${index}`, payload: bytes(`${index}`), options: some } satisfies TaskSpec,
    }));
    const ids = await ours.startScheduler({ entries });
    await vi.waitFor(async () => expect(await go.schedulerEntries()).toHaveLength(entries.length), nextAnnouncement);
    const shown = await go.schedulerEntries();
    expect(shown.map(({ entryId }) => entryId).toSorted()).toEqual([...ids].toSorted());
    await ours.shutDownScheduler();
    expect(await go.schedulerEntries()).toEqual([]);

    await go.startScheduler({ entries });
    await vi.waitFor(async () => expect(await go.schedulerEntries()).toHaveLength(entries.length), nextAnnouncement);
    for (const own of await go.schedulerEntries()) {
      const entry = shown.find(({ type }) => type === own.type);
      const { spec, payload, nextAt, previousAt } = own;
      expect(entry).toMatchObject({ spec, payload, nextAt, previousAt });
      expect(previousAt).toBe(0);
      // Ours always says queue, retries and timeout, the defaults too. Go's reader cuts a text at its first bracket.
      const readable = own.options.filter((option) => !option.includes("a)b"));
      expect(entry?.options).toEqual(expect.arrayContaining(readable));
    }
    // Ours writes the bracket so that Go's reader does not take it for the end.
    expect(shown.find(({ type }) => type === "entry 2")?.options).toContain('Queue("a)b(c")');
    expect(shown.find(({ type }) => type === "entry 8")?.options.toSorted()).toEqual([
      "MaxRetry(7)",
      "ProcessIn(1.5s)",
      'Queue("all")',
      "Retention(1h0m0s)",
      "Timeout(1m30s)",
      "Unique(24h0m0s)",
    ]);
    for (const id of ids) expect(await go.schedulerEvents(id)).toEqual([]);
  });

  it("has headers and header-like payloads, bytes of any kind, and a spec that never comes", async () => {
    const store = await Interop.open();
    const [go, ours] = await store.pair("Go", "Hikyaku");
    const anyBytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString("base64");
    await ours.startScheduler({
      entries: [
        { spec: "0 0 31 2 *", task: { type: "never", payload: anyBytes } },
        { spec: never, task: { type: "headers", headers: { "<a>": "b) & c", 日: "\n" } } },
        { spec: "TZ=Asia/Tokyo 0 9 1 1 *", task: { type: "zone", payload: null } },
        { spec: "*/10 30 9 1 1 *", task: { type: "six fields", payload: "" } },
      ],
    });
    await vi.waitFor(async () => expect(await go.schedulerEntries()).toHaveLength(4), nextAnnouncement);
    const shown = Object.fromEntries((await go.schedulerEntries()).map((entry) => [entry.type, entry]));
    expect(shown["never"]).toMatchObject({ payload: anyBytes, nextAt: 0, previousAt: 0 });
    expect(shown["headers"]).toMatchObject({ previousAt: 0 });
    expect(shown["zone"]).toMatchObject({ spec: "TZ=Asia/Tokyo 0 9 1 1 *" });
    expect(shown["six fields"]).toMatchObject({ spec: "*/10 30 9 1 1 *" });
  });
});

describe.each(directions)("a scheduler of %s, seen by %s", (one, other) => {
  it("tells what it has enqueued and when, newest first", async () => {
    const store = await Interop.open();
    const [scheduling, observer] = await store.pair(one, other);
    const [entryId = ""] = await scheduling.startScheduler({
      entries: [{ spec: "@every 1s", task: { type: "ok", payload: bytes("tick"), options: { maxRetry: 3 } } }],
    });
    const fired = await scheduling.hear({ event: "fired" }, 3);
    const ids = fired.map(({ taskId }) => taskId);
    await vi.waitFor(async () => {
      const events = await observer.schedulerEvents(entryId);
      expect(events.map(({ taskId }) => taskId).toReversed()).toEqual(expect.arrayContaining(ids));
    }, nextAnnouncement);
    const events = await observer.schedulerEvents(entryId);
    const moments = events.map(({ at }) => at);
    expect(moments).toEqual(moments.toSorted((a, b) => b - a));
    for (const at of moments) expect(Math.abs(at - Date.now())).toBeLessThan(60_000);
    await vi.waitFor(async () => {
      const [entry] = await observer.schedulerEntries();
      expect(entry).toMatchObject({ entryId, spec: "@every 1s", type: "ok", payload: bytes("tick") });
      expect(entry?.previousAt).toBeGreaterThan(0);
    }, nextAnnouncement);
    const worker = await store.peer(other);
    await worker.startServer();
    await worker.first({ event: "started", taskId: fired[0]?.taskId ?? "none" });
    await scheduling.shutDownScheduler();
    expect(await observer.schedulerEntries()).toEqual([]);
  });
});
