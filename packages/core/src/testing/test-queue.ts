import { setImmediate as nextTurn } from "node:timers/promises";
import type { Broker } from "../broker/broker.ts";
import type { StoredTask } from "../broker/inspect-facet.ts";
import { sqliteBroker } from "../broker/sqlite/index.ts";
import { Client, type ClientOptions } from "../client/client.ts";
import { type Duration, durationMs } from "../duration.ts";
import type { EnqueuedTask } from "../enqueue/enqueued-task.ts";
import { HikyakuError } from "../errors.ts";
import { refuseUnknownOptions, shown } from "../option-names.ts";
import { silentLogger } from "../runtime/logger.ts";
import { Scheduler, type SchedulerOptions } from "../scheduler/scheduler.ts";
import type { PayloadInput, TaskDefinition } from "../task/task.ts";
import { Server } from "../worker/server.ts";
import type { ServerOptions } from "../worker/server-options.ts";
import { Gate } from "./gate.ts";
import { InlineClient } from "./inline-client.ts";
import { type RunLimits, Runner } from "./runner.ts";
import { type AttemptReport, type EnqueuedRecord, TaskLog } from "./task-log.ts";
import { TestClock } from "./test-clock.ts";

export interface TestQueueOptions {
  /** Registers handlers, as the program itself would. `queue.server.handle(...)` before the first run does the same. */
  readonly register?: (server: Server) => void;
  /** Registers periodic tasks, as the program itself would. The scheduler has started when `testQueue` resolves. */
  readonly schedule?: (scheduler: Scheduler) => unknown;
  /** Where the test's clock stands. Default: today at noon (UTC) and a quarter of a second. */
  readonly now?: Date;
  /**
   * `manual`: tasks wait until the test runs them. `inline`: `enqueue` runs the handler before it resolves, and rejects
   * with what the handler throws. Default `manual`.
   */
  readonly mode?: "manual" | "inline";
  /**
   * Options of the server. Three defaults differ. Nothing is logged. There is no jitter: `random` answers 0, so the
   * first retry comes after 15 s. `concurrency` is 1, so that tasks run in the order of their queue; it is 100 in mode
   * `inline`, where a handler waits for the tasks that it enqueues.
   */
  readonly server?: Omit<ServerOptions, "broker" | "clock">;
  readonly client?: Omit<ClientOptions, "broker" | "clock">;
  /** Options of the scheduler. One default differs: nothing is logged. */
  readonly scheduler?: Omit<SchedulerOptions, "broker" | "clock">;
  /**
   * How long, in real time, `advance` waits for a handler that does something real (network, disk). Then it moves time
   * on while the handler runs. Default `"100ms"`, spent only on handlers that do not end by themselves.
   */
  readonly patience?: Duration;
}

export interface RunOptions {
  /** Most attempts while time stands still, so that a task that enqueues itself ends the test. Default 1000. */
  readonly limit?: number;
  /** Most real time, for a handler that does not end. Default `"5s"`. */
  readonly within?: Duration;
}

const optionNames: ReadonlySet<string> = new Set<keyof TestQueueOptions>([
  "register",
  "schedule",
  "now",
  "mode",
  "server",
  "client",
  "scheduler",
  "patience",
]);
const runOptionNames: ReadonlySet<string> = new Set<keyof RunOptions>(["limit", "within"]);
const defaultLimit = 1_000;
const defaultWithin = "5s";
/** How far time moves for each turn of the event loop while server and scheduler stop. */
const stopStep = "100ms";

/**
 * A queue for one test: the real embedded store in memory, a real client and a real server, and a clock that stands
 * still until the test moves it. Tasks wait until the test runs them.
 *
 * End it with `close()`, or by `await using`.
 * @throws HikyakuError `invalid_option`.
 */
