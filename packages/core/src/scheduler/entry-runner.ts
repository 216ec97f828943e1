import type { ScheduleFacet, ScheduleRecord } from "../broker/schedule-facet.ts";
import { answered, type EnqueuedTask } from "../enqueue/enqueued-task.ts";
import { errorText, HikyakuError, isHikyakuError } from "../errors.ts";
import type { Random } from "../runtime/backoff.ts";
import type { Clock } from "../runtime/clock.ts";
import { callGuarded } from "../runtime/guarded-call.ts";
import type { Logger } from "../runtime/logger.ts";
import { Periodic, type Role } from "../runtime/periodic.ts";
import type { StatisticsTally } from "../statistics/statistics-tally.ts";
import { type EntryPlan, scheduleKey } from "./entry-plan.ts";
import { anchorNotAfter, lastTurns, nextTurn } from "./schedule-spec.ts";
import { optionTexts, turnItem } from "./task-blueprint.ts";

/** One turn of an entry, as hooks see it. */
export interface TurnInfo {
  readonly entryId: string;
  readonly spec: string;
  readonly turnAt: Date;
  readonly taskType: string;
  readonly queue: string;
}

interface TurnHooks {
  readonly before: ((turn: TurnInfo) => unknown) | undefined;
  readonly after: ((turn: TurnInfo, result: EnqueuedTask | HikyakuError) => unknown) | undefined;
}

export interface EntryRunnerOptions {
  readonly plan: EntryPlan;
  readonly broker: ScheduleFacet;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Whether the store will probably answer. */
  readonly isReachable: () => boolean;
  readonly hooks: TurnHooks;
  /** Undefined: nobody counts. */
  readonly statistics: StatisticsTally | undefined;
  /** Different for each scheduler. */
  readonly firedBy: string;
  /** Turns after this moment become due while a scheduler watches. Earlier ones were missed. */
  readonly liveFrom: number;
}

const callTimeoutMs = 3_000;
/** The longest sleep is short, because wall time may be set anew while a timer runs. */
const longestSleepMs = 30_000;
/** How far schedulers' clocks may differ before it is reported. */
const usualOffsetMs = 60_000;

/**
 * Fires the turns of one entry. Each scheduler tries each turn, and the store lets one of them through: none has to
 * notice that another has died. A turn that fails is tried again after a growing pause; other entries don't wait for
 * it.
 *
 * A clock may be set back. A remembered moment that lies ahead of now came from a clock that was ahead, so it holds up
 * no turn: turns go on from now. Turns that were fired too early are not fired again.
 */
export class EntryRunner implements Role {
  readonly name: string;
  readonly plan: EntryPlan;
  readonly #options: EntryRunnerOptions;
  readonly #periodic: Periodic;
  /** Where `@every` counts from. Undefined until the store was asked. */
  #anchor: number | undefined;
  #liveFrom: number;
  /** Monotonic time of the last look at what is due. At first, the time when the runner was made. */
  #lookedAt: number;
  /** Turns up to this moment need nothing more. */
  #doneUpTo = 0;
  #previousAt: number | undefined;

  constructor(options: EntryRunnerOptions) {
    const { plan, clock, random, logger, isReachable } = options;
    this.name = `scheduler entry ${plan.entryId}`;
    this.plan = plan;
    this.#liveFrom = options.liveFrom;
    this.#lookedAt = clock.monotonic();
    this.#options = options;
    this.#periodic = new Periodic({ role: this, everyMs: 1_000, clock, random, logger, isReachable });
  }

  /** Turns after this moment become due while a scheduler watches. */
  get liveFrom(): number {
    return this.#liveFrom;
  }

  start(): void {
    this.#periodic.wake();
  }

  /** Resolves when no call of this entry is on its way any more. */
  stop(): Promise<void> {
    return this.#periodic.stop();
  }

