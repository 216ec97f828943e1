import type { ReadinessFinding } from "@hikyaku/contract";
import { describe, expect, it } from "vitest";
import { askReadiness, type ReadinessProbe, withoutFindings } from "./readiness.ts";

const answers: ReadinessFinding = { code: "store_answers", level: "ok", store: "tasks.db" };
const nobody: ReadinessFinding = { code: "no_worker", level: "warning" };

function aProbe(overrides: Partial<ReadinessProbe> = {}): ReadinessProbe {
  return { name: "job_queue_store", required: true, ask: async () => [answers], ...overrides };
}

const refused = () => Promise.reject(new Error("refused"));

describe("askReadiness", () => {
  it("is ready and well when everything is", async () => {
    expect(await askReadiness([aProbe(), aProbe({ name: "workers", ask: async () => [] })])).toEqual({
      status: "ready",
      level: "ok",
      checks: [
        { name: "job_queue_store", level: "ok", findings: [answers] },
        { name: "workers", level: "ok", findings: [] },
      ],
    });
  });

  it("is ready with the level of the worst finding", async () => {
    const { status, level, checks } = await askReadiness([
      aProbe(),
      aProbe({ name: "workers", ask: async () => [answers, nobody] }),
    ]);
    expect([status, level, checks.map((check) => check.level)]).toEqual(["ready", "warning", ["ok", "warning"]]);
  });

  it("is not ready when a required check fails, and says why", async () => {
    expect(await askReadiness([aProbe({ ask: refused })])).toEqual({
      status: "not_ready",
      level: "error",
      checks: [
        {
          name: "job_queue_store",
          level: "error",
          findings: [{ code: "check_failed", level: "error", reason: "refused" }],
        },
      ],
    });
  });

  it("tells a failure in the probe's own way", async () => {
    const failed = (reason: string): ReadinessFinding => ({ code: "workers_unknown", level: "warning", reason });
    const { checks } = await askReadiness([aProbe({ name: "workers", required: false, ask: refused, failed })]);
    expect(checks[0]?.findings).toEqual([{ code: "workers_unknown", level: "warning", reason: "refused" }]);
  });

  it("stays ready when something fails that it can serve without", async () => {
    const { status, level } = await askReadiness([aProbe({ required: false, ask: refused })]);
    expect([status, level]).toEqual(["ready", "warning"]);
  });

  it("ends in time when a dependency never answers", async () => {
    const start = performance.now();
    const readiness = await askReadiness([aProbe({ ask: () => new Promise(() => undefined) })]);
    expect(readiness.checks[0]?.findings).toEqual([
      { code: "check_failed", level: "error", reason: "job_queue_store: no answer within 800 ms" },
    ]);
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it("has an answer for strangers, with levels and nothing else", async () => {
    const readiness = await askReadiness([aProbe(), aProbe({ name: "workers", ask: async () => [nobody] })]);
    expect(withoutFindings(readiness)).toEqual({
      status: "ready",
      level: "warning",
      checks: [
        { name: "job_queue_store", level: "ok" },
        { name: "workers", level: "warning" },
      ],
    });
  });
});
