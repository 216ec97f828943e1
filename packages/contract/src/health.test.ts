import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Readiness, readiness, readinessFinding, worstLevel } from "./index.ts";

const worker = {
  id: "a",
  host: "box",
  pid: 7,
  directory: "/app",
  version: "1.0.0",
  build: null,
  started_at: "2026-01-31T12:00:00.000Z",
};

describe("readiness", () => {
  it("has a level for the whole and for each check, and findings only for whoever may read them", () => {
    const answer: Readiness = {
      status: "not_ready",
      level: "error",
      checks: [
        {
          name: "job_queue_store",
          level: "error",
          findings: [
            { code: "store_away", level: "error", store: "redis://localhost:6379/0", reason: "refused", since: null },
          ],
        },
        { name: "workers", level: "warning" },
      ],
    };
    expect(readiness.parse(answer)).toEqual(answer);
  });

  it("knows no other states, levels and checks", () => {
    const answer = { status: "ready", level: "ok", checks: [] };
    expect(readiness.safeParse(answer).success).toBe(true);
    expect(readiness.safeParse({ ...answer, status: "maybe" }).success).toBe(false);
    expect(readiness.safeParse({ ...answer, level: "fine" }).success).toBe(false);
    expect(readiness.safeParse({ ...answer, checks: [{ name: "disk", level: "ok" }] }).success).toBe(false);
  });
});

describe("a finding", () => {
  it("is a code with its own facts", () => {
    const silent = { kind: "silent", worker, silent_since: "2026-01-31T12:00:10.000Z" };
    const finding = { code: "worker_warning", level: "warning", warning: silent };
    expect(readinessFinding.parse(finding)).toEqual(finding);
    expect(readinessFinding.safeParse({ code: "no_worker", level: "warning" }).success).toBe(true);
    expect(readinessFinding.safeParse({ code: "one_worker", level: "ok" }).success).toBe(false);
  });

  it("is explained in the documentation, whatever its code", () => {
    const documentation = readFileSync(new URL("../../../docs/readiness.md", import.meta.url), "utf8");
    const codes = readinessFinding.options.map(({ shape }) => shape.code.value);
    expect(codes.length).toBeGreaterThan(10);
    for (const code of codes) expect(documentation).toContain(`\n| \`${code}\` |`);
  });

  it("has a level that fits: nobody working never looks healthy", () => {
    expect(readinessFinding.safeParse({ code: "no_worker", level: "ok" }).success).toBe(false);
  });
});

describe("the worst level", () => {
  it("is an error before a warning, and ok where there is nothing", () => {
    expect(worstLevel(["ok", "warning", "error"])).toBe("error");
    expect(worstLevel(["ok", "warning"])).toBe("warning");
    expect(worstLevel([])).toBe("ok");
  });
});
