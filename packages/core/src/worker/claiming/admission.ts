import type { WorkFacet } from "../../broker/work-facet.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import { anyCompany, type Company, companyOf } from "../handling/company.ts";
import type { HeldTask } from "../leases/held-task.ts";

/** How long a suspect of two deaths waits for company that it bears. Each further death doubles it, up to an hour. */
const firstPatienceMs = 60_000;
const longestPatienceMs = 3_600_000;

export interface AdmissionOptions {
  readonly broker: Pick<WorkFacet, "beginAlone">;
  readonly clock: Clock;
  readonly company: Company;
  readonly concurrency: number;
  /** For lines about single tasks. */
  readonly taskLog: Logger;
}

/**
 * Says which claimed tasks may begin beside those that run. A suspect is a task that was there when workers died. It
 * begins only in a small company: beside at most as many tasks as its deaths allow. One suspect may wait until enough
 * other tasks have ended. Nothing is claimed meanwhile. When its patience ends, it begins anyway, and its end proves
 * nothing. A task that may neither begin nor wait is refused: the caller hands it back, since other servers may have
 * room.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #onImpatient: (task: HeldTask) => void;
  #waiting: { readonly task: HeldTask; readonly limit: number; readonly timer: Timer } | undefined;
  /** The smallest company that a task of the last claim bears. The next claim takes no more tasks than that. */
  #leastMet = anyCompany;

  /** `onImpatient` is called with the task that waited long enough. It has its place until `leave`. */
  constructor(options: AdmissionOptions, onImpatient: (task: HeldTask) => void) {
    this.#options = options;
    this.#onImpatient = onImpatient;
  }

  /** The task that waits until it may begin. */
  get waiting(): HeldTask | undefined {
    return this.#waiting?.task;
  }

  /** How many tasks may be claimed at most, counting those of claims under way. */
  get mostClaimed(): number {
    return Math.min(this.#leastMet, this.#options.company.room);
  }

  /** The order in which to admit the tasks of a claim: those that bear the least company first. */
  inOrder(tasks: readonly HeldTask[]): readonly HeldTask[] {
    this.#leastMet = anyCompany;
    for (const task of tasks) this.#leastMet = Math.min(this.#leastMet, this.#limitOf(task));
    if (this.#leastMet === anyCompany) return tasks;
    const rank = (task: HeldTask): number => Math.min(this.#limitOf(task), Number.MAX_SAFE_INTEGER);
    return tasks.toSorted((one, other) => rank(one) - rank(other));
  }

  /** `begin`: the task has its place until `leave`. */
  admit(task: HeldTask): "begin" | "wait" | "refused" {
    const { company, clock, taskLog } = this.#options;
    const limit = this.#limitOf(task);
    if (company.enter(limit)) {
      task.company = limit;
      return "begin";
    }
    if (limit === anyCompany || this.#waiting !== undefined) return "refused";
    company.wait(limit);
    task.waits = true;
    const patienceMs = Math.min(longestPatienceMs, firstPatienceMs * 2 ** (task.claimed.lostAttempts - 2));
    const timer = clock.setTimer(() => this.#patienceIsOver(), patienceMs);
    this.#waiting = { task, limit, timer };
    const { message, lostAttempts } = task.claimed;
    taskLog.warn("a task that was there when workers died waits until so few run beside it; nothing else begins", {
      taskId: message.id,
      type: message.type,
      queue: message.queue,
      lostAttempts,
      together: limit,
      atMostMs: patienceMs,
    });
    return "wait";
  }

  /** The waiting task, once it may begin. It then has its place until `leave`. */
  next(): HeldTask | undefined {
    const waiting = this.#waiting;
    if (waiting === undefined || !this.#options.company.enterAtLast(waiting.limit)) return undefined;
    waiting.task.company = waiting.limit;
    return this.#waitsNoMore();
  }

  /** Ends the wait of the waiting task and returns it, if there is one. */
  giveUp(): HeldTask | undefined {
    if (this.#waiting === undefined) return undefined;
    this.#options.company.giveUp(this.#waiting.limit);
    return this.#waitsNoMore();
  }

  /** Called when the task's attempt is over, in whatever way. A second call does nothing. */
  leave(task: HeldTask): void {
    if (task.company === undefined) return;
    this.#options.company.leave(task.company);
    task.company = undefined;
  }

  /** Whether the task runs alone and the store must know before it begins. */
  isToBeNoted(task: HeldTask): boolean {
    return task.company === 1 && !task.isNotedAlone;
  }

  /** Tells the store that the task begins alone. False when somebody else holds the task by now. */
  async noteAlone(task: HeldTask): Promise<boolean> {
    task.isNotedAlone = (await this.#options.broker.beginAlone(task.claimed.lease)) === "held";
    return task.isNotedAlone;
  }

  #patienceIsOver(): void {
    const task = this.giveUp();
    if (task === undefined) return;
    this.#options.company.enterAnyway();
    task.company = anyCompany;
    this.#onImpatient(task);
  }

  #waitsNoMore(): HeldTask | undefined {
    const waiting = this.#waiting;
    if (waiting === undefined) return undefined;
    waiting.timer.cancel();
    waiting.task.waits = false;
    this.#waiting = undefined;
    return waiting.task;
  }

  #limitOf({ claimed }: HeldTask): number {
    return companyOf(claimed.lostAttempts, this.#options.concurrency);
  }
}
