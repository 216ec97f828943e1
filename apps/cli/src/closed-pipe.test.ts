import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sqliteBroker } from "hikyaku/sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { exitCodes } from "./exit-codes.ts";

const main = fileURLToPath(new URL("main.ts", import.meta.url));

const fullDevice = "/dev/full";
/** Three programs are started, which a busy machine takes its time for. */
const startsMs = 90_000;

type Stream = "stdout" | "stderr";

/** Runs the command with one of its streams closed by whoever read it, before it could write. */
function unread(stream: Stream, ...args: string[]): Promise<{ code: unknown; other: string }> {
  return started(stream, "pipe", ...args);
}

/** The same with one of its streams on a device that is full. */
async function full(stream: Stream, ...args: string[]): Promise<{ code: unknown; other: string }> {
  const device = openSync(fullDevice, "w");
  try {
    return await started(stream, device, ...args);
  } finally {
    closeSync(device);
  }
}

async function started(
  stream: Stream,
  to: "pipe" | number,
  ...args: string[]
): Promise<{ code: unknown; other: string }> {
  const folder = mkdtempSync(join(tmpdir(), "hikyaku-cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "hikyaku.db");
  const broker = sqliteBroker({ path });
  await broker.ready();
  await broker.close();
  const child = spawn(process.execPath, ["--conditions=source", main, ...args], {
    stdio: ["ignore", stream === "stdout" ? to : "pipe", stream === "stderr" ? to : "pipe"],
    env: {
      PATH: process.env["PATH"],
      APP_ENV: "local",
      HIKYAKU__JOBQUEUE__STORE: "embedded",
      HIKYAKU__JOBQUEUE__EMBEDDED__PATH: path,
    },
  });
  child[stream]?.destroy();
  let other = "";
  child[stream === "stdout" ? "stderr" : "stdout"]?.on("data", (text) => {
    other += String(text);
  });
  const [code] = await once(child, "close");
  return { code, other };
}

describe("the hikyaku command whose answer nobody reads to the end", () => {
  it("says nothing of that, and its exit code keeps its meaning", { timeout: startsMs }, async () => {
    expect(await unread("stdout", "doctor")).toEqual({ code: exitCodes.ok, other: "" });
    expect(await unread("stdout", "queues")).toEqual({ code: exitCodes.ok, other: "" });
    expect(await unread("stderr", "nonsense")).toEqual({ code: exitCodes.usage, other: "" });
  });

  it.skipIf(!existsSync(fullDevice))(
    "says with an exit code of its own that a result could not be written",
    { timeout: startsMs },
    async () => {
      expect(await full("stdout", "doctor")).toEqual({
        code: exitCodes.notWritten,
        other: expect.stringMatching(/^hikyaku: the result could not be written: ENOSPC.*\n$/),
      });
      expect(await full("stderr", "nonsense")).toEqual({ code: exitCodes.usage, other: "" });
    },
  );
});