export async function testQueue(options: TestQueueOptions = {}): Promise<TestQueue> {
  refuseUnknownOptions("testQueue", options, optionNames);
  const { mode = "manual", register, schedule } = options;
  if (mode !== "manual" && mode !== "inline") {
    throw new HikyakuError("invalid_option", `option "mode": expected "manual" or "inline", got ${shown(mode)}`);
  }
  const clock = new TestClock(options.now);
  const store = sqliteBroker({ path: ":memory:", clock: clock.background });
  await store.ready();
  const queue = new TestQueue(options, store, clock);
  register?.(queue.server);
  if (schedule !== undefined) {
    await schedule(queue.scheduler);
    queue.scheduler.start();
  }
  return queue;
}

/** What `testQueue` makes. */
export class TestQueue implements AsyncDisposable {
  readonly client: Client;
  /** The real one. Takes handlers until the first run, which starts it. */
  readonly server: Server;
  /** The real one. Started if the option `schedule` was given, or by the test. */
  readonly scheduler: Scheduler;
  /** The real store, for everything else that the test makes: an inspector, a client of its own. */
  readonly broker: Broker;
  /** The time of all of these. To move it by hand runs nothing; the queue's `advance` does. */
  readonly clock: TestClock;
  readonly #store: Broker;
  readonly #log = new TaskLog();
  readonly #gate: Gate;
  readonly #runner: Runner;
  #closing: Promise<void> | undefined;

