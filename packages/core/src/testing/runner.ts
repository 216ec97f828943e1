import type { Broker } from "../broker/broker.ts";
import { HikyakuError, isHikyakuError } from "../errors.ts";
import { systemClock } from "../runtime/clock.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";
import type { Server } from "../worker/server.ts";
import type { Gate, RunningTask } from "./gate.ts";
import type { TestClock } from "./test-clock.ts";

export interface RunnerOptions {
  readonly gate: Gate;
  readonly store: Broker;
  readonly clock: TestClock;
  readonly server: Server;
  readonly scheduler: Scheduler;
  /** The queues that the server works on. */
  readonly queues: readonly string[];
  /** How long, in real time, `advance` waits for a handler before it moves time on while the handler runs. */
  readonly patienceMs: number;
}

/** What ends a run while there is still something to do. */
export interface RunLimits {
  /** Most attempts while time stands still. */
  readonly limit: number;
  /** Most real time, in milliseconds. */
  readonly withinMs: number;
}

interface Work extends Partial<RunLimits> {
  readonly isDone?: (() => boolean) | undefined;
}

const forwardedAtOnce = 200;
/** A server that was woken this often and took nothing never will. */
const mostVainWakes = 20;

/**
 * Drives a real server through the gate. The server's own roles do all the work. The runner decides when tasks are let
 * in and when time moves, and finds out when there is nothing left to wait for.
 */
export class Runner {
  readonly #options: RunnerOptions;
  /** Running tasks that were waited for, each with the moment of the test's clock up to which. */
  readonly #waitedFor = new Map<string, number>();

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  /** Runs what waits, and what that enqueues, until nothing waits or runs, or until `isDone` returns true. */
  async drain(limits: RunLimits, isDone?: () => boolean): Promise<void> {
    this.#start();
    const close = this.#options.gate.open(limits.limit);
    try {
      await this.#work({ ...limits, isDone });
    } finally {
      close();
    }
    await this.#refuseForgottenQueues();
  }

  /** Runs the next task. Does nothing when none waits. */
  async runNext(withinMs: number): Promise<void> {
    this.#start();
    const close = this.#options.gate.open(1);
    try {
      await this.#work({ withinMs });
    } finally {
      close();
    }
    await this.#refuseForgottenQueues();
  }

  /** Moves time on to `until`. Everything that becomes due on the way runs at its own moment. */
  async advanceTo(until: number, limit: number): Promise<void> {
    const { gate, clock } = this.#options;
    this.#startIfPossible();
    const close = gate.open(limit);
    try {
      await this.#work({ limit });
      while (clock.now() < until) {
        clock.advanceTo(await this.#nextStop(until));
        gate.refill(limit);
        await this.#work({ limit });
      }
    } finally {
      close();
    }
    await this.#refuseForgottenQueues();
  }

  #start(): void {
    const { server } = this.#options;
    if (server.status().state === "new") server.start();
  }

