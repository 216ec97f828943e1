import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Broker } from "../broker/broker.ts";
import type { CatchUp, DurableEntry, ScheduleRecord } from "../broker/schedule-facet.ts";
import { checkedName } from "../checked-name.ts";
import { type Duration, durationMs } from "../duration.ts";
import type { EnqueuedTask } from "../enqueue/enqueued-task.ts";
import { errorText, HikyakuError } from "../errors.ts";
import { checkedFlag, refuseUnknownOptions, shown } from "../option-names.ts";
import { checkClock, checkLogger } from "../option-values.ts";
import type { Random } from "../runtime/backoff.ts";
import { type Clock, sleep, systemClock } from "../runtime/clock.ts";
import { guardedLogger } from "../runtime/guarded-call.ts";
import { jsonLogger, type Logger } from "../runtime/logger.ts";
import { Periodic } from "../runtime/periodic.ts";
import { onStopSignals } from "../runtime/stop-signals.ts";
import { tellOfStore } from "../runtime/store-news.ts";
import { StatisticsWriter } from "../statistics/statistics-writer.ts";
import type { EnqueueRequest } from "../task/task.ts";
import { checkedCatchUp, type EntryPlan, scheduleKey } from "./entry-plan.ts";
import { EntryRunner, type TurnInfo } from "./entry-runner.ts";
import { parseSchedule } from "./schedule-spec.ts";
import { planOf, type ScheduleOptions } from "./schedules.ts";
import { blueprintJson, blueprintOf, optionTexts, staticEntryId } from "./task-blueprint.ts";

