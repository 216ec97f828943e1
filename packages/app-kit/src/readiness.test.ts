import { describe, expect, it } from "vitest";
import { askReadiness, type ReadinessProbe } from "./readiness.ts";

function aProbe(overrides: Partial<ReadinessProbe> & { name: string }): ReadinessProbe {
  return { required: true, ask: async () => ({ name: overrides.name, status: "ok", detail: "" }), ...overrides };
}

describe("askReadiness", () => {
  it("is ready when every required dependency is", async () => {
    expect(await askReadiness([aProbe({ name: "a" }), aProbe({ name: "b" })])).toEqual({
      status: "ready",
      checks: [
        { name: "a", status: "ok", detail: "" },
        { name: "b", status: "ok", detail: "" },
      ],
    });
  });

  it("is not ready when a required dependency fails, and says why", async () => {
    const failing = aProbe({ name: "store", ask: () => Promise.reject(new Error("refused")) });
    expect(await askReadiness([failing])).toEqual({
      status: "not_ready",
      checks: [{ name: "store", status: "failing", detail: "refused" }],
    });
  });

  it("stays ready when something fails that it can serve without", async () => {
    const failing = aProbe({ name: "counters", required: false, ask: () => Promise.reject(new Error("refused")) });
    expect((await askReadiness([failing])).status).toBe("ready");
  });

  it("ends in time when a dependency never answers", async () => {
    const start = performance.now();
    const readiness = await askReadiness([aProbe({ name: "frozen", ask: () => new Promise(() => undefined) })]);
    expect(readiness.checks[0]).toEqual({
      name: "frozen",
      status: "failing",
      detail: "frozen: no answer within 800 ms",
    });
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
