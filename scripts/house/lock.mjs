import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { root } from "./paths.mjs";
import { say } from "./say.mjs";

const folder = join(root, ".cache");
const path = join(folder, "prepare.lock");
const heartbeatMs = 1_000;
const silentMs = 5_000;
const givenUpMs = 60_000;

/**
 * Runs `work` while no other process of this folder runs its own: two commands that start together
 * do not install or build over each other. The second waits, then finds everything done.
 * A holder that died, also by SIGKILL, is noticed within seconds.
 *
 * @param {() => Promise<void>} work
 */
export async function oneAtATime(work) {
  await acquire();
  const release = () => rmSync(path, { force: true });
  const heartbeat = setInterval(() => utimesSync(path, new Date(), new Date()), heartbeatMs).unref();
  process.once("exit", release);
  try {
    await work();
  } finally {
    clearInterval(heartbeat);
    process.removeListener("exit", release);
    release();
  }
}

async function acquire() {
  mkdirSync(folder, { recursive: true });
  for (let waited = false; ; waited = true) {
    try {
      writeFileSync(path, String(process.pid), { flag: "wx" });
      return;
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
    if (isAbandoned()) {
      rmSync(path, { force: true });
    } else {
      if (!waited) say("waiting for another command that is installing or building here");
      await delay(150 + Math.random() * 100);
    }
  }
}

/** A holder in another container has a process id that says nothing here, so its heartbeat counts as well. */
function isAbandoned() {
  try {
    const silence = Date.now() - statSync(path).mtimeMs;
    if (silence > givenUpMs) return true;
    return silence > silentMs && !isAlive(Number(readFileSync(path, "utf8")));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}

function isAlive(/** @type {number} */ pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

function codeOf(/** @type {unknown} */ error) {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
