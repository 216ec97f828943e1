import type { CallPacing } from "../../broker/call-pacing.ts";
import type {
  AttemptServer,
  ClaimedTask,
  ClaimResult,
  ClosedQueue,
  SettleResult,
  WorkFacet,
} from "../../broker/work-facet.ts";
import { Backoff, type Random } from "../../runtime/backoff.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import { FailureLog } from "../../runtime/failure-log.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { StatisticsTally } from "../../statistics/statistics-tally.ts";
import { AttemptRunner } from "../handling/attempt-runner.ts";
import type { Company } from "../handling/company.ts";
import { DeadlineWatch } from "../handling/deadline-watch.ts";
import type { ReportFailure } from "../handling/failed-attempt.ts";
import type { Handlers } from "../handling/handler.ts";
import type { Middlewares } from "../handling/middleware.ts";
import { cancelled, type OutcomePolicy } from "../handling/outcome.ts";
import type { Reports } from "../handling/task-context.ts";
import type { TaskEvents } from "../handling/task-events.ts";
import { type AbortKind, isTakenAway } from "../leases/abort-cause.ts";
import { HeldTask, momentOf } from "../leases/held-task.ts";
import type { HeldTasks } from "../leases/held-tasks.ts";
import type { LostAnswers } from "../leases/lost-answers.ts";
import { Admission } from "./admission.ts";
import { CallLanes } from "./call-lanes.ts";
import { type Claim, Claims } from "./claims.ts";
import { Endings, type ProcessorCounts } from "./endings.ts";
import type { QueueOrder } from "./queue-order.ts";

export interface ProcessorOptions {
  readonly broker: Pick<WorkFacet, "claim" | "settle" | "waitForWork" | "writeResult" | "beginAlone"> & CallPacing;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** For lines about single tasks. */
  readonly taskLog: Logger;
  /** Takes what handlers say of their tasks. */
  readonly reports: Reports;
  /** Whether the store will probably answer. */
  readonly isReachable: () => boolean;
  readonly handlers: Handlers;
  readonly middlewares: Middlewares;
  readonly baseContext: object;
  readonly maxResultBytes: number;
  readonly order: QueueOrder;
  readonly queues: readonly string[];
  readonly policy: OutcomePolicy;
  readonly concurrency: number;
  readonly leaseMs: number;
  readonly graceMs: number;
  readonly worker: AttemptServer;
  /** Undefined: nobody counts. */
  readonly statistics: StatisticsTally | undefined;
  readonly events: TaskEvents;
  /** All that runs tasks in this process. */
  readonly company: Company;
  /**
   * All tasks whose lease must be extended. The processor adds them, and removes them once the store has answered for
   * them.
   */
  readonly held: HeldTasks;
  /** Whether somebody cancelled this task since that moment (monotonic time), when it was on its way to this server. */
  readonly wasCancelled: (task: { readonly queue: string; readonly id: string }, since: number) => boolean;
  /** Gives claims their tokens. It hears of claims whose answer was lost. */
  readonly lostAnswers: Pick<LostAnswers, "begin">;
  /** Takes over settlements whose call got no answer. */
  readonly onUnanswered: (tasks: readonly HeldTask[]) => void;
  /** How many settlements got no answer yet. */
  readonly unanswered: () => number;
  /** Called when the store refuses a claim because this server was evicted. */
  readonly onEvicted: () => void;
  /** Called when the store refuses a claim because of the policy of a queue: another one than expected, or an unknown one. */
  readonly onPolicyRefusal: (queue: ClosedQueue) => void;
  /** Called when a task waits for its retry at the given moment. */
  readonly onRetry: (queue: string, at: number) => void;
  /** Called for each attempt that failed, with what was thrown. */
  readonly reportFailure: ReportFailure;
}

/**
 * Claims tasks, runs them and settles them.
 *
 * A task that must not run beside so many others waits for its turn, or is handed back: see `Admission`.
 *
 * A slot is taken from the claim until the handler has returned and its settlement is on its way. All tasks that end in
 * one turn of the event loop are settled in one call, which also claims for the slots that they free. Tasks that end
 * meanwhile wait for the next call. So batches grow by themselves under load, and nothing waits for a timer when there
 * is little to do. Under much load a second call goes beside the first.
 *
 * When answers of a store beside this process arrive together, each turn of the event loop deals with one. Otherwise
 * two calls that once met at the store would stay together: it would work on both while this process waits, and then
 * wait itself.
 */
export class Processor {
  readonly #options: ProcessorOptions;
  readonly #runner: AttemptRunner;
  readonly #claims: Claims;
  readonly #endings: Endings;
  readonly #deadlines: DeadlineWatch;
  readonly #backoff: Backoff;
  readonly #failures: FailureLog;
  readonly #lanes: CallLanes;
  readonly #admission: Admission;
  readonly #idle: (() => void)[] = [];
  lastClaimAt: number | undefined;
  #slotsTaken = 0;
  #claiming = false;
  #stopListening: (() => void) | undefined;
  #pause: Timer | undefined;
  #turn: NodeJS.Immediate | undefined;
  readonly #afterTurn: (() => void)[] = [];

