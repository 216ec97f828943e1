import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApiKeys } from "@hikyaku/operations/access";
import { AuditTrail, type Broker } from "hikyaku";
import { sqliteBroker } from "hikyaku/sqlite";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runCli } from "./cli.ts";

describe("keys by the command line", () => {
  let folder: string;
  let broker: Broker;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "hikyaku-cli-"));
    const path = join(folder, "hikyaku.db");
    vi.stubEnv("APP_ENV", "local");
    vi.stubEnv("HIKYAKU__JOBQUEUE__STORE", "embedded");
    vi.stubEnv("HIKYAKU__JOBQUEUE__EMBEDDED__PATH", path);
    broker = sqliteBroker({ path });
    await broker.ready();
  });
  afterEach(async () => {
    await broker.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const written = { out: "", err: "" };
    const code = await runCli(["keys", ...args], {
      out: (text) => {
        written.out += text;
      },
      err: (text) => {
        written.err += text;
      },
    });
    return { code, ...written };
  }

  it("are made, shown once, listed without their secret, revoked, and written to the audit", async () => {
    const scopes = ["--scope", "enqueue", "--scope", "read"];
    const made = await run("create", "billing", ...scopes, "--queue", "mail", "--expires", "90d", "--reason", "new");
    expect(made).toMatchObject({ code: 0, err: "" });
    const key = made.out.trim();
    const found = await new ApiKeys(broker).find(key);
    expect(found).toMatchObject({ name: "billing", scopes: ["enqueue", "read"], queues: ["mail"] });
    const listed = await run("list");
    expect(listed.out).toContain("billing  enqueue,read  mail  until ");
    expect(listed.out).not.toContain(key.slice(16));
    expect((await run("revoke", found?.id ?? "")).code).toBe(0);
    expect(await new ApiKeys(broker).find(key)).toBeUndefined();
    const { entries } = await new AuditTrail({ broker }).page({ limit: 10 });
    expect(entries).toMatchObject([
      { operation: "revoke-key", way: "cli", on: { id: found?.id } },
      { operation: "create-key", way: "cli", reason: "new", after: { name: "billing" } },
    ]);
    expect(JSON.stringify(entries)).not.toContain(key.slice(16));
  });

  it("are refused where nothing says what they permit, or what is said can't be read", async () => {
    expect((await run("create", "x")).code).not.toBe(0);
    expect((await run("create", "x", "--scope", "everything")).err).toContain("Expected one of read, enqueue");
    expect(await run("create", "x", "--scope", "read", "--expires", "soon")).toMatchObject({ code: 64 });
    expect(await run("revoke", "000000000000")).toMatchObject({ code: 64 });
    expect((await run("list")).out).toBe("There are no keys.\n");
  });
});
