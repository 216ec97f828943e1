import type { CallPacing } from "../../broker/call-pacing.ts";
import type {
  AttemptServer,
  ClaimedTask,
  ClaimRequest,
  ClaimResult,
  SettleResult,
  WorkFacet,
} from "../../broker/work-facet.ts";
import { cutText, longestShownError } from "../../cut-text.ts";
import { errorText } from "../../errors.ts";
import { instruments } from "../../instruments/index.ts";
import { Backoff, type Random } from "../../runtime/backoff.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import { FailureLog } from "../../runtime/failure-log.ts";
import type { Logger } from "../../runtime/logger.ts";
import { AttemptRunner } from "../handling/attempt-runner.ts";
import type { Company } from "../handling/company.ts";
import { DeadlineWatch } from "../handling/deadline-watch.ts";
import type { ReportFailure } from "../handling/failed-attempt.ts";
import type { Handlers } from "../handling/handler.ts";
import type { Middlewares } from "../handling/middleware.ts";
import { cancelled, decideOutcome, type OutcomePolicy, type Verdict } from "../handling/outcome.ts";
import { logOutcome } from "../handling/outcome-lines.ts";
import { UnhandledLog } from "../handling/unhandled-log.ts";
import { type AbortKind, abortReason, isTakenAway, storedText } from "../leases/abort-cause.ts";
import { HeldTask, momentOf } from "../leases/held-task.ts";
import type { HeldTasks } from "../leases/held-tasks.ts";
import type { LeasingCall, LostAnswers } from "../leases/lost-answers.ts";
import { Admission } from "./admission.ts";
import { CallLanes, largestBatch } from "./call-lanes.ts";
import type { QueueOrder } from "./queue-order.ts";
import { QueueWatch } from "./queue-watch.ts";

/** What became of the tasks of this server since it started. */
export interface ProcessorCounts {
  /** Written by the store, whatever the outcome. */
  settled: number;
  /** Attempts that failed. */
  failed: number;
  /** Settlements that the store refused, or that were dropped, because the lease was lost. */
  lost: number;
}

export interface ProcessorOptions {
  readonly broker: Pick<WorkFacet, "claim" | "settle" | "waitForWork" | "writeResult" | "beginAlone"> & CallPacing;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** For lines about single tasks. */
  readonly taskLog: Logger;
  /** Whether the store can be expected to answer. */
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
  /** All that runs tasks in this process. */
  readonly company: Company;
  /** All tasks whose lease is to be kept alive: the processor adds them, and removes what the store has answered for. */
  readonly held: HeldTasks;
  /** Whether somebody cancelled this task at that moment (monotonic time) or later: it was on its way here then. */
  readonly wasCancelled: (task: { readonly queue: string; readonly id: string }, since: number) => boolean;
  /** Gives claims their tokens, and hears of those whose answer was lost. */
  readonly lostAnswers: Pick<LostAnswers, "begin">;
  /** Takes over settlements whose call got no answer. */
  readonly onUnanswered: (tasks: readonly HeldTask[]) => void;
  /** How many settlements got no answer yet. */
  readonly unanswered: () => number;
  /** Called when the store refuses a claim because this server was evicted. */
  readonly onEvicted: () => void;
  /** Called when a task waits for its retry at the given moment. */
  readonly onRetry: (queue: string, at: number) => void;
  /** Called for each attempt that failed, with what was thrown. */
  readonly reportFailure: ReportFailure;
}

interface Claim {
  readonly request: ClaimRequest;
  readonly call: LeasingCall;
}

/**
 * Claims tasks, runs them and settles them.
 *
 * What may not run beside so many others waits for its turn, or is handed back: see `Admission`.
 *
 * A slot is taken from the claim until the handler has returned and its settlement is on its way. Whatever ends in one
 * turn of the event loop is settled in one call, which also claims for the slots that it frees. What ends meanwhile
 * waits for the next call, so batches grow by themselves under load, and nothing waits for a timer when there is little
 * to do. Under much load a second call goes beside the first.
 *
 * Answers of a store beside this process that arrive together are dealt with in turns, one and what comes of it after the
 * other. Otherwise two calls that once met at the store would stay together: it would work on both while this process waits
 * for both, and then wait itself.
 */
