import type { EnqueueFacet } from "../broker/enqueue-facet.ts";
import type { CatchUp, DurableEntry, EnqueueEvent, ScheduleFacet } from "../broker/schedule-facet.ts";
import { checkedName, checkedText } from "../checked-name.ts";
import { answered, type EnqueuedTask } from "../enqueue/enqueued-task.ts";
import { HikyakuError, isHikyakuError } from "../errors.ts";
import { refuseUnknownOptions, shown } from "../option-names.ts";
import { checkClock } from "../option-values.ts";
import { type Clock, systemClock } from "../runtime/clock.ts";
import type { EnqueueRequest } from "../task/task.ts";
import { taskIdsOf } from "../task/task-id.ts";
import { checkedCatchUp, type EntryPlan } from "./entry-plan.ts";
import { anchorNotAfter, nextTurn, parseSchedule } from "./schedule-spec.ts";
import { blueprintFromJson, blueprintJson, blueprintOf, extraItem, optionTexts } from "./task-blueprint.ts";

export interface SchedulesOptions {
  /** Where the entries are kept. Stays open. */
  readonly broker: ScheduleFacet & EnqueueFacet;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** IANA name, for entries without one. Default `"UTC"`. */
  readonly timeZone?: string;
}

/** The options of an entry besides its spec and task. */
export interface ScheduleOptions {
  /** IANA name. Default: that of the scheduler, or of the `Schedules`. */
  readonly timeZone?: string;
  /**
   * What happens to turns that became due while no scheduler ran or the store was away. `"skip"` forgets them, `"once"`
   * enqueues one task for all of them, `{ all: n }` one for each of the last n. Default `"once"`.
   */
  readonly catchUp?: CatchUp;
}

/** What `Schedules.change` changes. Absent fields stay as they are. */
export interface ScheduleChanges extends ScheduleOptions {
  readonly spec?: string;
  readonly request?: EnqueueRequest;
  /** Refuses the change with `wrong_state` when the entry now has another revision. */
  readonly revision?: number;
}

/** A durable scheduler entry, as it is stored. */
export interface ScheduleEntry {
  readonly id: string;
  readonly spec: string;
  readonly timeZone: string;
  readonly taskType: string;
  readonly queue: string;
  readonly payload: Uint8Array | undefined;
  /** In Asynq's textual form, such as `MaxRetry(5)`. */
  readonly options: readonly string[];
  readonly catchUp: CatchUp;
  readonly paused: boolean;
  /** Undefined while paused, and when the spec never matches. */
  readonly nextAt: Date | undefined;
  readonly revision: number;
}

const optionNames: ReadonlySet<string> = new Set<keyof SchedulesOptions>(["broker", "clock", "timeZone"]);
const scheduleNames: ReadonlySet<string> = new Set<keyof ScheduleOptions>(["timeZone", "catchUp"]);
const changeNames: ReadonlySet<string> = new Set<keyof ScheduleChanges>([
  "timeZone",
  "catchUp",
  "spec",
  "request",
  "revision",
]);

const historyNames: ReadonlySet<string> = new Set(["limit", "cursor"]);
/** How many events of an entry are kept. */
const mostEvents = 1_000;

/** How often a change is tried when others change the entry at the same time. */
const mostTries = 5;

/**
 * The scheduler entries that are kept in the store. Any process may change them at any time. A scheduler follows at
 * once when the signal reaches it, and within 5 seconds anyway.
 *
 * Rejections: `invalid_option`, `invalid_payload`, `entry_not_found`, `entry_exists`, and the store's own.
 */
export class Schedules {
  readonly #broker: ScheduleFacet & EnqueueFacet;
  readonly #clock: Clock;
  readonly #timeZone: string;

