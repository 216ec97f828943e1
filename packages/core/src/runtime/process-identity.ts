import { readFileSync, readlinkSync } from "node:fs";
import { hostname, uptime } from "node:os";

/**
 * Names this process so that another one can tell for sure when it is gone. Host name and process number are not
 * enough: containers may share the name and have their own numbers, and numbers are used again.
 *
 * On Linux it is made of the boot, the namespace of process numbers, and the start time of the process. Elsewhere
 * (macOS) it is the machine's name and the minute of its start. There, a process with the same number later counts as
 * this one. Undefined when it can't be read.
 */
export function ownProcessIdentity(): string | undefined {
  const world = processWorld();
  const startedAt = startOf("self");
  return world === undefined || startedAt === undefined ? undefined : `${world}/${startedAt}`;
}

/** True only when the process with this number and identity surely does not run any more. */
export function isSurelyGone(pid: number, identity: string): boolean {
  const world = processWorld();
  const cut = identity.lastIndexOf("/");
  if (world === undefined || !isSameWorld(identity.slice(0, cut), world)) return false;
  return process.platform === "linux" ? startOf(String(pid)) !== identity.slice(cut + 1) : !exists(pid);
}

let linuxWorld: string | undefined;

function processWorld(): string | undefined {
  if (process.platform !== "linux") {
    const startedAtMinute = Math.round((Date.now() / 1_000 - uptime()) / 60);
    return `${process.platform}/${hostname()}/${startedAtMinute}`;
  }
  try {
    // Read once: it stays the same while this process lives, and all servers of a fleet are compared with it.
    const boot = (): string => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    linuxWorld ??= `${boot()}/${readlinkSync("/proc/self/ns/pid")}`;
    return linuxWorld;
  } catch {
    return undefined;
  }
}

/** The machine's start is computed from its clock, so it may fall into one minute or the next. */
function isSameWorld(one: string, other: string): boolean {
  if (process.platform === "linux" || one === other) return one === other;
  const [oneCut, otherCut] = [one.lastIndexOf("/"), other.lastIndexOf("/")];
  const minutesApart = Math.abs(Number(one.slice(oneCut + 1)) - Number(other.slice(otherCut + 1)));
  return one.slice(0, oneCut) === other.slice(0, otherCut) && minutesApart <= 1;
}

/** When a process started, in the kernel's count. `gone`: it does not run, or is a zombie. */
function startOf(process: string): string | undefined {
  if (globalThis.process.platform !== "linux") return "running";
  let stat: string;
  try {
    stat = readFileSync(`/proc/${process}/stat`, "latin1");
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? "gone" : undefined;
  }
  // The second field is the program's name in brackets, which may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? "gone" : fields[19];
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
