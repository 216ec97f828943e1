import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { killedByTask } from "./tasks.ts";

export interface WorkerConfig {
  readonly address: string;
  readonly journal: string;
  /** Names the process in the journal. */
  readonly by: string;
  readonly leaseMs: number;
  readonly maxLostAttempts: number;
  /** Runs a scheduler too. */
  readonly schedules: boolean;
  /** Set for a process whose clock is the harness's to move; its leases are then kept on its event loop. */
  readonly clockOffsetMs?: number;
}

/** From when to when something was in the way of a process, or of all (`by` undefined). */
export interface Hindrance {
  readonly by: string | undefined;
  readonly kind: string;
  readonly from: number;
  to: number;
}

interface Member {
  readonly config: WorkerConfig;
  readonly child: ChildProcess;
  readonly exited: Promise<unknown>;
  stderr: string;
  stopped: boolean;
  /** Somebody here asked it to end. */
  dismissed: boolean;
}

const compiled = fileURLToPath(new URL("../../../.cache/chaos-compiled", import.meta.url));
const program = fileURLToPath(new URL("worker.ts", import.meta.url));

/** The worker processes of one schedule. */
export class Fleet {
  /** When each process that was killed died. */
  readonly deaths = new Map<string, number>();
  /** The processes that a task has ended. */
  readonly killedByTasks = new Set<string>();
  /** What went wrong with processes that nobody touched. */
  readonly troubles: string[] = [];
  readonly #members = new Map<string, Member>();
  readonly #hindrances: Hindrance[];
  readonly #onKilledByTask: (by: string) => void;

  constructor(hindrances: Hindrance[], onKilledByTask: (by: string) => void) {
    this.#hindrances = hindrances;
    this.#onKilledByTask = onKilledByTask;
  }

  start(config: WorkerConfig): void {
    const child = spawn(process.execPath, ["--conditions=source", program, JSON.stringify(config)], {
      stdio: ["pipe", "ignore", "pipe"],
      // Workers start by the dozen, so that what was compiled once is kept.
      env: { ...process.env, NODE_COMPILE_CACHE: compiled },
    });
    const exited = once(child, "exit");
    const member: Member = { config, child, exited, stderr: "", stopped: false, dismissed: false };
    this.#members.set(config.by, member);
    child.stderr?.on("data", (chunk: Buffer) => {
      member.stderr = (member.stderr + chunk.toString()).slice(-4_000);
    });
    child.stdin?.on("error", () => undefined);
    child.on("exit", (code, signal) => {
      if (!this.deaths.has(config.by)) this.deaths.set(config.by, Date.now());
      if (code === killedByTask) {
        this.killedByTasks.add(config.by);
        if (!member.dismissed) this.#onKilledByTask(config.by);
        return;
      }
      // One that was asked to stop before it could listen to that ends by the signal itself.
      if (member.dismissed && (signal !== null || code === 0)) return;
      this.troubles.push(`worker ${config.by} ended by itself with ${code ?? signal}: ${member.stderr}`);
    });
  }

  /** As a crash of the machine would. */
  async kill(by: string): Promise<void> {
    const member = this.#members.get(by);
    if (member === undefined || member.dismissed || member.child.exitCode !== null) return;
    member.dismissed = true;
    this.deaths.set(by, Date.now());
    member.child.kill("SIGKILL");
    await member.exited;
  }

  stop(by: string): void {
    const member = this.#members.get(by);
    if (member === undefined || member.dismissed || member.stopped) return;
    member.stopped = true;
    member.child.kill("SIGSTOP");
    this.#hindrances.push({ by, kind: "stopped", from: Date.now(), to: Number.POSITIVE_INFINITY });
  }

  goOn(by: string): void {
    const member = this.#members.get(by);
    if (member === undefined || !member.stopped) return;
    member.stopped = false;
    member.child.kill("SIGCONT");
    const hindrance = this.#hindrances.findLast((each) => each.by === by && each.kind === "stopped");
    if (hindrance !== undefined) hindrance.to = Date.now();
  }

  setClock(by: string, offsetMs: number): void {
    this.#members.get(by)?.child.stdin?.write(`offset ${offsetMs}\n`);
  }

  /** Asks all to stop as an operator would; tells of those that did not within the time, and ends them. */
  async dismiss(withinMs: number): Promise<readonly string[]> {
    const late: string[] = [];
    await Promise.all(
      [...this.#members.values()].map(async (member) => {
        const { child, config, exited } = member;
        if (child.exitCode !== null || child.signalCode !== null) return;
        this.goOn(config.by);
        member.dismissed = true;
        child.kill("SIGTERM");
        const timer = setTimeout(() => {
          late.push(config.by);
          child.kill("SIGKILL");
        }, withinMs);
        await exited;
        clearTimeout(timer);
      }),
    );
    return late;
  }

  /** Ends all at once, in whatever state they are. */
  async end(): Promise<void> {
    for (const member of this.#members.values()) {
      member.dismissed = true;
      member.child.kill("SIGKILL");
    }
    await Promise.all([...this.#members.values()].map(({ exited }) => exited));
  }
}