  /** @throws HikyakuError `invalid_option`. */
  constructor(options: SchedulesOptions) {
    refuseUnknownOptions("Schedules", options, optionNames);
    if (typeof options.broker?.putDurableEntry !== "function") {
      throw new HikyakuError("invalid_option", `option "broker": expected a broker, got ${shown(options.broker)}`);
    }
    this.#broker = options.broker;
    this.#clock = options.clock ?? systemClock;
    checkClock(this.#clock);
    this.#timeZone = options.timeZone ?? "UTC";
    parseSchedule("@daily", this.#timeZone);
  }

  /** Adds an entry. Its first turn is the first one after now. */
  async add(id: string, spec: string, request: EnqueueRequest, options: ScheduleOptions = {}): Promise<ScheduleEntry> {
    refuseUnknownOptions("Schedules.add", options, scheduleNames);
    checkedName("id", id);
    const { timeZone = this.#timeZone, catchUp = "once" } = options;
    parseSchedule(spec, timeZone);
    const blueprint = await blueprintOf(request, this.#clock.now());
    const entry: DurableEntry = {
      entryId: id,
      spec,
      timeZone,
      queue: blueprint.request.queue,
      definition: blueprintJson(blueprint),
      paused: false,
      catchUp: checkedCatchUp(catchUp),
      since: this.#clock.now(),
      revision: 1,
    };
    if ((await this.#broker.putDurableEntry(entry)) === "written") return this.#shown(entry);
    throw new HikyakuError("entry_exists", `scheduler entry "${id}" exists already; change it, or choose another id`);
  }

  /**
   * Adds an entry, or changes the one of this id to be like it. For programs that say at each start which entries
   * should be there. An equal entry is left alone, with its turns; a paused one stays paused. Absent `options` mean the
   * default, as in `add`. A new spec or time zone counts from now on, as in `change`.
   */
  async upsert(
    id: string,
    spec: string,
    request: EnqueueRequest,
    options: ScheduleOptions = {},
  ): Promise<ScheduleEntry> {
    refuseUnknownOptions("Schedules.upsert", options, scheduleNames);
    const { timeZone = this.#timeZone, catchUp = "once" } = options;
    for (let tries = 1; ; tries++) {
      try {
        return await this.change(id, { spec, request, timeZone, catchUp });
      } catch (error) {
        if (!isHikyakuError(error, "entry_not_found")) throw error;
      }
      try {
        return await this.add(id, spec, request, { timeZone, catchUp });
      } catch (error) {
        // Somebody else added it in between.
        if (!isHikyakuError(error, "entry_exists") || tries === mostTries) throw error;
      }
    }
  }

  /** Changes an entry. A new spec or time zone counts from now on: no earlier turn is made up for. */
  async change(id: string, changes: ScheduleChanges): Promise<ScheduleEntry> {
    refuseUnknownOptions("Schedules.change", changes, changeNames);
    const { spec, timeZone, catchUp, request, revision } = changes;
    const blueprint = request === undefined ? undefined : await blueprintOf(request, this.#clock.now());
    const checked = catchUp === undefined ? undefined : checkedCatchUp(catchUp);
    return this.#update(id, revision, (entry) => {
      const changed = {
        ...entry,
        spec: spec ?? entry.spec,
        timeZone: timeZone ?? entry.timeZone,
        catchUp: checked ?? entry.catchUp,
        ...(blueprint && { queue: blueprint.request.queue, definition: blueprintJson(blueprint) }),
      };
      parseSchedule(changed.spec, changed.timeZone);
      const anew = changed.spec !== entry.spec || changed.timeZone !== entry.timeZone || changed.queue !== entry.queue;
      return anew ? { ...changed, since: this.#clock.now() } : changed;
    });
  }

  /** No turn fires until the entry is resumed. Does nothing to a paused entry. */
  pause(id: string): Promise<ScheduleEntry> {
    return this.#update(id, undefined, (entry) => ({ ...entry, paused: true }));
  }

  /** Turns fire again, from the next one on. Turns of the pause are not made up for. */
  resume(id: string): Promise<ScheduleEntry> {
    return this.#update(id, undefined, (entry) =>
      entry.paused ? { ...entry, paused: false, since: this.#clock.now() } : entry,
    );
  }

  /** Enqueues an entry's task now, besides its turns; also while it is paused. Rejects as `Client.enqueue`. */
  async runNow(id: string): Promise<EnqueuedTask> {
    const entry = await this.#get(id);
    const now = this.#clock.now();
    const item = extraItem(blueprintFromJson(entry.definition), taskIdsOf(this.#clock), now);
    const [outcome] = await this.#broker.enqueue([item]);
    if (outcome === undefined) throw new HikyakuError("store_rejected", "the store gave no answer for the task");
    const task = answered(outcome, item, item.placement.kind === "at" ? item.placement.at : now);
    if (task instanceof HikyakuError) throw task;
    // The task is accepted, so a history with a gap is no reason to tell of a failure.
    await this.#broker.recordEvent(id, { taskId: task.id, at: now }).catch(() => undefined);
    return task;
  }

  async remove(id: string): Promise<void> {
    if ((await this.#broker.removeDurableEntry(checkedText("id", id))) === "not_found") throw notFound(id);
  }

  async get(id: string): Promise<ScheduleEntry> {
    return this.#shown(await this.#get(id));
  }

  /** All entries, sorted by id. */
  async list(): Promise<readonly ScheduleEntry[]> {
    return (await this.#broker.durableEntries()).map((entry) => this.#shown(entry));
  }

  /**
   * The tasks that were enqueued for an entry, newest first, of the last 1000 that are kept. `limit`: 1 to 1000,
   * default 30.
   */
  async history(
    id: string,
    page: { readonly limit?: number; readonly cursor?: string } = {},
  ): Promise<{ readonly events: readonly EnqueueEvent[]; readonly nextCursor: string | undefined }> {
    refuseUnknownOptions("Schedules.history", page, historyNames);
    const { limit = 30 } = page;
    if (!Number.isInteger(limit) || limit < 1 || limit > mostEvents) {
      throw new HikyakuError(
        "invalid_option",
        `option "limit": expected an integer from 1 to ${mostEvents}, got ${shown(limit)}`,
      );
    }
    return this.#broker.enqueueEvents(checkedText("id", id), { ...page, limit });
  }

  async #get(id: string): Promise<DurableEntry> {
    checkedText("id", id);
    const entry = (await this.#broker.durableEntries()).find(({ entryId }) => entryId === id);
    if (entry === undefined) throw notFound(id);
    return entry;
  }

  async #update(
    id: string,
    revision: number | undefined,
    update: (entry: DurableEntry) => DurableEntry,
  ): Promise<ScheduleEntry> {
    for (let tries = 1; tries <= mostTries; tries++) {
      const before = await this.#get(id);
      if (revision !== undefined && before.revision !== revision) {
        throw new HikyakuError(
          "wrong_state",
          `scheduler entry "${id}": expected revision ${revision}, got ${before.revision}: somebody changed it meanwhile`,
        );
      }
      const after = { ...update(before), revision: before.revision + 1 };
      if (JSON.stringify({ ...after, revision: before.revision }) === JSON.stringify(before))
        return this.#shown(before);
      if ((await this.#broker.putDurableEntry(after)) === "written") return this.#shown(after);
    }
    throw new HikyakuError(
      "wrong_state",
      `scheduler entry "${id}": others changed it each of the ${mostTries} times that this change was tried; try again`,
    );
  }

  #shown(entry: DurableEntry): ScheduleEntry {
    const { schedule, blueprint } = planOf(entry);
    const now = this.#clock.now();
    const next = entry.paused ? undefined : nextTurn(schedule, now, anchorNotAfter(schedule, entry.since, now));
    return {
      id: entry.entryId,
      spec: entry.spec,
      timeZone: entry.timeZone,
      taskType: blueprint.request.type,
      queue: entry.queue,
      payload: blueprint.request.payload,
      options: optionTexts(blueprint),
      catchUp: entry.catchUp,
      paused: entry.paused,
      nextAt: next === undefined ? undefined : new Date(next),
      revision: entry.revision,
    };
  }
}

/** @throws HikyakuError `invalid_option` or `corrupt_data` for an entry that this library did not write. */
export function planOf(entry: DurableEntry): EntryPlan {
  if (typeof entry.entryId !== "string" || typeof entry.since !== "number") {
    throw new HikyakuError("corrupt_data", `scheduler entry: expected what this library wrote, got ${shown(entry)}`);
  }
  return {
    entryId: entry.entryId,
    spec: entry.spec,
    timeZone: entry.timeZone,
    schedule: parseSchedule(entry.spec, entry.timeZone),
    blueprint: blueprintFromJson(entry.definition),
    catchUp: checkedCatchUp(entry.catchUp),
    since: entry.since,
  };
}

function notFound(id: string): HikyakuError {
  return new HikyakuError("entry_not_found", `there is no scheduler entry "${id}" in the store; list() shows all`);
}
