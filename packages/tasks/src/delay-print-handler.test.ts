import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { delayPrint } from "./delay-print.ts";
import { delayPrintHandler } from "./delay-print-handler.ts";
import { LinePrinter } from "./line-printer.ts";

const program = fileURLToPath(new URL("../test/print-messages.ts", import.meta.url));

function start(messages: readonly string[], stdout: "pipe" | number): ChildProcess {
  const args = ["--conditions=source", program, ...messages.map((message) => JSON.stringify(message))];
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", stdout, "pipe"],
    env: { ...process.env, TZ: "UTC" },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

const messagesOf = (output: string): string[] =>
  output.split("\n").map((line) => line.slice("[2026-01-01 00:00:00] ".length));

async function temporaryFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "hikyaku-print-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return join(folder, "out.txt");
}

describe("delay print", () => {
  it("is defined as its producers in other languages know it", () => {
    expect(delayPrint).toMatchObject({ type: "demo:delay_print", defaults: { queue: "default", maxRetry: 10 } });
  });

  it("prints the local time and the message as one line", async () => {
    const path = await temporaryFile();
    const descriptor = openSync(path, "w");
    onTestFinished(() => closeSync(descriptor));
    const now = new Date(2026, 0, 2, 3, 4, 5, 678).getTime();
    const handle = delayPrintHandler({ clock: { now: () => now }, printer: new LinePrinter(descriptor) });
    const { signal } = new AbortController();
    await handle({ payload: { message: "hello" }, signal });
    await handle({ payload: { message: "a\nb\r\t\u001b[31m\u009b2J\u2028\ud800\u202e\u2066 飛脚 \\n 🦊" }, signal });
    expect(await readFile(path, "utf8")).toBe(
      "[2026-01-02 03:04:05] hello\n" +
        "[2026-01-02 03:04:05] a\\nb\\r\\t\\u001b[31m\\u009b2J\\u2028\\ud800\\u202e\\u2066 飛脚 \\n 🦊\n",
    );
  });

  it("prints nothing once its signal has fired", async () => {
    const path = await temporaryFile();
    const descriptor = openSync(path, "w");
    onTestFinished(() => closeSync(descriptor));
    const handle = delayPrintHandler({ printer: new LinePrinter(descriptor) });
    const stopped = handle({ payload: { message: "late" }, signal: AbortSignal.abort(new Error("stop")) });
    await expect(stopped).rejects.toThrow("stop");
    expect(await readFile(path, "utf8")).toBe("");
  });

  it("writes into a file", async () => {
    const path = await temporaryFile();
    const descriptor = openSync(path, "w");
    const child = start(["one", "two"], descriptor);
    closeSync(descriptor);
    await once(child, "exit");
    const output = await readFile(path, "utf8");
    expect(output).toMatch(/^\[\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\] one\n\[.{19}\] two\n$/);
  });

  it("waits for the reader of a full pipe and keeps lines whole and in order", async () => {
    const messages = Array.from({ length: 10 }, (_, index) => `${index} ${"x".repeat(50_000)}`);
    const child = start(messages, "pipe");
    const { stdout, stderr } = child;
    if (stdout === null || stderr === null) throw new Error("expected pipes");
    stdout.pause();
    const [output, report] = await Promise.all([text(stdout), text(stderr)]);
    expect(messagesOf(output)).toEqual([...messages, ""]);
    expect(report).toBe("printed\n".repeat(10));
  });

  it("fails the task and not the process when nobody reads any more", async () => {
    const child = start(["one", "two"], "pipe");
    child.stdout?.destroy();
    if (child.stderr === null) throw new Error("expected a pipe");
    const [report, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
    expect(report).toBe("failed: the line can't be written to stdout: whoever read it has closed it\n".repeat(2));
    expect(code).toBe(0);
  });
});