  constructor(options: ProcessorOptions) {
    const { broker, clock, random, logger, isReachable } = options;
    const onWork = (): void => this.#nextTurn();
    this.#options = options;
    this.#claims = new Claims({ ...options, onWork });
    this.#endings = new Endings({
      ...options,
      leave: (task) => this.#admission.leave(task),
      freeSlot: (task) => this.#freeSlot(task),
      onEnded: onWork,
    });
    this.#runner = new AttemptRunner(options, (task, verdict) => this.#endings.returned(task, verdict));
    this.#deadlines = new DeadlineWatch(clock, options.held, (task) => this.#endings.graceIsOver(task));
    this.#backoff = new Backoff(50, 500, random);
    this.#failures = new FailureLog({ logger, clock, isReachable, what: "claiming and settling tasks" });
    this.#lanes = new CallLanes(options.concurrency, broker.pacing);
    this.#admission = new Admission(options, (task) => this.#begin(task, false));
  }

  get counts(): Readonly<ProcessorCounts> {
    return this.#endings.counts;
  }

  /** How many slots are taken by tasks. */
  get running(): number {
    return this.#slotsTaken;
  }

  start(): void {
    this.#claiming = true;
    this.#stopListening = this.#options.company.onRoom(() => this.#nextTurn());
    this.#nextTurn();
  }

  /** Claims nothing more. Tasks go on. Tasks that a claim under way still brings are handed back unrun. */
  quiet(): void {
    this.#claiming = false;
    const waiting = this.#admission.giveUp();
    if (waiting !== undefined) this.#endings.turnAway(waiting);
    this.#pause?.cancel();
    this.#pause = undefined;
    this.#claims.stop();
  }

  /** Marks a queue that surely has work now. */
  wake(queue: string): void {
    this.#claims.wake(queue);
  }

  /** The store is back: the pause ends now. */
  resume(): void {
    this.#backoff.reset();
    this.#pause?.cancel();
    this.#pause = undefined;
    this.#claims.resume();
    this.#nextTurn();
  }

  /** Asks a running handler to stop. */
  abort(task: HeldTask, kind: Exclude<AbortKind, "deadline">): void {
    task.abort(kind);
    if (isTakenAway(kind)) this.#admission.leave(task);
    if (task === this.#admission.waiting) {
      this.#admission.giveUp();
      this.#endings.turnAway(task);
    } else {
      this.#deadlines.watch(task);
    }
  }

  /**
   * Settles all tasks whose handlers have not returned as unfinished, so that they run again at once. Leaves out
   * cancelled ones.
   */
  handBackUnfinished(): void {
    this.#endings.handBackUnfinished();
  }

  /**
   * The syncer has an answer for a settlement that had none, or has given it up (`undefined`). Nothing is claimed while
   * as many settlements wait for an answer as there are slots. So there may be room again.
   */
  answeredLate(task: HeldTask, result: SettleResult | undefined): void {
    this.#endings.answered(task, result);
    this.#nextTurn();
  }

  /** Resolves when no handler runs and every settlement has been answered or given to the syncer. */
  whenIdle(): Promise<void> {
    return this.#isIdle() ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Resolves when every settlement so far has been answered or given to the syncer. Handlers may still run. */
  async whenSettled(): Promise<void> {
    while (this.#endings.size > 0 || !this.#lanes.isIdle) {
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  /** Cancels all timers. */
  close(): void {
    this.quiet();
    this.#stopListening?.();
    this.#deadlines.stop();
    clearImmediate(this.#turn);
    this.#turn = undefined;
    for (const resolve of this.#afterTurn.splice(0)) resolve();
  }

  #isIdle(): boolean {
    return this.#slotsTaken === 0 && this.#endings.size === 0 && this.#lanes.isIdle;
  }

  #nextTurn(): void {
    this.#turn ??= setImmediate(() => this.#pump());
  }

  #pump(): void {
    this.#turn = undefined;
    const waited = this.#admission.next();
    if (waited !== undefined) this.#begin(waited, false);
    while (this.#lanes.mayGo(this.#endings.size, this.#freeSlots())) {
      const batch = this.#endings.take();
      for (const task of batch) if (task.returned) this.#freeSlot(task);
      const claim = this.#nextClaim();
      if (batch.length === 0 && claim === undefined) break;
      void this.#call(batch, claim);
    }
    for (const resolve of this.#afterTurn.splice(0)) resolve();
    if (this.#isIdle()) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Lets everything go first that an earlier answer of this turn of the event loop has caused. */
  #turnEnds(): Promise<void> {
    return new Promise((resolve) => this.#afterTurn.push(resolve));
  }

  /** Slots that no task has and no claim asks for. */
  #freeSlots(): number {
    return this.#options.concurrency - this.#slotsTaken - this.#claims.slotsAsked;
  }

  #freeSlot(task: HeldTask): void {
    if (!task.holdsSlot) return;
    task.holdsSlot = false;
    this.#slotsTaken--;
    this.#claims.letGo(task.claimed.lease.queue);
  }

  #nextClaim(): Claim | undefined {
    if (!this.#claiming || this.#pause !== undefined) return undefined;
    const { concurrency, unanswered } = this.#options;
    const mayBegin = this.#admission.mostClaimed - this.#claims.slotsAsked;
    const free = Math.min(this.#freeSlots(), this.#lanes.largestClaim, mayBegin);
    // If the store allows claims but no settlements, tasks that we can't settle must not pile up here.
    if (free <= 0 || unanswered() >= concurrency) return undefined;
    return this.#claims.next(free);
  }

  async #call(batch: readonly HeldTask[], claim: Claim | undefined): Promise<void> {
    const { broker, clock } = this.#options;
    const request = claim?.request;
    const sentAt = clock.monotonic();
    let claimed: ClaimResult | undefined;
    this.#lanes.began();
    try {
      let results: readonly SettleResult[] = [];
      if (batch.length > 0) ({ results, claimed } = await broker.settle(batch.map(settlementOf), request));
      else if (request !== undefined) claimed = await broker.claim(request);
      // A loop, because another answer may have waited too and come first.
      while (this.#turn !== undefined && this.#lanes.areApart) await this.#turnEnds();
      this.#settled(batch, results);
      this.#backoff.reset();
      this.#failures.worked();
      if (claim !== undefined && claimed !== undefined) this.#claimed(claim, claimed, sentAt);
    } catch (error) {
      claim?.call.failed(error);
      this.#failed(batch, error);
    }
    this.#lanes.ended();
    if (request !== undefined) this.#claims.ended(request, claimed?.tasks ?? []);
    this.#nextTurn();
  }

  #settled(batch: readonly HeldTask[], results: readonly SettleResult[]): void {
    for (let index = 0; index < batch.length; index++) {
      const task = batch[index];
      if (task !== undefined) this.#endings.answered(task, results[index] ?? "lost");
    }
  }

  #failed(batch: readonly HeldTask[], error: unknown): void {
    const { clock, onUnanswered } = this.#options;
    this.#failures.failed(error);
    if (batch.length > 0) onUnanswered(batch);
    if (!this.#claiming || this.#pause !== undefined) return;
    this.#pause = clock.setTimer(() => {
      this.#pause = undefined;
      this.#nextTurn();
    }, this.#backoff.next());
  }

  #claimed({ request }: Claim, result: ClaimResult, sentAt: number): void {
    this.lastClaimAt = this.#options.clock.now();
    this.#lanes.claimed(result.tasks.length >= request.limit);
    this.#claims.tell(result);
    // Handlers first: the next call is sent when the event loop goes on, not before.
    this.#beginAll(result.tasks, sentAt);
    this.#claims.note(request, result);
  }

  /** Records all leases of the claim before the first handler runs: the handler may block the event loop for long. */
  #beginAll(claimed: readonly ClaimedTask[], sentAt: number): void {
    const { clock, leaseMs, graceMs, held, wasCancelled } = this.#options;
    const moment = momentOf(clock);
    const isTooLate = moment.monotonic - sentAt >= leaseMs;
    const tasks = claimed.map((task) => new HeldTask(task, clock, moment, sentAt, leaseMs, graceMs));
    for (const task of tasks) held.add(task);
    this.#slotsTaken += tasks.length;
    const refused = new Set<HeldTask>();
    for (const task of this.#admission.inOrder(tasks)) {
      if (wasCancelled(task.claimed.message, sentAt)) task.abort("cancelled");
      const answer = this.#claiming ? this.#admission.admit(task) : "refused";
      if (answer === "begin") this.#begin(task, isTooLate);
      else if (answer === "refused") refused.add(task);
    }
    // A task that is handed back goes in front of all others, so the first in line must come last.
    if (refused.size > 0) for (const task of tasks.toReversed()) if (refused.has(task)) this.#endings.turnAway(task);
  }

  /** Begins an admitted task. */
  #begin(task: HeldTask, isTooLate: boolean): void {
    const { held, clock } = this.#options;
    // Read again for each task: the handlers before it may have taken long.
    const moment = momentOf(clock);
    if (!this.#claiming || isTooLate || held.isInDoubt(task, moment)) {
      this.#admission.leave(task);
      this.#endings.turnAway(task);
      return;
    }
    held.begin(task, moment);
    if (task.abortKind === "cancelled") {
      this.#endings.returned(task, cancelled(task.abortReason));
      return;
    }
    if (this.#admission.isToBeNoted(task)) {
      void this.#beginAlone(task);
      return;
    }
    this.#deadlines.watch(task);
    this.#runner.run(task);
  }

  /**
   * A task is charged with its worker's death only when the store knows that it runs alone. So the store must know
   * before it runs.
   */
  async #beginAlone(task: HeldTask): Promise<void> {
    let isNoted = false;
    try {
      isNoted = await this.#admission.noteAlone(task);
    } catch (error) {
      this.#failed([], error);
    }
    if (isNoted) {
      this.#begin(task, false);
    } else {
      this.#admission.leave(task);
      this.#endings.turnAway(task);
    }
  }
}

function settlementOf(task: HeldTask) {
  // Every task in the batch has a settlement.
  return task.settlement as NonNullable<HeldTask["settlement"]>;
}
