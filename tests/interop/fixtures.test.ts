import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRedisServer } from "@hikyaku/test-support";
import { expect, inject, it, onTestFinished } from "vitest";
import { needsGo } from "./support/interop.ts";

needsGo();

const checkedIn = join(import.meta.dirname, "../../packages/core/fixtures/asynq");

it("the fixtures of the wire format are what asynq writes today", async () => {
  const programs = inject("goPrograms");
  if ("missing" in programs) throw new Error(programs.missing);
  const redis = await startRedisServer();
  onTestFinished(() => redis.stop());
  const folder = mkdtempSync(join(tmpdir(), "hikyaku-fixtures-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { status, stderr } = spawnSync(programs.fixtures, [`127.0.0.1:${redis.port}`, folder], { encoding: "utf8" });
  expect(status, stderr).toBe(0);
  for (const name of ["encodings.json", "unique-keys.json", "layouts.json"]) {
    expect(JSON.parse(readFileSync(join(folder, name), "utf8")), name).toEqual(
      JSON.parse(readFileSync(join(checkedIn, name), "utf8")),
    );
  }
});
