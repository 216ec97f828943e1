import type { AttemptServer, SettleResult } from "../../broker/work-facet.ts";
import { cutText, longestShownError } from "../../cut-text.ts";
import { errorText } from "../../errors.ts";
import { instruments } from "../../instruments/index.ts";
import type { Random } from "../../runtime/backoff.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { StatisticsTally } from "../../statistics/statistics-tally.ts";
import type { ReportFailure } from "../handling/failed-attempt.ts";
import { cancelled, decideOutcome, type OutcomePolicy, type Verdict } from "../handling/outcome.ts";
import { logOutcome } from "../handling/outcome-lines.ts";
import type { TaskEvents } from "../handling/task-events.ts";
import { abortReason, isTakenAway, storedText } from "../leases/abort-cause.ts";
import type { HeldTask } from "../leases/held-task.ts";
import type { HeldTasks } from "../leases/held-tasks.ts";
import { largestBatch } from "./call-lanes.ts";

/** How the tasks of this server have ended since it started. */
export interface ProcessorCounts {
  /** Written by the store, with any outcome. */
  settled: number;
  /** Attempts that failed. */
  failed: number;
  /** Settlements that the store refused, or that were dropped, because the lease was lost. */
  lost: number;
}

export interface EndingsOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** For lines about single tasks. */
  readonly taskLog: Logger;
  readonly policy: OutcomePolicy;
  readonly worker: AttemptServer;
  readonly held: HeldTasks;
  readonly events: Pick<TaskEvents, "settled">;
  /** Called when a task waits for its retry at the given moment. */
  readonly onRetry: (queue: string, at: number) => void;
  /** Undefined: nobody counts. */
  readonly statistics: StatisticsTally | undefined;
  /** Called for each attempt that failed, with what was thrown. */
  readonly reportFailure: ReportFailure;
  /** The task's attempt is over: it does not count among the running tasks any more. */
  readonly leave: (task: HeldTask) => void;
  /** The task's handler has returned, and nothing is left to write: its slot is free. */
  readonly freeSlot: (task: HeldTask) => void;
  /** There is something to settle, or a slot is free. */
  readonly onEnded: () => void;
}

/** Decides what becomes of each task whose attempt ends, and keeps it until it is settled. */
export class Endings {
  readonly #options: EndingsOptions;
  readonly counts: ProcessorCounts = { settled: 0, failed: 0, lost: 0 };
  #ended: HeldTask[] = [];

  constructor(options: EndingsOptions) {
    this.#options = options;
  }

  /** How many tasks wait to be settled. */
  get size(): number {
    return this.#ended.length;
  }

  /** The tasks to settle with the next call. */
  take(): readonly HeldTask[] {
    let batch = this.#ended;
    if (batch.length > largestBatch) batch = this.#ended.splice(0, largestBatch);
    else this.#ended = [];
    return batch;
  }

  /** A handler has returned, or thrown. */
  returned(task: HeldTask, verdict: Verdict): void {
    const { taskLog, held, leave, freeSlot, onEnded } = this.#options;
    task.returned = true;
    leave(task);
    if ("error" in verdict) task.failure = cutText(errorText(verdict.error), longestShownError);
    if (task.settlement !== undefined) {
      const { id, type, queue } = task.claimed.message;
      const fields = { taskId: id, type, queue, error: task.failure };
      taskLog.info("a handler returned long after its attempt was over", fields);
      freeSlot(task);
      onEnded();
    } else if (task.lost || (task.abortKind === "evicted" && verdict.kind !== "success")) {
      // Nothing to write: the task's new holder decides about it. A success is still offered, because the store may
      // accept it.
      held.delete(task);
      this.#reportLost(task);
      freeSlot(task);
      onEnded();
    } else if (task.abortKind === "lease_lost" && verdict.kind !== "success") {
      this.#decide(task, this.#verdictWithoutLease(task));
    } else {
      this.#decide(task, verdict);
    }
    this.#noteFailure(task, verdict);
  }

