import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect, it, onTestFinished } from "vitest";

const watch = new URL("./orphan-watch.ts", import.meta.url).href;

/** A process whose event loop is blocked for good once its watch runs. */
const blocked = `
  const { Worker } = require("node:worker_threads");
  const workerData = { supervisor: process.ppid, graceMs: 50 };
  new Worker(new URL(${JSON.stringify(watch)}), { workerData }).once("online", () => {
    process.stdout.write(process.pid + "\\n", () => { for (;;); });
  });`;

it("ends a process that blocks its event loop when its supervisor has gone, and not before", async () => {
  const supervisorCode = `
    require("node:child_process").spawn(process.execPath, ["-e", process.argv[1]], { stdio: ["ignore", "inherit", "inherit"] });
    process.stdin.resume();`;
  const supervisor = spawn(process.execPath, ["-e", supervisorCode, blocked], { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void supervisor.kill("SIGKILL"));
  const lines = createInterface({ input: supervisor.stdout });
  const [pid] = await once(lines, "line");
  onTestFinished(() => {
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // It has ended, as it should.
    }
  });
  // Longer than the watch takes to look: a supervisor that is there is no reason to end anything.
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  process.kill(Number(pid), 0);
  // The blocked process holds the pipe open until it ends.
  const closed = once(lines, "close");
  supervisor.kill("SIGKILL");
  await closed;
  expect(supervisor.killed).toBe(true);
});
