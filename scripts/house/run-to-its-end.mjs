import { spawn } from "node:child_process";
import { constants } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { HouseError } from "./say.mjs";

const sameEventMs = 1_000;
const orphanCheckMs = 250;
const leftoversGraceMs = 2_000;
const ownGroup = process.platform !== "win32";

/**
 * Runs a program in a process group of its own and passes on what this process is asked to do.
 *
 * A Ctrl+C reaches every process of the terminal's group, and npm passes it on once more. The group of its own keeps
 * all that away from the program: it gets one signal for one Ctrl+C or `kill`. A signal a second or more later is a
 * person insisting, and is passed on as well. When the caller (npm) is gone, the program is asked to stop too.
 * What is left in the group after the program has ended is ended with it.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {{ cwd?: string, stdout?: "inherit" | 2 }} [options] `stdout: 2` sends what it prints to stderr.
 * @returns {Promise<{ code: number, stopped: boolean }>} `stopped`: this process was asked to stop meanwhile.
 */
export async function runToItsEnd(program, args, { cwd, stdout = "inherit" } = {}) {
  const child = spawn(program, args, {
    ...(cwd === undefined ? {} : { cwd }),
    stdio: ["ignore", stdout, "inherit"],
    detached: ownGroup,
    env: { ...process.env, HIKYAKU_RUN_PID: String(process.pid) },
  });
  let lastSignalAt = Number.NEGATIVE_INFINITY;
  let stopped = false;
  const passOn = (/** @type {NodeJS.Signals} */ signal) => {
    stopped = true;
    const now = performance.now();
    if (now - lastSignalAt > sameEventMs) child.kill(signal === "SIGHUP" ? "SIGTERM" : signal);
    lastSignalAt = now;
  };
  const signals = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);
  for (const signal of signals) process.on(signal, passOn);
  const stopWatching = whenCallerIsGone(() => passOn("SIGTERM"));
  try {
    const code = await exitCodeOf(child, program);
    if (ownGroup && child.pid !== undefined) await endGroup(child.pid);
    return { code, stopped };
  } finally {
    stopWatching();
    for (const signal of signals) process.removeListener(signal, passOn);
  }
}

/** @type {(child: import("node:child_process").ChildProcess, program: string) => Promise<number>} */
function exitCodeOf(child, program) {
  return new Promise((resolve, reject) => {
    child.once("error", (error) => reject(new HouseError(`${program} could not be started: ${error.message}`)));
    child.once("exit", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}

/**
 * Only under npm: a shell that starts a command in the background may go before it on purpose.
 *
 * @param {() => void} react
 * @returns {() => void}
 */
function whenCallerIsGone(react) {
  if (process.env["npm_lifecycle_event"] === undefined) return () => {};
  const caller = process.ppid;
  const check = setInterval(() => {
    if (process.ppid === caller) return;
    clearInterval(check);
    react();
  }, orphanCheckMs);
  return () => clearInterval(check);
}

/** Asks what is left in the group to end, then makes it. Bounded, since a process in the middle of dying still counts. */
async function endGroup(/** @type {number} */ group) {
  for (const signal of /** @type {const} */ (["SIGTERM", "SIGKILL"])) {
    if (!signalGroup(group, signal)) return;
    const deadline = performance.now() + leftoversGraceMs;
    while (performance.now() < deadline) {
      await delay(20);
      if (!signalGroup(group, 0)) return;
    }
  }
}

/** @type {(group: number, signal: NodeJS.Signals | 0) => boolean} Whether anybody was there. */
function signalGroup(group, signal) {
  try {
    return process.kill(-group, signal);
  } catch {
    return false;
  }
}
