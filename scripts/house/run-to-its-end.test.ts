import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";

/** Starts `program` (JavaScript) the way run.mjs starts a server, and resolves once it has printed "ready <pid>". */
async function start(
  program: string,
): Promise<{ runner: ChildProcess; pid: number; lines: string[]; exit: Promise<unknown[]> }> {
  const folder = mkdtempSync(join(tmpdir(), "hikyaku-run-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "program.mjs"), `${program}\nconsole.log("ready " + process.pid);`);
  writeFileSync(
    join(folder, "runner.mjs"),
    `import { runToItsEnd } from ${JSON.stringify(join(import.meta.dirname, "run-to-its-end.mjs"))};
const lifeline = ${JSON.stringify(`--import=${join(import.meta.dirname, "lifeline.mjs")}`)};
const { code } = await runToItsEnd(process.execPath, [lifeline, ${JSON.stringify(join(folder, "program.mjs"))}]);
process.exitCode = code;`,
  );
  const runner = spawn(process.execPath, [join(folder, "runner.mjs")], { stdio: ["ignore", "pipe", "inherit"] });
  const exit = once(runner, "exit");
  const lines: string[] = [];
  const ready = Promise.withResolvers<number>();
  runner.stdout.on("data", (chunk: Buffer) => {
    for (const line of chunk.toString().trim().split("\n")) {
      lines.push(line);
      if (line.startsWith("ready ")) ready.resolve(Number(line.slice(6)));
    }
  });
  return { runner, pid: await ready.promise, lines, exit };
}

async function untilGone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await delay(20);
  }
}

const printsSignals = `
let count = 0;
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {
  console.log(signal);
  if (++count === 1) setTimeout(() => process.exit(78), 400);
});
setInterval(() => {}, 1000);`;

describe("runToItsEnd", () => {
  it.each(["SIGINT", "SIGTERM"] as const)(
    "passes a burst of %s on once and leaves with the program's exit code",
    async (signal) => {
      const { runner, lines, exit } = await start(printsSignals);
      runner.kill(signal);
      await delay(50);
      runner.kill(signal);
      expect(await exit).toEqual([78, null]);
      expect(lines.slice(1)).toEqual([signal]);
    },
  );

  it("passes a closed terminal on as SIGTERM", async () => {
    const { runner, lines, exit } = await start(printsSignals);
    runner.kill("SIGHUP");
    await exit;
    expect(lines.slice(1)).toEqual(["SIGTERM"]);
  });

  it("leaves with 128 and the signal's number when the program was killed", async () => {
    const { pid, exit } = await start("setInterval(() => {}, 1000);");
    process.kill(pid, "SIGKILL");
    expect(await exit).toEqual([137, null]);
  });

  it("ends what the program left behind", async () => {
    const { runner, lines, exit } = await start(`
import { spawn } from "node:child_process";
console.log("child " + spawn("sleep", ["300"], { stdio: "ignore" }).pid);
process.on("SIGTERM", () => process.exit(0));`);
    runner.kill("SIGTERM");
    expect(await exit).toEqual([0, null]);
    const child = Number(lines.find((line) => line.startsWith("child "))?.slice(6));
    await untilGone(child);
  });

  it("lets no server outlive it, even when it is killed", async () => {
    const { runner, pid, lines } = await start(printsSignals);
    runner.kill("SIGKILL");
    await untilGone(pid);
    expect(lines.slice(1)).toEqual(["SIGTERM"]);
  });
});
