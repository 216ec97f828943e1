import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Logger } from "pino";
import type { FromWorker, ToWorker, WorkerReport } from "./worker-messages.ts";

const program = fileURLToPath(new URL("./worker-process.ts", import.meta.url));
const firstRestartMs = 500;
const slowestRestartMs = 30_000;
/** A process that ran for so long was well: it did not end for the same reason as the one before. */
const wellAfterMs = 60_000;
/** How much longer than its own limit for stopping a process may take before it is killed. */
const stopMarginMs = 2_000;

export interface SupervisedWorkerOptions {
  /** Counted from 1, for people. */
  readonly number: number;
  readonly logger: Logger;
  /** The longest that a process may take to stop. */
  readonly stopTimeoutMs: number;
}

/** The state of a worker process: what it says, or why it is silent. */
export type WorkerCondition =
  | { readonly kind: "answers"; readonly pid: number; readonly report: WorkerReport }
  | { readonly kind: "silent"; readonly reason: string };

/**
 * One worker process. It is started again whenever it ends unasked: soon at first, then later and later while it keeps
 * ending soon after its start. A process that was told to stop from elsewhere stays away. Its output goes where this
 * process's output goes.
 */
export class SupervisedWorker {
  readonly #options: SupervisedWorkerOptions;
  readonly #asked = new Map<number, (report: WorkerReport) => void>();
  #questions = 0;
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #startedAt = 0;
  #ends = 0;
  #restart: NodeJS.Timeout | undefined;
  #stopping = false;
  #silentBecause = "not started yet";
  readonly #stoppedFromElsewhere = Promise.withResolvers<void>();

  constructor(options: SupervisedWorkerOptions) {
    this.#options = options;
  }

  /** Resolves when the process ended because somebody told its server to stop. It is not started again then. */
  get stoppedFromElsewhere(): Promise<void> {
    return this.#stoppedFromElsewhere.promise;
  }

  start(): void {
    const { number, logger } = this.#options;
    const child = fork(program, [String(number), String(process.pid)], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      // This process watches the runner of npm's commands. Its children watch this process.
      env: { ...process.env, HIKYAKU_RUN_PID: undefined },
    });
    this.#child = child;
    this.#startedAt = performance.now();
    this.#silentBecause = "it is starting";
    const ended = Promise.withResolvers<void>();
    this.#ended = ended.promise;
    let asTold = false;
    const end = (how: string): void => {
      if (this.#child !== child) return;
      this.#child = undefined;
      this.#asked.clear();
      this.#silentBecause = how;
      ended.resolve();
      if (this.#stopping) return;
      if (asTold) this.#stayAway(child.pid);
      else this.#startAgain(child.pid, how);
    };
    child.on("error", (error) => {
      if (child.pid === undefined) end(`could not be started: ${error.message}`);
      else logger.warn({ process: number, workerPid: child.pid, err: error }, "a worker process could not be reached");
    });
    child.once("exit", (code, signal) => end(signal === null ? `ended with code ${code}` : `ended by ${signal}`));
    child.on("message", (message: FromWorker) => {
      if (message.kind === "told_to_stop") asTold = true;
      else if (message.kind === "status") this.#asked.get(message.question)?.(message.report);
      else
        logger.info({ process: number, workerPid: child.pid, serverId: message.serverId }, "a worker process is ready");
    });
  }

  /**
   * Asks the process how it is, and for its metrics if they are wanted. A process that is not there, or gives no answer in
   * time, is silent.
   */
  async condition(timeoutMs: number, metrics = false): Promise<WorkerCondition> {
    const child = this.#child;
    if (child?.pid === undefined) return { kind: "silent", reason: this.#silentBecause };
    const question = ++this.#questions;
    const { promise, resolve } = Promise.withResolvers<WorkerReport | undefined>();
    this.#asked.set(question, resolve);
    const timer = setTimeout(() => resolve(undefined), timeoutMs);
    this.#send(child, { kind: "status", question, metrics });
    const report = await promise;
    clearTimeout(timer);
    this.#asked.delete(question);
    if (report !== undefined) return { kind: "answers", pid: child.pid, report };
    return { kind: "silent", reason: `pid ${child.pid} gives no answer within ${timeoutMs} ms` };
  }

  /** Asks the process to stop, and kills it when it takes longer than it may. Resolves when it has ended. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (child === undefined) return;
    this.#send(child, { kind: "stop" });
    const { number, logger, stopTimeoutMs } = this.#options;
    const timer = setTimeout(() => {
      logger.error({ process: number, workerPid: child.pid }, "a worker process did not stop in time: it is ended");
      child.kill("SIGKILL");
    }, stopTimeoutMs + stopMarginMs);
    await this.#ended;
    clearTimeout(timer);
  }

  /** Ends the process at once, as a crash would. */
  kill(): void {
    this.#child?.kill("SIGKILL");
  }

  #stayAway(pid: number | undefined): void {
    const { number, logger } = this.#options;
    this.#silentBecause = "told to stop from elsewhere";
    logger.warn(
      { process: number, workerPid: pid },
      "a worker process was told to stop from elsewhere: it is not started again",
    );
    this.#stoppedFromElsewhere.resolve();
  }

  #startAgain(pid: number | undefined, how: string): void {
    const { number, logger } = this.#options;
    if (performance.now() - this.#startedAt > wellAfterMs) this.#ends = 0;
    const most = Math.min(slowestRestartMs, firstRestartMs * 2 ** Math.min(this.#ends, 10));
    const afterMs = Math.round(most * (0.5 + Math.random() / 2));
    this.#ends++;
    logger.error(
      { process: number, workerPid: pid, how, afterMs },
      "a worker process ended unasked: it is started again",
    );
    this.#restart = setTimeout(() => this.start(), afterMs);
  }

  #send(child: ChildProcess, message: ToWorker): void {
    // A process that can't get the message has ended or is about to. Its end is noticed anyway.
    if (child.connected) child.send(message, () => undefined);
  }
}