  /** Made by `testQueue`. */
  constructor(options: TestQueueOptions, store: Broker, clock: TestClock) {
    const { mode = "manual", patience = "100ms" } = options;
    const { onError, queues = { default: 1 }, ...serverOptions } = options.server ?? {};
    this.clock = clock;
    this.#store = store;
    this.#gate = new Gate(store, clock, this.#log);
    this.broker = this.#gate.broker;
    this.server = new Server({
      concurrency: mode === "inline" ? 100 : 1,
      logger: silentLogger,
      random: () => 0,
      ...serverOptions,
      broker: this.broker,
      clock: clock.background,
      queues,
      onError: (error, attempt) => {
        this.#log.threw(attempt, error);
        onError?.(error, attempt);
      },
    });
    this.scheduler = new Scheduler({
      logger: silentLogger,
      ...options.scheduler,
      broker: this.broker,
      clock: clock.background,
    });
    this.#runner = new Runner({
      gate: this.#gate,
      store,
      clock,
      server: this.server,
      scheduler: this.scheduler,
      queues: Object.keys(queues),
      patienceMs: durationMs("patience", patience),
    });
    const clientOptions: ClientOptions = { ...options.client, broker: this.broker, clock: clock.background };
    this.client =
      mode === "inline" ? new InlineClient(clientOptions, (task) => this.#runInline(task)) : new Client(clientOptions);
  }

  /** Everything that was enqueued so far, by anybody, oldest first. With a task: only that task's. */
  enqueued(): readonly EnqueuedRecord[];
  enqueued<Task extends TaskDefinition>(task: Task): readonly EnqueuedRecord<PayloadInput<Task>>[];
  enqueued(task?: { readonly type: string }): readonly EnqueuedRecord[] {
    return this.#log.enqueued.filter(({ type }) => task === undefined || type === task.type);
  }

  /** Every finished attempt so far, in the order in which they ended. With a task: only that task's. */
  attempts(task?: { readonly type: string }): readonly AttemptReport[] {
    return this.#log.attempts.filter(({ type }) => task === undefined || type === task.type);
  }

  /**
   * A task as it lies in the store, with its state and result. Undefined when it is gone: a task that is done is
   * removed.
   */
  async stored(task: Pick<EnqueuedTask, "id" | "queue">): Promise<StoredTask | undefined> {
    const [entry] = await this.#store.get(task.queue, [task.id]);
    if (entry === undefined || entry.unreadable === undefined) return entry;
    throw new HikyakuError("corrupt_data", `task ${task.id} of queue "${task.queue}": ${entry.unreadable}`);
  }

  /**
   * Runs everything that waits now, and what that enqueues, without moving time. Returns the attempts when nothing
   * waits or runs any more. A handler's error is in its attempt's report; its task waits for its retry.
   * @throws HikyakuError `wrong_state` when more than `limit` attempts were run; `deadline_exceeded` when a handler
   * does not end; `invalid_option` when the server has no handlers, or does not work on a queue where its tasks wait.
   */
  async drain(options: RunOptions = {}): Promise<readonly AttemptReport[]> {
    const before = this.#log.attempts.length;
    await this.#runner.drain(limitsOf("drain", options));
    return this.#log.attempts.slice(before);
  }

  /** Runs the next task in line. Undefined when none waits. Throws as `drain` does. */
  async runNext(options: Pick<RunOptions, "within"> = {}): Promise<AttemptReport | undefined> {
    const before = this.#log.attempts.length;
    await this.#runner.runNext(limitsOf("runNext", options).withinMs);
    return this.#log.attempts[before];
  }

  /**
   * Moves time on as if the server had worked all the while. What waits runs first. Then all that becomes due runs at
   * its own moment: scheduled and periodic tasks, retries, groups, timers of the test. Timeouts and deadlines end their
   * attempts. Returns the attempts. Throws as `drain` does, except for a handler that does not end: that one goes on
   * running.
   */
  async advance(by: Duration, options: Pick<RunOptions, "limit"> = {}): Promise<readonly AttemptReport[]> {
    return this.#advanceTo(this.clock.now() + durationMs("by", by), options);
  }

  /**
   * As `advance`, up to a moment.
   * @throws HikyakuError `invalid_option` when it lies in the past.
   */
  async advanceTo(moment: Date, options: Pick<RunOptions, "limit"> = {}): Promise<readonly AttemptReport[]> {
    const until = Number(moment);
    if (until >= this.clock.now()) return this.#advanceTo(until, options);
    const now = new Date(this.clock.now()).toISOString();
    throw new HikyakuError("invalid_option", `advanceTo: expected a moment from ${now} on, got ${shown(moment)}`);
  }

  /** Stops the server, asks running handlers to stop, and closes everything. Always ends. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #advanceTo(until: number, options: Pick<RunOptions, "limit">): Promise<readonly AttemptReport[]> {
    const before = this.#log.attempts.length;
    await this.#runner.advanceTo(until, limitsOf("advance", options).limit);
    return this.#log.attempts.slice(before);
  }

  async #runInline(task: EnqueuedTask): Promise<void> {
    const isIt = ({ taskId, queue }: AttemptReport): boolean => taskId === task.id && queue === task.queue;
    const find = (): AttemptReport | undefined => this.#log.attempts.find(isIt);
    await this.#runner.drain(limitsOf("enqueue", {}), () => find() !== undefined);
    const attempt = find();
    if (attempt?.thrown !== undefined) throw attempt.thrown;
  }

  async #close(): Promise<void> {
    let isStopping = true;
    const stopping = Promise.all([this.scheduler.close(), this.server.stop({ timeout: "0s" })]).finally(() => {
      isStopping = false;
    });
    // Server and scheduler wait by their clock, which nobody else moves now.
    while (isStopping) {
      await nextTurn();
      if (isStopping) this.clock.advance(stopStep);
    }
    await stopping;
    const closing = this.client.close({ within: "1s" });
    this.clock.advance("1s");
    await closing;
    this.#gate.close();
    await this.#store.close();
  }
}

function limitsOf(of: string, options: RunOptions): RunLimits {
  refuseUnknownOptions(of, options, runOptionNames);
  const { limit = defaultLimit, within = defaultWithin } = options;
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new HikyakuError("invalid_option", `option "limit": expected a whole number from 1 up, got ${shown(limit)}`);
  }
  return { limit, withinMs: durationMs("within", within) };
}
