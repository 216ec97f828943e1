import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { Happenings } from "./stores.ts";

/** A worker process of its own on a test's store, and what it says. */
export function startChildServer(address: string, type: string, shutdownTimeout = "0s", lease = "2s") {
  return startChild(new URL("child-server.ts", import.meta.url), [address, type, shutdownTimeout, lease]);
}

/** A worker process that runs one task of type "killer" no longer than 300 ms, and what it says. */
export function startKillerChild(address: string, concurrency: number) {
  return startChild(new URL("killer-child.ts", import.meta.url), [address, String(concurrency)]);
}

function startChild(program: URL, args: readonly string[]) {
  const child = spawn(process.execPath, ["--conditions=source", fileURLToPath(program), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit") as Promise<[code: number | null, signal: string | null]>;
  onTestFinished(() => end(child, exited));
  const lines = new Happenings<string>();
  createInterface(child.stdout).on("line", (line) => lines.add(line));
  return { lines, exited, kill: (signal: NodeJS.Signals) => child.kill(signal) };
}

async function end(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  await exited;
}