  /** Time may pass in a test that has no handlers. */
  #startIfPossible(): void {
    try {
      this.#start();
    } catch (error) {
      if (!isHikyakuError(error, "invalid_option")) throw error;
    }
  }

  /**
   * Runs what waits until nothing does. Without `withinMs`, handlers that were waited for patiently go on running.
   * Without `limit`, it stops when the gate lets nothing more in.
   */
  async #work({ withinMs, limit, isDone }: Work): Promise<void> {
    const { gate } = this.#options;
    const endsAt = systemClock.monotonic() + (withinMs ?? 0);
    await this.#forward();
    for (let vainWakes = 0; ; ) {
      this.#fireTimers();
      await gate.quiet();
      if (isDone?.() === true) return;
      const activity = gate.activity();
      let queues = await this.#queuesWithWork();
      if (gate.budget === 0) {
        if (limit !== undefined && queues.length > 0) throw await this.#tooMany(limit, queues);
        queues = [];
      }
      if (queues.length > 0 && vainWakes < mostVainWakes) {
        vainWakes = (await this.#wake(queues)) ? 0 : vainWakes + 1;
        continue;
      }
      if (gate.running.length === 0) {
        if (queues.length === 0) return;
        throw new HikyakuError("wrong_state", `the server takes no task from ${quoted(queues)}; was it stopped?`);
      }
      if (withinMs === undefined) {
        if (!(await this.#waitPatiently(activity))) return;
      } else if (!(await isFirst(activity, endsAt - systemClock.monotonic()))) {
        throw this.#tooSlow(withinMs);
      }
      vainWakes = 0;
    }
  }

  /** Whether the server took something. */
  async #wake(queues: readonly string[]): Promise<boolean> {
    const { gate } = this.#options;
    const before = gate.admitted;
    for (const queue of queues) gate.wake(queue);
    this.#fireTimers();
    await gate.quiet();
    return gate.admitted > before;
  }

  /** Fires timers that are due, such as those of roles that were just woken. */
  #fireTimers(): void {
    this.#options.clock.advance({ ms: 0 });
  }

  /** Time makes tasks due even when no server works. */
  async #forward(): Promise<void> {
    const { store } = this.#options;
    for (const queue of await store.queues()) {
      while ((await store.forwardDue({ queue, limit: forwardedAtOnce })).moved === forwardedAtOnce);
    }
  }

  async #queuesWithWork(): Promise<readonly string[]> {
    const { gate, server, queues } = this.#options;
    const { running, concurrency, state } = server.status();
    if (state === "new" || running >= concurrency) return [];
    const found: string[] = [];
    for (const queue of queues) if (await gate.hasWork(queue)) found.push(queue);
    return found;
  }

  /** Whether something happened. False: all that runs got its time. */
  async #waitPatiently(activity: Promise<void>): Promise<boolean> {
    const { gate, clock, patienceMs } = this.#options;
    const waitFor = gate.running.filter((task) => this.#deservesPatience(task));
    if (waitFor.length === 0) return false;
    if (await isFirst(activity, patienceMs)) return true;
    for (const { token, queue, id } of waitFor) this.#waitedFor.set(`${token} ${queue}/${id}`, clock.now());
    return false;
  }

  /** Once when it begins, and once more when its deadline has told it to stop. */
  #deservesPatience({ token, queue, id, deadlineAt }: RunningTask): boolean {
    const waitedAt = this.#waitedFor.get(`${token} ${queue}/${id}`);
    return waitedAt === undefined || (waitedAt < deadlineAt && deadlineAt <= this.#options.clock.now());
  }

  /**
   * The next moment at which something may happen. While handlers run or groups fill, that is the next timer of any
   * role. Otherwise housekeeping is left out, so that a year costs no more than a minute.
   */
  async #nextStop(until: number): Promise<number> {
    const { gate, store, clock, scheduler } = this.#options;
    const now = clock.now();
    let [next, isBusy] = [until, gate.running.length > 0];
    for (const queue of await store.queues()) {
      const numbers = await store.queue(queue);
      if ((numbers?.counts.aggregating ?? 0) > 0) isBusy = true;
      for (const state of ["scheduled", "retry"] as const) {
        const [first] = (await store.list({ queue, state, limit: 1 })).tasks;
        if (first?.unreadable === undefined && first?.dueAt !== undefined && first.dueAt > now) {
          next = Math.min(next, first.dueAt);
        }
      }
    }
    for (const { nextAt } of scheduler.state === "active" ? scheduler.entries() : []) {
      if (nextAt !== undefined && nextAt > now) next = Math.min(next, nextAt);
    }
    const timerAt = clock.nextTimerAt({ background: isBusy });
    return timerAt === undefined ? next : Math.min(next, Math.max(timerAt, now));
  }

  /**
   * Refuses a task that waits in a queue that nobody looks into, though it has a handler: such a test would mislead.
   */
  async #refuseForgottenQueues(): Promise<void> {
    const { gate, store, queues, server } = this.#options;
    if (server.status().state === "new") return;
    for (const queue of await store.queues()) {
      const type = queues.includes(queue) ? undefined : await gate.waiting(queue);
      if (type === undefined) continue;
      throw new HikyakuError(
        "invalid_option",
        `a task "${type}" waits in queue ${quoted([queue])}, and the test's server works on ${quoted(queues)} only; ` +
          `say testQueue({ server: { queues: { ${JSON.stringify(queue)}: 1 } } })`,
      );
    }
  }

  async #tooMany(limit: number, queues: readonly string[]): Promise<HikyakuError> {
    const waiting = (await Promise.all(queues.map((queue) => this.#options.gate.waiting(queue)))).map(String);
    return new HikyakuError(
      "wrong_state",
      `${limit} attempts were run without time moving on, and more tasks wait, of type ${quoted(waiting)}: ` +
        "does a task enqueue itself? If that many are meant to run, raise the option limit",
    );
  }

  #tooSlow(withinMs: number): HikyakuError {
    const tasks = this.#options.gate.running.map(({ type, id }) => `"${type}" (task ${id})`).join(", ");
    return new HikyakuError(
      "deadline_exceeded",
      `after ${withinMs} ms of real time this still runs: ${tasks}. If a handler waits for the queue's clock, use ` +
        "advance, which moves it; if it is slow, raise the option within",
    );
  }
}

function quoted(names: readonly string[]): string {
  return names.map((name) => JSON.stringify(name)).join(", ");
}

/** Whether it happens within this much real time. */
function isFirst(happening: Promise<void>, withinMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer =
      withinMs === Number.POSITIVE_INFINITY ? undefined : systemClock.setTimer(() => resolve(false), withinMs);
    void happening.then(() => {
      timer?.cancel();
      resolve(true);
    });
  });
}