export interface SchedulerOptions {
  /** Where the tasks go and the turns are remembered. The scheduler does not close it. */
  readonly broker: Broker;
  /** IANA name, for entries without one. Default `"UTC"`. */
  readonly timeZone?: string;
  /** For entries without their own. Default `"once"`. */
  readonly catchUp?: CatchUp;
  /** Asked again and again which entries there should be, besides the registered ones. */
  readonly provider?: EntryProvider;
  /** How often the provider is asked. Default `"3m"`. */
  readonly providerInterval?: Duration;
  /**
   * Called before each turn is tried, even when another scheduler then turns out to have been faster. Nobody waits for
   * it. What it throws or rejects with is logged, and the turn goes on.
   */
  readonly beforeEnqueue?: (turn: TurnInfo) => unknown;
  /**
   * Called with the result of each turn that this scheduler fired. As with `beforeEnqueue`, its failures are logged.
   */
  readonly afterEnqueue?: (turn: TurnInfo, result: EnqueuedTask | HikyakuError) => unknown;
  /** Whether the tasks that it enqueues are counted for `Inspector.statistics`. Default true. */
  readonly statistics?: boolean;
  /** How long `close()` may take. Default `"5s"`. */
  readonly closeTimeout?: Duration;
  /** Default: JSON lines from `info` up on standard error. */
  readonly logger?: Logger;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

export interface RegisterOptions extends ScheduleOptions {
  /**
   * Names the entry, the same on all schedulers that have it. Default: derived from spec, time zone, task and options,
   * so that schedulers with the same code agree. With a name, an entry keeps its turns when anything else of it
   * changes.
   */
  readonly id?: string;
}

/** An entry as a provider gives it. */
export interface ProvidedEntry extends RegisterOptions {
  readonly spec: string;
  readonly request: EnqueueRequest;
}

export type EntryProvider = () => readonly ProvidedEntry[] | Promise<readonly ProvidedEntry[]>;

export type SchedulerState = "new" | "active" | "closing" | "closed";

const announceMs = 10_000;
const reportMs = 10_000;
const announcementLifeMs = 20_000;
const durableMs = 5_000;
const providerMs = 180_000;
const closeMs = 5_000;
const callTimeoutMs = 3_000;
/** Entries that change within this time are announced together. */
const announceSoonMs = 50;

const optionNames: ReadonlySet<string> = new Set<keyof SchedulerOptions>([
  "broker",
  "timeZone",
  "catchUp",
  "provider",
  "providerInterval",
  "beforeEnqueue",
  "afterEnqueue",
  "statistics",
  "closeTimeout",
  "logger",
  "clock",
]);
const registerNames: ReadonlySet<string> = new Set<keyof RegisterOptions>(["id", "timeZone", "catchUp"]);
const providedNames: ReadonlySet<string> = new Set<keyof ProvidedEntry>([
  "id",
  "timeZone",
  "catchUp",
  "spec",
  "request",
]);

/** Where an entry comes from. The three lists are independent. */
type Source = "registered" | "durable" | "provided";

/**
 * Enqueues periodic tasks. Run as many schedulers on one store as you like: each turn of each entry is enqueued once,
 * and none is missed while one of them lives. Works on the entries registered here, those of a provider, and the
 * durable ones of the store, which `Schedules` changes.
 *
 * Order of stop: nothing new begins; entries end their calls that are on the way; the announcement is withdrawn. All
 * steps share one deadline.
 */
export class Scheduler implements AsyncDisposable {
  readonly schedulerId = `${hostname() || "unknown-host"}:${process.pid}:${randomUUID()}`;
  readonly #options: SchedulerOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #timeZone: string;
  readonly #catchUp: CatchUp;
  readonly #closeMs: number;
  readonly #random: Random = Math.random;
  readonly #runners = new Map<Source, Map<string, EntryRunner>>([
    ["registered", new Map()],
    ["provided", new Map()],
    ["durable", new Map()],
  ]);
  /** The durable entries as they were last read, by id. */
  #durable = new Map<string, DurableEntry>();
  /** For each entry that can't be used: the revision or text that was reported. */
  readonly #complained = new Map<string, string>();
  readonly #announcing: Periodic;
  readonly #following: Periodic;
  readonly #providing: Periodic | undefined;
  readonly #statistics: StatisticsWriter | undefined;
  readonly #reporting: Periodic;
  /** Runners that were replaced or removed and still have a call on its way. */
  readonly #ending = new Set<Promise<void>>();
  #stopListening: () => void = () => undefined;
  #stopTelling: () => void = () => undefined;
  readonly #isReachable = (): boolean => this.#options.broker.reachability().reachable;
  #state: SchedulerState = "new";
  #closing: Promise<void> | undefined;
  #onClosed: () => void = () => undefined;

  /** @throws HikyakuError `invalid_option`. */
  constructor(options: SchedulerOptions) {
    refuseUnknownOptions("Scheduler", options, optionNames);
    if (typeof options.broker?.fireTurn !== "function") {
      throw new HikyakuError("invalid_option", `option "broker": expected a broker, got ${shown(options.broker)}`);
    }
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    checkClock(this.#clock);
    if (options.logger !== undefined) checkLogger(options.logger);
    this.#logger = guardedLogger(options.logger ?? jsonLogger("info"));
    this.#timeZone = options.timeZone ?? "UTC";
    parseSchedule("@daily", this.#timeZone);
    this.#catchUp = checkedCatchUp(options.catchUp ?? "once");
    this.#closeMs = options.closeTimeout === undefined ? closeMs : durationMs("closeTimeout", options.closeTimeout);
    this.#announcing = this.#periodic("telling of scheduler entries", announceMs, (signal) => this.#announce(signal));
    this.#following = this.#periodic("reading durable entries", durableMs, (signal) => this.#follow(signal));
    const counts = checkedFlag("statistics", options.statistics ?? true);
    this.#statistics = counts ? new StatisticsWriter(options.broker, this.#clock) : undefined;
    this.#reporting = this.#periodic("reporting statistics", reportMs, async (signal) =>
      this.#statistics?.write({ signal, timeoutMs: callTimeoutMs }),
    );
    const { provider, providerInterval } = options;
    if (provider !== undefined) {
      const everyMs = providerInterval === undefined ? providerMs : durationMs("providerInterval", providerInterval);
      this.#providing = this.#periodic("asking the provider for entries", Math.max(1, everyMs), () =>
        this.#provide(provider),
      );
    }
  }

  get state(): SchedulerState {
    return this.#state;
  }

  /**
   * Adds an entry that lives with this process. Every scheduler that should fire it registers it too. Before or after
   * `start`. Resolves with the entry's id; rejects with `invalid_option`, `invalid_payload`, `entry_exists` or
   * `closed`.
   */
  async register(spec: string, request: EnqueueRequest, options: RegisterOptions = {}): Promise<string> {
    refuseUnknownOptions("Scheduler.register", options, registerNames);
    const plan = await this.#plan(spec, request, options);
    if (this.#state === "closing" || this.#state === "closed") {
      throw new HikyakuError("closed", "the scheduler is closed: no entry was registered");
    }
    const runners = this.#of("registered");
    if (runners.has(plan.entryId)) {
      throw new HikyakuError(
        "entry_exists",
        `scheduler entry "${plan.entryId}" (${shown(spec)}, ${plan.blueprint.request.type}) is registered already; ` +
          "to fire the same task twice at the same moments, give one of them an id",
      );
    }
    this.#run(runners, plan);
    return plan.entryId;
  }

  /** Ends an entry that was registered here. Rejects with `entry_not_found` for any other. */
  async unregister(entryId: string): Promise<void> {
    if (!this.#drop(this.#of("registered"), entryId)) {
      throw new HikyakuError("entry_not_found", `no scheduler entry "${entryId}" is registered here`);
    }
  }

  /** The entries that this scheduler fires, and durable ones that are paused. */
  entries(): readonly ScheduleRecord[] {
    const running = [...this.#runners.values()].flatMap((runners) => [...runners.values()]);
    const paused = [...this.#durable.values()].filter(({ paused }) => paused);
    return [...running.map((runner) => runner.record()), ...paused.flatMap((entry) => this.#pausedRecord(entry))];
  }

  /**
   * Begins. Does not wait for the store: while it is away, the scheduler keeps trying. Each entry's `catchUp` says what
   * happens to turns that were missed meanwhile.
   * @throws HikyakuError `wrong_state` when it was started before.
   */
  start(): void {
    if (this.#state !== "new") {
      throw new HikyakuError(
        "wrong_state",
        `Scheduler.start: expected a new scheduler, got one that is ${this.#state}`,
      );
    }
    this.#state = "active";
    this.#stopTelling = tellOfStore(this.#options.broker, this.#logger).end;
    this.#stopListening = this.#options.broker.listen((signal) => {
      if (signal.kind === "schedules_changed" || signal.kind === "listening") this.#following.wake();
    });
    this.#following.wake();
    this.#providing?.wake();
    for (const [entryId, { plan }] of [...this.#of("registered")]) {
      // Made anew, because turns count from the start and not from the registration.
      this.#of("registered").delete(entryId);
      this.#run(this.#of("registered"), plan);
    }
    this.#announcing.wake();
    if (this.#statistics !== undefined) this.#reporting.wake(reportMs);
  }

  /** Calls `start()`. Resolves when the scheduler was closed: by SIGINT, SIGTERM or `close()`. */
  async run(): Promise<void> {
    this.start();
    const closed = new Promise<void>((resolve) => {
      this.#onClosed = resolve;
    });
    const stopListening = onStopSignals(
      () => void this.close(),
      () => undefined,
    );
    await closed;
    stopListening();
  }

  /** Ends all entries and withdraws them, within `closeTimeout`. Closing again gives the same promise. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const started = this.#state === "active";
    this.#state = "closing";
    const deadline = this.#clock.monotonic() + this.#closeMs;
    this.#stopListening();
    const roles = [this.#announcing, this.#following, this.#providing, this.#reporting].map((role) => role?.stop());
    for (const runners of this.#runners.values()) {
      for (const entryId of [...runners.keys()]) this.#drop(runners, entryId);
    }
    await this.#until(deadline, Promise.all([...roles, ...this.#ending]));
    if (started) {
      const timeoutMs = Math.max(1, deadline - this.#clock.monotonic());
      const withdrawn = this.#options.broker
        .withdrawEntries(this.schedulerId, { timeoutMs })
        .catch((error: unknown) => {
          this.#logger.warn("scheduler entries stay visible until they expire", { error: errorText(error) });
        });
      const reported = this.#statistics?.write({ timeoutMs }).catch((error: unknown) => {
        this.#logger.warn("closed without reporting its last statistics", { error: errorText(error) });
      });
      await this.#until(deadline, Promise.all([withdrawn, reported]));
    }
    this.#stopTelling();
    this.#state = "closed";
    this.#onClosed();
  }

  async #until(deadline: number, work: Promise<unknown>): Promise<void> {
    const ended = new AbortController();
    const late = sleep(this.#clock, Math.max(1, deadline - this.#clock.monotonic()), ended.signal);
    await Promise.race([work, late]);
    ended.abort();
  }

  #periodic(name: string, everyMs: number, once: (signal: AbortSignal) => Promise<void>): Periodic {
    const runOnce = async (signal: AbortSignal): Promise<undefined> => void (await once(signal));
    return new Periodic({
      role: { name, runOnce },
      everyMs,
      clock: this.#clock,
      random: this.#random,
      logger: this.#logger,
      isReachable: this.#isReachable,
    });
  }

  async #announce(signal: AbortSignal): Promise<void> {
    await this.#options.broker.announceEntries(this.schedulerId, this.entries(), announcementLifeMs, {
      signal,
      timeoutMs: callTimeoutMs,
    });
  }

  /** Brings the runners in line with the durable entries of the store. */
  async #follow(signal: AbortSignal): Promise<void> {
    const entries = await this.#options.broker.durableEntries({ signal, timeoutMs: callTimeoutMs });
    if (signal.aborted) return;
    this.#durable = new Map(entries.map((entry) => [entry.entryId, entry]));
    const plans = entries
      .filter(({ paused }) => !paused)
      .map((entry) => this.#orComplain(entry.entryId, String(entry.revision), () => planOf(entry)));
    this.#bringInLine(
      "durable",
      plans.filter((plan) => plan !== undefined),
    );
  }

  async #provide(provider: EntryProvider): Promise<void> {
    const given = await provider();
    if (this.#state !== "active") return;
    const plans = new Map<string, EntryPlan>();
    for (const entry of given) {
      refuseUnknownOptions("entry of the provider", entry, providedNames);
      const plan = await this.#provided(entry);
      if (plan === undefined) continue;
      if (plans.has(plan.entryId)) {
        this.#logger.warn("the provider gave the same entry twice; it fires once", { entryId: plan.entryId });
      }
      plans.set(plan.entryId, plan);
    }
    if (this.#state === "active") this.#bringInLine("provided", [...plans.values()]);
  }

  async #provided({ spec, request, ...options }: ProvidedEntry): Promise<EntryPlan | undefined> {
    const name = options.id ?? String(spec);
    try {
      const plan = await this.#plan(spec, request, options);
      this.#complained.delete(name);
      return plan;
    } catch (error) {
      this.#complain(name, shown(spec), error);
      return undefined;
    }
  }

  /** Replaces, ends and begins the runners that differ. Unchanged ones go on untouched. */
  #bringInLine(source: Source, plans: readonly EntryPlan[]): void {
    const runners = this.#of(source);
    const wanted = new Set(plans.map(({ entryId }) => entryId));
    for (const entryId of [...runners.keys()]) if (!wanted.has(entryId)) this.#drop(runners, entryId);
    for (const plan of plans) {
      const current = runners.get(plan.entryId);
      if (current !== undefined && samePlan(current.plan, plan)) continue;
      const sameTurns = current !== undefined && scheduleKey(current.plan) === scheduleKey(plan);
      this.#drop(runners, plan.entryId);
      this.#run(runners, plan, sameTurns ? current.liveFrom : undefined);
    }
    this.#announcing.wake(announceSoonMs);
  }

  async #plan(spec: string, request: EnqueueRequest, options: RegisterOptions): Promise<EntryPlan> {
    const { id, timeZone = this.#timeZone, catchUp = this.#catchUp } = options;
    const schedule = parseSchedule(spec, timeZone);
    const blueprint = await blueprintOf(request, this.#clock.now());
    return {
      entryId: id === undefined ? staticEntryId(spec, timeZone, blueprint) : checkedName("id", id),
      spec,
      timeZone,
      schedule,
      blueprint,
      catchUp: checkedCatchUp(catchUp),
      since: undefined,
    };
  }

  #run(runners: Map<string, EntryRunner>, plan: EntryPlan, liveFrom = this.#clock.now()): void {
    const { broker, beforeEnqueue, afterEnqueue } = this.#options;
    const runner = new EntryRunner({
      plan,
      broker,
      liveFrom,
      firedBy: this.schedulerId,
      clock: this.#clock,
      random: this.#random,
      logger: this.#logger,
      isReachable: this.#isReachable,
      statistics: this.#statistics?.tally,
      hooks: { before: beforeEnqueue, after: afterEnqueue },
    });
    runners.set(plan.entryId, runner);
    if (this.#state !== "active") return;
    runner.start();
    this.#announcing.wake(announceSoonMs);
  }

  #drop(runners: Map<string, EntryRunner>, entryId: string): boolean {
    const runner = runners.get(entryId);
    if (runner === undefined) return false;
    runners.delete(entryId);
    const ended = runner.stop();
    this.#ending.add(ended);
    void ended.then(() => this.#ending.delete(ended));
    if (this.#state === "active") this.#announcing.wake(announceSoonMs);
    return true;
  }

  #of(source: Source): Map<string, EntryRunner> {
    const runners = this.#runners.get(source);
    if (runners === undefined) throw new Error(`no runners of source ${source}`);
    return runners;
  }

  #pausedRecord(entry: DurableEntry): ScheduleRecord[] {
    const plan = this.#orComplain(entry.entryId, String(entry.revision), () => planOf(entry));
    if (plan === undefined) return [];
    const { request } = plan.blueprint;
    return [
      {
        entryId: plan.entryId,
        spec: plan.spec,
        taskType: request.type,
        payload: request.payload,
        options: optionTexts(plan.blueprint),
        nextAt: undefined,
        previousAt: undefined,
      },
    ];
  }

  #orComplain(entryId: string, state: string, make: () => EntryPlan): EntryPlan | undefined {
    try {
      return make();
    } catch (error) {
      this.#complain(entryId, state, error);
      return undefined;
    }
  }

  /** Reports an entry that can't be used once for each state that it is found in, not every few seconds. */
  #complain(entry: string, state: string, error: unknown): void {
    if (this.#complained.get(entry) === state) return;
    this.#complained.set(entry, state);
    this.#logger.error("a scheduler entry can't be used; the others go on", { entry, error: errorText(error) });
  }
}

function samePlan(one: EntryPlan, other: EntryPlan): boolean {
  return (
    scheduleKey(one) === scheduleKey(other) &&
    JSON.stringify(one.catchUp) === JSON.stringify(other.catchUp) &&
    blueprintJson(one.blueprint) === blueprintJson(other.blueprint)
  );
}