  /**
   * Settles a task that did not begin: cancelled if somebody cancelled it, otherwise handed back with no retry spent.
   */
  turnAway(task: HeldTask): void {
    task.returned = true;
    if (task.abortKind === "cancelled") {
      this.#decide(task, cancelled(task.abortReason));
      return;
    }
    task.settlement = { task: task.claimed, outcome: { kind: "handed_back" } };
    this.#ended.push(task);
    this.#options.onEnded();
  }

  /** The handler was asked to stop and did not. Its attempt ends without it; its slot stays taken until it returns. */
  graceIsOver(task: HeldTask): void {
    const kind = task.abortKind;
    if (kind === undefined || isTakenAway(kind)) return;
    const { id, type, queue } = task.claimed.message;
    const fields = { taskId: id, type, queue, because: kind };
    this.#options.taskLog.error(
      "a handler goes on although its signal fired; it keeps its slot until it returns",
      fields,
    );
    const error = task.abortReason ?? abortReason(kind, type, id);
    if (kind === "shutdown") this.#decide(task, { kind: "unfinished" });
    else if (kind === "cancelled") this.#decide(task, cancelled(error));
    else this.#decide(task, { kind: "failure", error, stored: storedText[kind] });
  }

  /**
   * Settles all tasks whose handlers have not returned as unfinished, so that they run again at once. Leaves out
   * cancelled ones.
   */
  handBackUnfinished(): void {
    for (const task of this.#options.held) {
      if (task.settlement !== undefined || task.lost) continue;
      const { id, type, queue } = task.claimed.message;
      this.#options.taskLog.warn("handed back: the handler did not stop in time", { taskId: id, type, queue });
      this.#decide(task, task.abortKind === "cancelled" ? cancelled(task.abortReason) : { kind: "unfinished" });
    }
  }

  /** The store has answered for a settlement. Undefined: it was given up. */
  answered(task: HeldTask, result: SettleResult | undefined): void {
    this.#options.held.delete(task);
    if (result === undefined) return;
    if (result === "lost") {
      this.#reportLost(task);
      return;
    }
    this.counts.settled++;
    const { settlement } = task;
    if (settlement === undefined) return;
    this.#options.statistics?.settled(settlement);
    this.#options.events.settled(settlement);
    const { outcome } = settlement;
    const { message } = task.claimed;
    logOutcome(this.#options.taskLog, message, outcome, { error: task.failure });
    if (outcome.kind === "retry") this.#options.onRetry(message.queue, outcome.at);
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
    const fields = { taskId: id, type, queue, outcome, error: task.failure };
    this.#options.taskLog.warn("lease lost: what the handler did was not written, the task may run again", fields);
  }

  /**
   * The verdict on a handler that gave up because its lease is over by the clock. Nobody else is known to have the
   * task, so it is handed back. A task that was held until its own time was over has used its time up.
   */
  #verdictWithoutLease(task: HeldTask): Verdict {
    if (this.#options.clock.monotonic() < task.holdUntil) return { kind: "unfinished" };
    const { type, id } = task.claimed.message;
    return { kind: "failure", error: abortReason("deadline", type, id), stored: storedText.deadline };
  }

  #decide(task: HeldTask, verdict: Verdict): void {
    const { clock, policy, random, worker, leave, onEnded } = this.#options;
    leave(task);
    const endedAt = clock.now();
    // An error with a stored text is our own; its stack would show our own code.
    const thrown = verdict.kind === "failure" && verdict.stored === undefined ? verdict : undefined;
    task.settle(decideOutcome(task.claimed.message, verdict, policy, endedAt, random), worker, endedAt, thrown);
    this.#ended.push(task);
    onEnded();
    this.#noteFailure(task, verdict);
  }

  /** Reports once for each attempt: its handler may end long after the attempt was over. */
  #noteFailure(task: HeldTask, verdict: Verdict): void {
    if (!("error" in verdict) || task.isReported) return;
    task.isReported = true;
    this.counts.failed++;
    this.#options.reportFailure(verdict.error, task.claimed.message, task.settlement?.outcome.kind, task.parsed);
  }
}
