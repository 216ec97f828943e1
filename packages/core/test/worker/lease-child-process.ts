import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { ServerReport } from "../../src/worker/server-report.ts";
import { Happenings } from "./stores.ts";

const program = fileURLToPath(new URL("lease-child.ts", import.meta.url));

/** A worker process (lease-child.ts) on a test's store, and what it says. Killed when the test ends. */
export function startLeaseChild(address: string, lease = "2s") {
  const child = spawn(process.execPath, ["--conditions=source", program, address, lease], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await exited;
  });
  const running = new Happenings<string>();
  const ended = new Happenings<string>();
  const logs = new Happenings<{ level: string; message: string; types?: string[]; loopDelayMs?: number }>();
  const statuses = new Happenings<ServerReport>();
  createInterface(child.stdout).on("line", (line) => {
    const [, word, rest = ""] = /^(\w+) (.*)$/.exec(line) ?? [];
    if (word === "running") running.add(rest);
    else if (word === "ended") ended.add(rest);
    else if (word === "log") logs.add(JSON.parse(rest));
    else if (word === "status") statuses.add(JSON.parse(rest));
  });
  return {
    running,
    ended,
    logs,
    exited,
    pid: child.pid ?? -1,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    open: () => void child.stdin.write("open\n"),
    /** Resolves when the event loop turns again. */
    async status(): Promise<ServerReport> {
      const asked = statuses.all.length + 1;
      child.stdin.write("status\n");
      return (await statuses.reach(asked))[asked - 1] as ServerReport;
    },
  };
}
