import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { Happenings } from "./stores.ts";

const program = fileURLToPath(new URL("child-server.ts", import.meta.url));

/** A worker process of its own on a test's store, and what it says. */
export function startChildServer(address: string, type: string, shutdownTimeout = "0s", lease = "2s") {
  const child = spawn(process.execPath, ["--conditions=source", program, address, type, shutdownTimeout, lease], {
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