export class Processor {
  readonly #options: ProcessorOptions;
  readonly #runner: AttemptRunner;
  readonly #watch: QueueWatch;
  readonly #deadlines: DeadlineWatch;
  readonly #backoff: Backoff;
  readonly #failures: FailureLog;
  readonly #unhandled: UnhandledLog;
  readonly #lanes: CallLanes;
  readonly #admission: Admission;
  readonly #idle: (() => void)[] = [];
  readonly counts: ProcessorCounts = { settled: 0, failed: 0, lost: 0 };
  lastClaimAt: number | undefined;
  /** Ordered queues of which this server has a task, or asks for one: they have no other for it until that one is over. */
  readonly #inHand = new Set<string>();
  #ended: HeldTask[] = [];
  #slotsTaken = 0;
  #slotsClaimed = 0;
  #claiming = false;
  #stopListening: (() => void) | undefined;
  #pause: Timer | undefined;
  #turn: NodeJS.Immediate | undefined;
  readonly #afterTurn: (() => void)[] = [];

  constructor(options: ProcessorOptions) {
    const { broker, clock, random, logger, queues } = options;
    this.#options = options;
    this.#runner = new AttemptRunner(options, (task, verdict) => this.#returned(task, verdict));
    this.#watch = new QueueWatch({ broker, clock, random, queues, onWork: () => this.#nextTurn() });
    this.#deadlines = new DeadlineWatch(clock, options.held, (task) => this.#graceIsOver(task));
    this.#backoff = new Backoff(50, 500, random);
    const { isReachable } = options;
    this.#failures = new FailureLog({ logger, clock, isReachable, what: "claiming and settling tasks" });
    this.#unhandled = new UnhandledLog(logger, clock);
    this.#lanes = new CallLanes(options.concurrency, broker.pacing);
    this.#admission = new Admission(options, (task) => this.#begin(task, false));
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

  /** Claims nothing more. Tasks go on; one that a claim under way still brings is handed back unrun. */
  quiet(): void {
    this.#claiming = false;
    const waiting = this.#admission.giveUp();
    if (waiting !== undefined) this.#turnAway(waiting);
    this.#pause?.cancel();
    this.#pause = undefined;
    this.#watch.stop();
  }

  /** Somebody knows that the queue has work now. */
  wake(queue: string): void {
    this.#watch.wake(queue);
  }

  /** The store is there again: no need to wait for the end of a pause. */
  resume(): void {
    this.#backoff.reset();
    this.#pause?.cancel();
    this.#pause = undefined;
    this.#watch.resume();
    this.#nextTurn();
  }

  /** Asks a running handler to stop. */
  abort(task: HeldTask, kind: Exclude<AbortKind, "deadline">): void {
    task.abort(kind);
    if (isTakenAway(kind)) this.#admission.leave(task);
    if (task === this.#admission.waiting) {
      this.#admission.giveUp();
      this.#turnAway(task);
    } else {
      this.#deadlines.watch(task);
    }
  }

  /** Settles as unfinished, so that they run again at once, all tasks whose handlers have not returned; not cancelled ones. */
  handBackUnfinished(): void {
    for (const task of this.#options.held) {
      if (task.settlement !== undefined || task.lost) continue;
      const { id, type, queue } = task.claimed.message;
      this.#options.taskLog.warn("handed back: the handler did not stop in time", { taskId: id, type, queue });
      this.#decide(task, task.abortKind === "cancelled" ? cancelled(task.abortReason) : { kind: "unfinished" });
    }
  }

  /**
   * The syncer has an answer for a settlement that had none, or has given it up (`undefined`). While as many wait for theirs
   * as there are slots nothing is claimed, so there may be room again.
   */
  answeredLate(task: HeldTask, result: SettleResult | undefined): void {
    this.#answered(task, result);
    this.#nextTurn();
  }

  #answered(task: HeldTask, result: SettleResult | undefined): void {
    this.#options.held.delete(task);
    if (result === undefined) return;
    if (result === "lost") {
      this.#reportLost(task);
      return;
    }
    this.counts.settled++;
    const outcome = task.settlement?.outcome;
    if (outcome === undefined) return;
    const { message } = task.claimed;
    logOutcome(this.#options.taskLog, message, outcome, { error: task.failure });
    if (outcome.kind === "retry") this.#options.onRetry(message.queue, outcome.at);
  }

  /** Resolves when no handler runs and every settlement has been answered or given to the syncer. */
  whenIdle(): Promise<void> {
    return this.#isIdle() ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Resolves when every settlement so far has been answered or given to the syncer; handlers may still run. */
  async whenSettled(): Promise<void> {
    while (this.#ended.length > 0 || !this.#lanes.isIdle) {
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  /** Lets go of all timers. */
  close(): void {
    this.quiet();
    this.#stopListening?.();
    this.#deadlines.stop();
    clearImmediate(this.#turn);
    this.#turn = undefined;
    for (const resolve of this.#afterTurn.splice(0)) resolve();
  }

  #isIdle(): boolean {
    return this.#slotsTaken === 0 && this.#ended.length === 0 && this.#lanes.isIdle;
  }

  #nextTurn(): void {
    this.#turn ??= setImmediate(() => this.#pump());
  }

  #pump(): void {
    this.#turn = undefined;
    const waited = this.#admission.next();
    if (waited !== undefined) this.#begin(waited, false);
    while (this.#lanes.mayGo(this.#ended.length, this.#freeSlots())) {
      const batch = this.#takeEnded();
      const claim = this.#nextClaim();
      if (batch.length === 0 && claim === undefined) break;
      void this.#call(batch, claim);
    }
    for (const resolve of this.#afterTurn.splice(0)) resolve();
    if (this.#isIdle()) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Lets go first what an earlier answer of this turn of the event loop has brought about. */
  #turnEnds(): Promise<void> {
    return new Promise((resolve) => this.#afterTurn.push(resolve));
  }

  /** Neither taken nor asked for. */
  #freeSlots(): number {
    return this.#options.concurrency - this.#slotsTaken - this.#slotsClaimed;
  }

  #takeEnded(): readonly HeldTask[] {
    let batch = this.#ended;
    if (batch.length > largestBatch) batch = this.#ended.splice(0, largestBatch);
    else this.#ended = [];
    for (const task of batch) if (task.returned) this.#freeSlot(task);
    return batch;
  }

  #freeSlot(task: HeldTask): void {
    if (!task.holdsSlot) return;
    task.holdsSlot = false;
    this.#slotsTaken--;
    this.#inHand.delete(task.claimed.lease.queue);
  }

  #nextClaim(): Claim | undefined {
    if (!this.#claiming || this.#pause !== undefined) return undefined;
    const { concurrency, order, handlers, worker, leaseMs, unanswered, lostAnswers } = this.#options;
    const mayBegin = this.#admission.mostClaimed - this.#slotsClaimed;
    const free = Math.min(this.#freeSlots(), this.#lanes.largestClaim, mayBegin);
    // A store that lets us claim but not settle must not make us pile up tasks that we can't get rid of.
    if (free <= 0 || unanswered() >= concurrency) return undefined;
    const queues = order.quotas(free, (queue) => this.#watch.mayHaveWork(queue) && !this.#inHand.has(queue));
    if (queues.length === 0) return undefined;
    for (const { queue, ordered } of queues) if (ordered !== undefined) this.#inHand.add(queue);
    this.#slotsClaimed += free;
    const call = lostAnswers.begin(queues.map(({ queue }) => queue));
    const { serverId } = worker;
    const request = { queues, limit: free, handles: handlers.handledTypes(), serverId, leaseMs, token: call.token };
    return { request, call };
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
      // Again, since another answer may have waited as well, and come first.
      while (this.#turn !== undefined && this.#lanes.areApart) await this.#turnEnds();
      this.#settled(batch, results);
      this.#backoff.reset();
      this.#failures.worked();
      if (request !== undefined && claimed !== undefined) this.#claimed(request, claimed, sentAt);
    } catch (error) {
      claim?.call.failed(error);
      this.#failed(batch, error);
    }
    this.#lanes.ended();
    if (request !== undefined) {
      this.#slotsClaimed -= request.limit;
      this.#letGo(request, claimed?.tasks ?? []);
    }
    this.#nextTurn();
  }

  /** The ordered queues that gave nothing may be asked again. */
  #letGo({ queues }: ClaimRequest, tasks: readonly ClaimedTask[]): void {
    for (const { queue, ordered } of queues) {
      if (ordered !== undefined && !tasks.some(({ lease }) => lease.queue === queue)) this.#inHand.delete(queue);
    }
  }

  #settled(batch: readonly HeldTask[], results: readonly SettleResult[]): void {
    for (let index = 0; index < batch.length; index++) {
      const task = batch[index];
      if (task !== undefined) this.#answered(task, results[index] ?? "lost");
    }
  }

  #reportLost(task: HeldTask): void {
    this.counts.lost++;
    if (instruments.lost.isHeard) {
      const { worker } = this.#options;
      const kind = task.settlement?.outcome.kind;
      instruments.lost.tell({ server: worker, task: task.claimed.message, outcome: kind });
    }
    const { id, type, queue } = task.claimed.message;
    const outcome = task.settlement?.outcome.kind ?? "none";
    this.#options.taskLog.warn("lease lost: what the handler did was not written, the task may run again", {
      ...{ taskId: id, type, queue, outcome, error: task.failure },
    });
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

  #claimed(request: ClaimRequest, result: ClaimResult, sentAt: number): void {
    const { clock, taskLog } = this.#options;
    this.lastClaimAt = clock.now();
    this.#lanes.claimed(result.tasks.length >= request.limit);
    this.#unhandled.note(result.unhandled);
    for (const { queue, taskId, reason, detail } of result.setAside) {
      taskLog.error("a task in the queue can't be worked on", { queue, taskId, reason, detail });
    }
    if (result.evicted === true) this.#options.onEvicted();
    // Handlers first: what waits for the next tasks is sent when the event loop goes on, not before.
    this.#beginAll(result.tasks, sentAt);
    this.#noteQueues(request, result.tasks);
  }

