import { randomUUID } from "node:crypto";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { ServerRecord } from "../broker/presence-facet.ts";
import { type Duration, durationMs } from "../duration.ts";
import { HikyakuError } from "../errors.ts";
import { refuseUnknownOptions } from "../option-names.ts";
import { inStepOn } from "../runtime/in-step.ts";
import { Periodic, type Role } from "../runtime/periodic.ts";
import { onStopSignals } from "../runtime/stop-signals.ts";
import { tellOfStore } from "../runtime/store-news.ts";
import type { StatisticsTally } from "../statistics/statistics-tally.ts";
import { StatisticsWriter } from "../statistics/statistics-writer.ts";
import type { AnyJson, TaskDefinition } from "../task/task.ts";
import { Processor } from "./claiming/processor.ts";
import { QueueOrder } from "./claiming/queue-order.ts";
import { Farewell } from "./farewell.ts";
import type { AggregateFunction, AggregateOptions } from "./groups/aggregate-functions.ts";
import { GroupRoles } from "./groups/group-roles.ts";
import { Canceller } from "./handling/canceller.ts";
import { companyOfProcess } from "./handling/company.ts";
import { retryDelayByType } from "./handling/guarded-retry-delay.ts";
import { type HandleOptions, Handlers } from "./handling/handler.ts";
import type { Handler, NoValues } from "./handling/handler-context.ts";
import { type Middleware, Middlewares } from "./handling/middleware.ts";
import { TaskEvents } from "./handling/task-events.ts";
import { HeldTasks } from "./leases/held-tasks.ts";
import { extendEveryMs } from "./leases/lease-extender.ts";
import { LeaseKeeper } from "./leases/lease-keeper.ts";
import { LostAnswers } from "./leases/lost-answers.ts";
import { serverRecordOf, thisServer } from "./own-record.ts";
import { QueueRoles } from "./queue-roles.ts";
import { type ObeyedOrder, RemoteControl } from "./remote-control.ts";
import { ClockWatch, clockWatchMs } from "./roles/clock-watch.ts";
import { Healthchecker } from "./roles/healthchecker.ts";
import { Heartbeater, heartbeatMs } from "./roles/heartbeater.ts";
import { LoopWatch } from "./roles/loop-watch.ts";
import { Peers, peersMs } from "./roles/peers.ts";
import { Reconciler } from "./roles/reconciler.ts";
import { idleReportMs, Reporter, reportMs } from "./roles/reporter.ts";
import { ShardWatch, shardWatchMs } from "./roles/shard-watch.ts";
import { reportStatisticsMs, StatisticsReporter } from "./roles/statistics-reporter.ts";
import { Syncer } from "./roles/syncer.ts";
import { type ServerHookEvents, type ServerHookKind, ServerHooks } from "./server-hooks.ts";
import { type ResolvedServerOptions, resolveServerOptions, type ServerOptions } from "./server-options.ts";
import type { ServerReport, ServerState } from "./server-report.ts";

const stopOptionNames: ReadonlySet<string> = new Set(["timeout"]);
const syncMs = 500;
const reconcileMs = 60_000;

/**
 * Works on the tasks of some queues: `concurrency` slots, each running one task at a time.
 *
 * Order of stop:
 * - Nothing new is taken, and the roles that bring tasks end.
 * - Running handlers may finish, and are then asked to stop. Unfinished tasks are handed back.
 * - Outcomes without an answer are offered once more. Until then leases are kept and cancel signals heard, since
 *   handlers still run.
 * - The announcement is withdrawn last, so that others see a draining server.
 *
 * Every step has its limit, so a stop ends even when the store does not answer.
 */
export class Server<Values extends object = NoValues> implements AsyncDisposable {
  readonly serverId = randomUUID();
  readonly #options: ResolvedServerOptions;
  readonly #handlers = new Handlers();
  readonly #middlewares = new Middlewares();
  readonly #hooks: ServerHooks;
  readonly #taskEvents: TaskEvents;
  readonly #held: HeldTasks;
  readonly #leases: LeaseKeeper;
  readonly #lostAnswers: LostAnswers;
  readonly #loopWatch: LoopWatch;
  readonly #clockWatch: ClockWatch;
  readonly #processor: Processor;
  readonly #syncer: Syncer;
  readonly #canceller: Canceller;
  readonly #heartbeater: Heartbeater;
  readonly #peers: Peers;
  readonly #aggregating: GroupRoles;
  readonly #queueRoles: QueueRoles;
  /** Roles that bring tasks or tidy up. They end before the handlers do. */
  readonly #early: Periodic[] = [];
  /** Roles that running handlers depend on. They end after the handlers. */
  readonly #late: Periodic[] = [];
  readonly #syncing: Periodic;
  readonly #reporter: Reporter;
  readonly #reporting: Periodic;
  readonly #unsubscribe: (() => void)[] = [];
  readonly #control: RemoteControl;
  readonly #statistics: StatisticsWriter | undefined;
  readonly #farewell: Farewell;
  readonly #closed = Promise.withResolvers<void>();
  #state: ServerState = "new";
  #startedAt = 0;
  #stopping: Promise<void> | undefined;