  record(): ScheduleRecord {
    const { entryId, spec, schedule, blueprint, since } = this.plan;
    const now = this.#options.clock.now();
    const { request } = blueprint;
    return {
      entryId,
      spec,
      taskType: request.type,
      payload: request.payload,
      options: optionTexts(blueprint),
      nextAt: nextTurn(schedule, now, anchorNotAfter(schedule, this.#anchor ?? since ?? this.#liveFrom, now)),
      previousAt: this.#previousAt,
    };
  }

  async runOnce(signal: AbortSignal): Promise<number> {
    const { clock } = this.#options;
    const anchor =
      this.#anchor === undefined || this.#doneUpTo > clock.now() ? await this.#begin(signal) : this.#anchor;
    const now = clock.now();
    this.#lookedAt = clock.monotonic();
    for (const turn of this.#due(anchor, now)) {
      await this.#fire(turn, signal);
      this.#doneUpTo = Math.max(this.#doneUpTo, turn);
    }
    // Counts from the time of the look: another turn may have come while this one was fired.
    const next = nextTurn(this.plan.schedule, now, anchor);
    return next === undefined ? longestSleepMs : Math.min(longestSleepMs, Math.max(0, next - clock.now()));
  }

  /** Asks the store which turns are done: at first, and when the clock was set back. */
  async #begin(signal: AbortSignal): Promise<number> {
    const { broker, clock } = this.#options;
    const { entryId, blueprint, schedule, since } = this.plan;
    const call = { signal, timeoutMs: callTimeoutMs };
    const entry = { entryId, queue: blueprint.request.queue, schedule: scheduleKey(this.plan) };
    const now = clock.now();
    // The last look, on the clock as it is now. Turns that became due since then did so while we watched.
    const lookedAt = now - (clock.monotonic() - this.#lookedAt);
    let memory = await broker.beginTurns({ ...entry, since: since ?? this.#liveFrom }, call);
    this.#sayDoubted(now, Math.max(this.#doneUpTo, memory.since));
    if (memory.since - now > usualOffsetMs) {
      const earlier = anchorNotAfter(schedule, memory.since, lookedAt);
      memory = await broker.beginTurns({ ...entry, since: earlier, insteadOf: memory.since }, call);
    }
    const anchor = anchorNotAfter(schedule, memory.since, now);
    if (this.#liveFrom > now) this.#liveFrom = lookedAt;
    this.#previousAt = memory.lastTurnAt;
    this.#doneUpTo = Math.max(memory.since > now ? lookedAt : memory.since, memory.lastTurnAt ?? 0);
    this.#anchor = anchor;
    return anchor;
  }

  #sayDoubted(now: number, doubted: number): void {
    if (doubted - now <= usualOffsetMs) return;
    this.#options.logger.warn("a clock was ahead when a scheduler entry was worked on; its turns go on from now", {
      entryId: this.plan.entryId,
      aheadUntil: new Date(doubted).toISOString(),
    });
  }

  /**
   * The turns to fire now, oldest first: those that became due while we watched, and those that the catch-up policy
   * makes up for.
   */
  #due(anchor: number, now: number): number[] {
    const { schedule, catchUp } = this.plan;
    const most = typeof catchUp === "object" ? catchUp.all : 1;
    const turns = lastTurns(schedule, this.#doneUpTo, now, anchor, most);
    const [first] = turns;
    const newest = turns.at(-1);
    if (first === undefined || newest === undefined) return [];
    const chosen = catchUp === "skip" && newest <= this.#liveFrom ? [] : turns;
    const missed = nextTurn(schedule, this.#doneUpTo, anchor) ?? first;
    if (chosen.length === 0) {
      this.#sayLeftOut(missed, newest);
      this.#doneUpTo = newest;
    } else if (missed < first) {
      this.#sayLeftOut(missed, lastTurns(schedule, this.#doneUpTo, first - 1, anchor, 1)[0] ?? missed);
      // Reported once, even when firing has to be tried again.
      this.#doneUpTo = first - 1;
    }
    return chosen;
  }

  #sayLeftOut(from: number, to: number): void {
    const { entryId, catchUp } = this.plan;
    this.#options.logger.warn("turns of a scheduler entry were missed and are not made up for", {
      entryId,
      catchUp,
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
    });
  }

  async #fire(turnAt: number, signal: AbortSignal): Promise<void> {
    const { broker, clock, firedBy, logger, hooks } = this.#options;
    const { entryId, spec, blueprint } = this.plan;
    const { type: taskType, queue } = blueprint.request;
    const turn: TurnInfo = { entryId, spec, turnAt: new Date(turnAt), taskType, queue };
    try {
      this.#hook(() => hooks.before?.(turn));
      const now = clock.now();
      const item = turnItem(blueprint, entryId, turnAt, now);
      const answer = await broker.fireTurn({ entryId, turnAt, item, firedBy }, { signal, timeoutMs: callTimeoutMs });
      this.#previousAt = Math.max(turnAt, this.#previousAt ?? 0);
      if (answer.kind === "fired_before") return;
      if (answer.outcome.kind === "accepted") this.#options.statistics?.enqueued(item.message, now);
      const dueAt = item.placement.kind === "at" ? item.placement.at : now;
      const result = answered(answer.outcome, item, dueAt);
      if (result instanceof HikyakuError) {
        logger.info("a periodic task was not enqueued", {
          entryId,
          turnAt: turn.turnAt.toISOString(),
          reason: result.message,
        });
      } else {
        await this.#recordEvent(result.id, signal);
      }
      this.#hook(() => hooks.after?.(turn, result));
    } catch (error) {
      // The task of this turn can never be made. Only the next turn can be better.
      if (!isHikyakuError(error, "invalid_option")) throw error;
      logger.error("a periodic task can't be enqueued", {
        entryId,
        turnAt: turn.turnAt.toISOString(),
        error: error.message,
      });
      this.#hook(() => hooks.after?.(turn, error));
    }
  }

  /** The task is already on its way, so a gap in the history is no reason to fail. */
  async #recordEvent(taskId: string, signal: AbortSignal): Promise<void> {
    const { broker, clock, logger } = this.#options;
    const { entryId } = this.plan;
    try {
      await broker.recordEvent(entryId, { taskId, at: clock.now() }, { signal, timeoutMs: callTimeoutMs });
    } catch (error) {
      logger.warn("the history of a scheduler entry lacks an event", { entryId, taskId, error: errorText(error) });
    }
  }

  #hook(call: () => unknown): void {
    callGuarded(call, (error) =>
      this.#options.logger.error("a hook of the scheduler failed", {
        entryId: this.plan.entryId,
        error: errorText(error),
      }),
    );
  }
}