  /** All leases of the claim are on record before the first handler runs: it may block the event loop for long. */
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
    // What is handed back goes before all others, so the first in line must be the last.
    if (refused.size > 0) for (const task of tasks.toReversed()) if (refused.has(task)) this.#turnAway(task);
  }

  /**
   * A queue that gave less than there was room for is empty: it is not asked again until it wakes. A store may share the
   * room out beforehand, so what counts is the room that was left if all queues before had used theirs.
   */
  #noteQueues(request: ClaimRequest, tasks: readonly ClaimedTask[]): void {
    let left = request.limit;
    for (const { queue, limit } of request.queues) {
      const room = Math.min(limit, left);
      left -= room;
      let count = 0;
      for (const task of tasks) if (task.lease.queue === queue) count++;
      this.#watch.claimed(queue, count, count < room);
    }
  }

  /** Begins what was admitted. */
  #begin(task: HeldTask, isTooLate: boolean): void {
    const { held, clock } = this.#options;
    // Anew for each: the handlers before it may have taken long.
    const moment = momentOf(clock);
    if (!this.#claiming || isTooLate || held.isInDoubt(task, moment)) {
      this.#admission.leave(task);
      this.#turnAway(task);
      return;
    }
    held.begin(task, moment);
    if (task.abortKind === "cancelled") {
      this.#returned(task, cancelled(task.abortReason));
      return;
    }
    if (this.#admission.isToBeNoted(task)) {
      void this.#beginAlone(task);
      return;
    }
    this.#deadlines.watch(task);
    this.#runner.run(task);
  }

  /** Only what the store knows to run alone is charged with its worker's death, so it does not run before. */
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
      this.#turnAway(task);
    }
  }

  /** Settles what did not begin: cancelled where somebody wants that, else handed back with nothing spent. */
  #turnAway(task: HeldTask): void {
    task.returned = true;
    if (task.abortKind === "cancelled") {
      this.#decide(task, cancelled(task.abortReason));
      return;
    }
    task.settlement = { task: task.claimed, outcome: { kind: "handed_back" } };
    this.#ended.push(task);
    this.#nextTurn();
  }

  #returned(task: HeldTask, verdict: Verdict): void {
    task.returned = true;
    this.#admission.leave(task);
    const { taskLog, held } = this.#options;
    if ("error" in verdict) task.failure = cutText(errorText(verdict.error), longestShownError);
    if (task.settlement !== undefined) {
      const { id, type, queue } = task.claimed.message;
      taskLog.info("a handler returned long after its attempt was over", {
        ...{ taskId: id, type, queue, error: task.failure },
      });
      this.#freeSlot(task);
      this.#nextTurn();
    } else if (task.lost || (task.abortKind === "evicted" && verdict.kind !== "success")) {
      // Nothing to write: whoever holds the task now decides about it. A success is still offered, the store knows best.
      held.delete(task);
      this.#reportLost(task);
      this.#freeSlot(task);
      this.#nextTurn();
    } else if (task.abortKind === "lease_lost" && verdict.kind !== "success") {
      this.#decide(task, this.#verdictWithoutLease(task));
    } else {
      this.#decide(task, verdict);
    }
    this.#noteFailure(task, verdict);
  }

  /**
   * Of a handler that gave up because its lease is over by the clock. Nobody was heard to have the task, so where that is so it is
   * handed back; but one that was held until its own time was over has used that up.
   */
  #verdictWithoutLease(task: HeldTask): Verdict {
    if (this.#options.clock.monotonic() < task.holdUntil) return { kind: "unfinished" };
    const { type, id } = task.claimed.message;
    return { kind: "failure", error: abortReason("deadline", type, id), stored: storedText.deadline };
  }

  /** Once for each attempt: its handler may end long after it was over. */
  #noteFailure(task: HeldTask, verdict: Verdict): void {
    if (!("error" in verdict) || task.isReported) return;
    task.isReported = true;
    this.counts.failed++;
    this.#options.reportFailure(verdict.error, task.claimed.message, task.settlement?.outcome.kind, task.parsed);
  }

  /** The handler was asked to stop and did not: its attempt ends without it, its slot stays taken until it returns. */
  #graceIsOver(task: HeldTask): void {
    const kind = task.abortKind;
    if (kind === undefined || isTakenAway(kind)) return;
    const { id, type, queue } = task.claimed.message;
    this.#options.taskLog.error("a handler goes on although its signal fired; it keeps its slot until it returns", {
      ...{ taskId: id, type, queue, because: kind },
    });
    const error = task.abortReason ?? abortReason(kind, type, id);
    if (kind === "shutdown") this.#decide(task, { kind: "unfinished" });
    else if (kind === "cancelled") this.#decide(task, cancelled(error));
    else this.#decide(task, { kind: "failure", error, stored: storedText[kind] });
  }

  #decide(task: HeldTask, verdict: Verdict): void {
    this.#admission.leave(task);
    const { clock, policy, random, worker } = this.#options;
    const endedAt = clock.now();
    task.settle(decideOutcome(task.claimed.message, verdict, policy, endedAt, random), worker, endedAt);
    this.#ended.push(task);
    this.#nextTurn();
    this.#noteFailure(task, verdict);
  }
}

function settlementOf(task: HeldTask) {
  // A task is in the batch because it has one.
  return task.settlement as NonNullable<HeldTask["settlement"]>;
}