  /** @throws HikyakuError `invalid_option` for a value that can't be used and for an option that does not exist. */
  constructor(options: ServerOptions<Values>) {
    this.#options = resolveServerOptions(options, (type) => this.#handlers.definitionOf(type));
    const { broker, clock, random, logger, taskLog, reportFailure, queues, leaseMs } = this.#options;
    const names = Object.keys(queues);
    this.#statistics = this.#options.counts ? new StatisticsWriter(broker, clock) : undefined;
    this.#hooks = new ServerHooks(logger);
    const worker = thisServer(this.serverId, this.#options);
    this.#taskEvents = new TaskEvents({ broker, clock, worker, hooks: this.#hooks });
    this.#held = new HeldTasks(clock);
    this.#loopWatch = new LoopWatch(this.#held, logger);
    this.#clockWatch = new ClockWatch(broker, clock, logger);
    this.#lostAnswers = new LostAnswers(broker, this.serverId, clock, (lost) => this.#queueRoles.recoverAtOnce(lost));
    this.#reporter = new Reporter({
      broker,
      clock,
      taskLog,
      serverId: this.serverId,
      onReport: () => this.#reporting.wake(reportMs),
      onProgress: (message, progress) => this.#taskEvents.progressed(message, progress),
    });
    this.#reporting = this.#periodic(this.#reporter, idleReportMs);
    this.#processor = this.#makeProcessor(names);
    this.#syncer = new Syncer({
      broker,
      clock,
      logger: taskLog,
      onAnswer: (task, result) => this.#processor.answeredLate(task, result),
    });
    this.#leases = new LeaseKeeper({
      broker,
      clock,
      logger,
      leaseMs,
      held: this.#held,
      onLost: (task) => this.#processor.abort(task, "lease_lost"),
    });
    this.#canceller = new Canceller(broker, this.#held, clock, (task) => this.#processor.abort(task, "cancelled"));
    this.#heartbeater = new Heartbeater({
      broker,
      held: this.#held,
      describe: () => this.#describe(),
      onAnnounce: (announcement) => this.#leases.announced(announcement),
      onOrders: (orders) => this.#control.hear(orders),
    });
    this.#control = new RemoteControl({
      broker,
      logger,
      serverId: this.serverId,
      describe: () => ({ state: this.#state, running: this.#processor.running }),
      quiet: () => this.quiet(),
      onOrder: (order) => this.#tellOrder(order),
      stop: (timeoutMs) => void this.stop(timeoutMs === undefined ? {} : { timeout: { ms: timeoutMs } }),
      letGo: () => this.#letGo(),
    });
    this.#peers = new Peers(
      broker,
      this.serverId,
      names,
      logger,
      (gone) => this.#queueRoles.noteGone(gone),
      () => this.#describe(),
    );
    this.#aggregating = new GroupRoles({
      broker,
      clock,
      random,
      logger,
      taskLog,
      reportFailure,
      company: companyOfProcess,
      statistics: this.#tally,
      maxPayloadBytes: this.#options.maxPayloadBytes,
      periodic: (role, everyMs) => this.#periodic(role, everyMs),
    });
    const reporter = this.#statistics && new StatisticsReporter(this.#statistics, logger);
    this.#farewell = new Farewell({
      clock,
      logger,
      graceMs: this.#options.graceMs,
      held: this.#held,
      processor: this.#processor,
      aggregating: this.#aggregating,
      syncer: this.#syncer,
      heartbeater: this.#heartbeater,
      statistics: reporter,
    });
    this.#syncing = this.#periodic(this.#syncer, syncMs);
    const keeping = this.#periodic(this.#leases, extendEveryMs(leaseMs));
    this.#late.push(keeping, this.#periodic(this.#heartbeater, heartbeatMs));
    if (reporter !== undefined) this.#late.push(this.#periodic(reporter, reportStatisticsMs));
    this.#early.push(this.#periodic(this.#clockWatch, clockWatchMs), this.#periodic(this.#peers, peersMs));
    const { archiveOf } = this.#options;
    const reconciler = new Reconciler({
      broker,
      clock,
      random,
      logger,
      archiveOf,
      queues: names,
      spreadMs: reconcileMs,
    });
    this.#early.push(this.#periodic(reconciler, reconcileMs));
    this.#addHealthchecker();
    this.#queueRoles = new QueueRoles({
      ...this.#options,
      serverId: this.serverId,
      statistics: this.#tally,
      lostAnswers: this.#lostAnswers,
      periodic: (role, everyMs) => this.#periodic(role, everyMs),
      findServer: (serverId) => this.#peers.find(serverId),
      holding: (queue) => this.#held.tokensOf(queue),
      onWork: (queue) => this.#processor.wake(queue),
    });
    this.#early.push(...this.#queueRoles.all);
    const { sharded } = this.#options.plan;
    if (sharded.length > 0) {
      this.#early.push(this.#periodic(new ShardWatch(broker, sharded, logger), shardWatchMs));
    }
  }

  /**
   * Puts a function around every handler of this server, even those registered before. The first one registered is the
   * outermost. Values that it hands to `next` are in the contexts of the functions after it. Name their type,
   * `server.use<{ user: User }>(...)`, and go on with the server that it returns. Before `start` only.
   * @throws HikyakuError `invalid_option`, `wrong_state`.
   */
  use<Added extends object = NoValues>(middleware: Middleware<Values, Added>): Server<Values & Added> {
    this.#mustBeNew("use");
    this.#middlewares.add(middleware);
    return this as unknown as Server<Values & Added>;
  }

  /**
   * Registers the handler of a task. Before `start` only, one for each type. A handler of the exact type comes first,
   * then the one with the longest prefix. Tasks without a handler stay in their queue; no retry is spent.
   * @throws HikyakuError `invalid_option`, also for a type that is blank or has a handler; `wrong_state`.
   */
  handle<Payload extends StandardSchemaV1 = AnyJson, Result extends StandardSchemaV1 = AnyJson>(
    task: TaskDefinition<Payload, Result>,
    handler: Handler<StandardSchemaV1.InferOutput<Payload>, StandardSchemaV1.InferInput<Result>, Values>,
    options?: HandleOptions,
  ): this;
  /**
   * Registers the handler of a pattern: of this type, and of every type that begins with it and has no handler with a
   * longer match. The payload is any JSON.
   */
  handle(pattern: string, handler: Handler<unknown, unknown, Values>): this;
  handle(
    task: string | TaskDefinition<StandardSchemaV1, StandardSchemaV1>,
    handler: Handler<never, never, Values>,
    options?: HandleOptions,
  ): this {
    this.#mustBeNew("handle");
    this.#handlers.add(task, handler, options);
    return this;
  }

  /**
   * Registers a handler that gets its payload as bytes. It handles one type, or every type that starts with a prefix
   * and has no handler of its own. The longest prefix wins; the empty prefix is that of all types. Before `start` only.
   * @throws HikyakuError `invalid_option`, `wrong_state`.
   */
  handleRaw(type: string | { readonly prefix: string }, handler: Handler<Uint8Array, unknown, Values>): this {
    this.#mustBeNew("handleRaw");
    this.#handlers.addRaw(type, handler as Handler<Uint8Array>);
    return this;
  }

  /**
   * Makes one task out of many. When a group is ripe, the function gets its tasks of this definition and answers the
   * one task that takes their place. Before `start` only, one for each `groups` prefix. A group for which this server
   * has no function waits for a server that has one.
   * @throws HikyakuError `invalid_option`, `wrong_state`.
   */
  aggregate<Payload extends StandardSchemaV1 = AnyJson, Result extends StandardSchemaV1 = AnyJson>(
    task: TaskDefinition<Payload, Result>,
    run: AggregateFunction<StandardSchemaV1.InferOutput<Payload>>,
    options?: AggregateOptions,
  ): this {
    this.#mustBeNew("aggregate");
    this.#aggregating.aggregators.add(task, run, options);
    return this;
  }

  /**
   * As `aggregate`, for groups that hold tasks of several types or without a definition. Payloads are bytes.
   * @throws HikyakuError `invalid_option`, `wrong_state`.
   */
  aggregateRaw(run: AggregateFunction<Uint8Array>, options?: AggregateOptions): this {
    this.#mustBeNew("aggregateRaw");
    this.#aggregating.aggregators.addRaw(run, options);
    return this;
  }

  /**
   * Calls back with what happens to the tasks that this server runs, in this process, and with what it is told from
   * elsewhere, until the returned function is called. Be quick: it is called in the middle of the work. What the
   * listener throws or rejects with is logged and disturbs nothing. `settled`: the store has written what became of an
   * attempt. To follow all servers, see `Client.events`.
   * @throws HikyakuError `invalid_option`.
   */
  on<Kind extends ServerHookKind>(kind: Kind, listener: (event: ServerHookEvents[Kind]) => unknown): () => void {
    return this.#hooks.add(kind, listener);
  }

  /**
   * Begins to work. Does not wait for the store: while it is away, the server keeps trying.
   * @throws HikyakuError `wrong_state` when it was started before, `invalid_option` when it has no handler.
   */
  start(): void {
    this.#mustBeNew("start");
    if (this.#handlers.size === 0) {
      throw new HikyakuError("invalid_option", "Server.start: expected at least one handler; call handle() first");
    }
    const { broker, clock, logger } = this.#options;
    this.#state = "active";
    this.#startedAt = clock.now();
    this.#unsubscribe.push(
      tellOfStore(broker, logger).end,
      broker.onReachability(({ reachable }) => {
        if (!reachable) return;
        this.#lostAnswers.reached();
        this.#resume();
      }),
      broker.listen((signal) => {
        if (signal.kind === "due_sooner") this.#queueRoles.forwardAt(signal.queue, signal.at);
        if (signal.kind === "listening") this.#queueRoles.forwardAtOnce();
      }),
    );
    this.#early.push(...this.#aggregating.rolesOf(Object.keys(this.#options.queues)));
    this.#canceller.start();
    this.#control.start();
    this.#loopWatch.start();
    this.#leases.start();
    this.#heartbeater.prepare();
    // The announcement goes first: whoever sees one of our tasks can then see this server too.
    for (const role of [...this.#late.toReversed(), ...this.#early]) role.wake();
    void this.#heartbeater.attempted.then(() => {
      if (this.#state === "active") this.#processor.start();
    });
  }

  /**
   * Starts, and stops at SIGINT or SIGTERM. A second signal hurries the stop. Resolves when the server has stopped. The
   * broker stays open, and keeps the process alive until its owner closes it.
   */
  async run(): Promise<void> {
    this.start();
    const stopListening = onStopSignals(
      () => void this.stop(),
      () => this.hurry(),
    );
    await this.whenClosed();
    stopListening();
    await this.#stopping;
  }

  /** Resolves when the server has stopped, whoever asked for it. If another process asked, `status().order` says so. */
  whenClosed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Takes no new tasks; running ones go on. This can't be undone. */
  quiet(): void {
    if (this.#state !== "active") return;
    this.#state = "quiet";
    this.#processor.quiet();
    for (const role of this.#late) role.wake();
  }

  /**
   * Takes no new tasks and waits for running ones up to `timeout` (default: the server's `shutdownTimeout`). Then fires
   * their signals, waits up to `abortGrace`, and hands back unfinished tasks, to run again at once. Always ends.
   * Calling it again waits for the same end.
   */
  stop(options: { readonly timeout?: Duration } = {}): Promise<void> {
    refuseUnknownOptions("Server.stop", options, stopOptionNames);
    const waitMs =
      options.timeout === undefined ? this.#options.shutdownTimeoutMs : durationMs("timeout", options.timeout);
    this.#stopping ??= this.#shutDown(waitMs).finally(() => this.#closed.resolve());
    return this.#stopping;
  }

  /**
   * Makes a stop that is under way end soon. Running handlers' signals fire now. Tasks that have not ended 200 ms later
   * are handed back. Does nothing unless `stop` was called.
   */
  hurry(): void {
    if (this.#stopping !== undefined) this.#farewell.hurry();
  }

  /** The same as `stop()`. The broker stays open: its owner closes it. */
  close(): Promise<void> {
    return this.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Answers without asking the store. */
  status(): ServerReport {
    const { lastClaimAt, counts, running } = this.#processor;
    return {
      serverId: this.serverId,
      state: this.#state,
      running,
      concurrency: this.#options.concurrency,
      lastClaimAt: lastClaimAt === undefined ? undefined : new Date(lastClaimAt),
      reachability: this.#options.broker.reachability(),
      unanswered: this.#syncer.size,
      counts: { ...counts },
      leasesExtendedBy: this.#leases.place,
      loopDelayMs: this.#loopWatch.lately,
      clockOffsetMs: this.#clockWatch.offsetMs,
      order: this.#control.obeyed,
    };
  }

  /**
   * Other servers on the same queues, as of the last look. That is half a minute ago at most among up to 8 servers, a
   * minute among 16, and so on.
   */
  peers(): readonly ServerRecord[] {
    return this.#peers.all;
  }

  #makeProcessor(queues: readonly string[]): Processor {
    const { broker, random, taskLog, policy } = this.#options;
    const handlers = this.#handlers;
    const retryDelayMs = retryDelayByType(handlers, policy.retryDelayMs, taskLog);
    return new Processor({
      ...this.#options,
      queues,
      handlers,
      policy: { ...policy, retryDelayMs },
      middlewares: this.#middlewares,
      reports: this.#reporter,
      order: new QueueOrder(this.#options.queues, this.#options.strictPriority, random, this.#options.plan),
      worker: thisServer(this.serverId, this.#options),
      statistics: this.#tally,
      events: this.#taskEvents,
      held: this.#held,
      company: companyOfProcess,
      wasCancelled: (task, since) => this.#canceller.heardSince(task, since),
      lostAnswers: this.#lostAnswers,
      onUnanswered: (tasks) => {
        this.#syncer.add(tasks);
        this.#syncing.wake();
      },
      unanswered: () => this.#syncer.size,
      isReachable: () => broker.reachability().reachable,
      onEvicted: () => this.#control.refused(),
      onPolicyRefusal: (closed) => this.#queueRoles.policyRefused(closed),
      onRetry: (queue, at) => this.#queueRoles.forwardAt(queue, at),
    });
  }

  get #tally(): StatisticsTally | undefined {
    return this.#statistics?.tally;
  }

  #tellOrder({ kind: order, by, reason }: ObeyedOrder): void {
    if (!this.#hooks.isHeard("server_told")) return;
    const why = reason === undefined ? {} : { reason };
    const at = this.#options.clock.now();
    this.#hooks.tell({ kind: "server_told", at, serverId: this.serverId, order, by, ...why });
  }

  #addHealthchecker(): void {
    const { broker, logger, health } = this.#options;
    if (health === undefined) return;
    const queues = Object.keys(this.#options.queues);
    this.#early.push(this.#periodic(new Healthchecker({ broker, queues, logger, ...health }), health.everyMs));
  }

  #periodic(role: Role, everyMs: number): Periodic {
    const { broker, clock, random, logger } = this.#options;
    const isReachable = (): boolean => broker.reachability().reachable;
    const inStepWith = role.isInStep === true ? inStepOn(broker, role.name) : undefined;
    return new Periodic({ role, everyMs, clock, random, logger, isReachable, inStepWith });
  }

  #mustBeNew(method: string): void {
    if (this.#state === "new") return;
    throw new HikyakuError("wrong_state", `Server.${method}: expected a server that was not started yet`);
  }

  #resume(): void {
    this.#processor.resume();
    this.#syncing.retry();
    this.#reporting.retry();
    for (const role of [...this.#late, ...this.#early]) role.retry();
  }

  #describe(): ServerRecord {
    const [startedAt, handles] = [this.#startedAt, this.#handlers.handledTypes()];
    return serverRecordOf(this.#options, this.status(), { startedAt, handles });
  }

  /** Nothing that it holds is its own any more, so it waits for nothing and hands nothing back. */
  #letGo(): void {
    for (const task of this.#held) if (!task.returned) this.#processor.abort(task, "evicted");
    this.#farewell.hurry();
    void this.stop();
  }

  async #shutDown(waitMs: number): Promise<void> {
    const wasStarted = this.#state !== "new";
    this.#state = "stopping";
    if (wasStarted) {
      this.#processor.quiet();
      for (const role of this.#late) role.wake();
      const earlyEnded = Promise.all(this.#early.map((role) => role.stop()));
      await this.#farewell.drain(waitMs);
      await this.#farewell.lastWord(Promise.all([this.#syncing.stop(), this.#reporting.stop()]));
      await this.#farewell.sync();
      this.#canceller.stop();
      const lateEnded = [...this.#late.map((role) => role.stop()), this.#leases.stop()];
      await this.#farewell.lastWord(Promise.all([earlyEnded, ...lateEnded]));
      this.#loopWatch.stop();
      await this.#farewell.report();
      await this.#farewell.withdraw();
      await this.#farewell.lastWord(this.#control.whoEvicted());
      this.#control.stop();
      for (const unsubscribe of this.#unsubscribe) unsubscribe();
      this.#processor.close();
      this.#options.taskLog.flush();
    }
    this.#state = "closed";
  }
}
