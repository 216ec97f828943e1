import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HikyakuError } from "hikyaku";
import { sqliteBroker } from "hikyaku/sqlite";
import { expect, it, onTestFinished, vi } from "vitest";
import { LiveFindings } from "./live-findings.ts";

it("gives up where the store gives no answer in time, and the next who asks tries again", async () => {
  const folder = mkdtempSync(join(tmpdir(), "hikyaku-findings-"));
  const broker = sqliteBroker({ path: join(folder, "hikyaku.db") });
  onTestFinished(async () => {
    await broker.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const servers = vi.spyOn(broker, "servers").mockImplementationOnce(() => {
    throw new HikyakuError("cancelled", "the signal fired");
  });
  vi.spyOn(AbortSignal, "timeout").mockReturnValueOnce(AbortSignal.abort());
  vi.spyOn(broker, "queues").mockResolvedValueOnce([]);
  vi.spyOn(broker, "checkSettings").mockResolvedValueOnce([]);
  vi.spyOn(broker, "probeWrites").mockResolvedValueOnce();
  const findings = new LiveFindings(broker);
  await expect(findings.get()).rejects.toMatchObject({ code: "deadline_exceeded" });
  expect(servers).toHaveBeenCalledTimes(1);
  expect(await findings.get()).toMatchObject({ queuesChecked: 0, findings: [] });
});
