import { describe, expect, it, onTestFinished } from "vitest";
import { AuditTrail } from "../src/audit/audit-trail.ts";
import { auditedInspector, changesOfInspector } from "../src/audit/audited-inspector.ts";
import { sqliteBroker } from "../src/broker/sqlite/index.ts";
import { HikyakuError } from "../src/errors.ts";
import { Inspector } from "../src/inspector/inspector.ts";
import type { LogFields } from "../src/runtime/logger.ts";
import { placedNow } from "./support/builders.ts";

function setup() {
  const broker = sqliteBroker({ path: ":memory:" });
  onTestFinished(() => broker.close());
  const audit = new AuditTrail({ broker });
  const errors: [string, LogFields | undefined][] = [];
  const ignore = (): void => undefined;
  const logger = {
    debug: ignore,
    info: ignore,
    warn: ignore,
    error: (message: string, fields?: LogFields) => void errors.push([message, fields]),
  };
  const inspector = auditedInspector({ broker, audit, who: "deploy script", logger });
  return { broker, audit, inspector, errors };
}

describe("an inspector that says for whom it acts", () => {
  it("leaves who changed what and why in the audit, and nothing where it only looked", async () => {
    const { broker, audit, inspector } = setup();
    await broker.enqueue([placedNow({ id: "a" }), placedNow({ id: "b" })]);
    await inspector.queues();
    await inspector.task("default", "a");
    await inspector.pauseQueue("default", { reason: "the mail server is down" });
    await inspector.archiveTasks({ queue: "default", ids: ["a"] });
    await inspector.deleteTask("default", "b");
    await inspector.editPayload("default", "a", { card: "4111-secret" }).catch(() => undefined);
    const { entries, next } = await audit.page({ limit: 10 });
    expect(next).toBeUndefined();
    expect(entries.map(({ operation, on, result, code, reason }) => [operation, on, result, code, reason])).toEqual([
      ["edit-task", { queue: "default", id: "a" }, expect.any(String), undefined, undefined],
      ["delete-task", { queue: "default", id: "b" }, "done", undefined, undefined],
      ["archive-tasks", { queue: "default" }, "done", undefined, undefined],
      ["pause-queue", { queue: "default" }, "done", undefined, "the mail server is down"],
    ]);
    expect(entries[3]).toMatchObject({ who: "deploy script", way: "code", at: expect.any(Date) });
    expect(JSON.stringify(entries)).not.toContain("4111");
  });

  it("leaves there what was refused, and throws it all the same", async () => {
    const { audit, inspector } = setup();
    await expect(inspector.runTask("default", "none")).rejects.toMatchObject({ code: "queue_not_found" });
    const { entries } = await audit.page({ limit: 10 });
    expect(entries).toMatchObject([{ operation: "run-task", result: "not_done", code: "queue_not_found" }]);
  });

  it("acts where nothing can be written down, and says so", async () => {
    const { broker, inspector, errors } = setup();
    await broker.enqueue([placedNow()]);
    broker.appendToTrail = () => Promise.reject(new HikyakuError("store_rejected", "disk full"));
    expect(await inspector.pauseQueue("default")).toBe("changed");
    expect(errors).toEqual([
      ["a change is missing in the audit", expect.objectContaining({ who: "deploy script", operation: "pause-queue" })],
    ]);
  });
});

describe("the audit", () => {
  it("keeps as many as it was told, and leaves out what is too large to keep but not the change itself", async () => {
    const { broker } = setup();
    const audit = new AuditTrail({ broker, maxEntries: 2 });
    const note = { who: "ana", way: "code", operation: "x", on: {}, result: "done" } as const;
    for (const reason of ["1", "2", "3"]) await audit.write({ ...note, reason });
    expect((await audit.page({ limit: 9 })).entries.map(({ reason }) => reason)).toEqual(["3", "2"]);
    await audit.write({ ...note, input: "x".repeat(20_000) });
    const [entry] = (await audit.page({ limit: 1 })).entries;
    expect(entry).toMatchObject({ who: "ana" });
    expect(entry?.input).toBeUndefined();
  });

  it("is not hidden by what somebody else wrote there", async () => {
    const { broker, audit } = setup();
    const other = { trail: "audit", maxEntries: 10, maxAgeMs: 60_000, values: ["{", "null", '{"who":1}', "[]"] };
    await broker.appendToTrail(other);
    await audit.write({ who: "ana", way: "cli", operation: "x", on: { queue: "q" }, result: "done" });
    expect((await audit.page({ limit: 10 })).entries).toHaveLength(1);
  });

  it("refuses bounds that make no sense", () => {
    const { broker } = setup();
    expect(() => new AuditTrail({ broker, maxEntries: 0 })).toThrow(/"maxEntries"/);
    expect(() => new AuditTrail({ broker, maxAge: "soon" as never })).toThrow(/"maxAge"/);
  });
});

it("knows of every method of the inspector whether it changes something", () => {
  const readers = [
    ...["queues", "queuePage", "queue", "groups", "history", "statistics", "tasks", "task", "taskLog", "servers"],
    ...["explainTasks", "explain", "explainQueue", "search"],
  ];
  const methods = Object.getOwnPropertyNames(Inspector.prototype).filter((name) => name !== "constructor");
  const known = new Set([...readers, ...Object.keys(changesOfInspector)]);
  expect(methods.filter((name) => !known.has(name))).toEqual([]);
});
