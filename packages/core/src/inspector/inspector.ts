import type { Broker } from "../broker/broker.ts";
import type { Change } from "../broker/change-facet.ts";
import { checkedName, checkedText } from "../checked-name.ts";
import { dateOf } from "../date-of.ts";
import { HikyakuError, isHikyakuError } from "../errors.ts";
import { refuseUnknownOptions, shown } from "../option-names.ts";
import { checkClock, checkedFunction } from "../option-values.ts";
import { type Clock, systemClock } from "../runtime/clock.ts";
import { type CancelAnswer, cancelTask, taskNotFound } from "../task/cancel-task.ts";
import { encodePayload } from "../task/payload.ts";
import { checkedMaxPayloadBytes, defaultMaxPayloadBytes, payloadTooLarge } from "../task/payload-size.ts";
import { checkedMoment } from "../task/task-options.ts";
import {
  checkedLogOptions,
  type TaskLogOptions,
  type TaskLogPage,
  taskLogNames,
  taskLogPageOf,
} from "../task/task-report.ts";
import { BulkChange, type BulkOptions, type BulkReport, bulkNames } from "./bulk-change.ts";
import { CallBudget, type InspectorCallOptions } from "./call-budget.ts";
import { explainQueueOf, explainTaskOf, type QueueReason, type TaskReason } from "./explainer.ts";
import {
  type DayInfo,
  type GroupDetail,
  type QueueInfo,
  type QueueSummary,
  queueInfoOf,
  queueSummaryOf,
} from "./queue-info.ts";
import { checkedPauseSource, type PauseQueueOptions, pauseNames } from "./queue-pause.ts";
import { type RemoveQueueOptions, removeQueue } from "./queue-removal.ts";
import { changeErrors, editErrors, queueNotFound, rescheduleErrors } from "./refusals.ts";
import {
  type EvictReport,
  type EvictServerOptions,
  type OrderOptions,
  type OrderReport,
  ServerControl,
  type StopServerOptions,
} from "./server-control.ts";
import { type ServerInfo, serverInfosOf } from "./server-info.ts";
import { checkedStatisticsQuery, readStatistics, type Statistics, type StatisticsQuery } from "./statistics.ts";
import { type ExplainedTasks, explainTasks } from "./task-explainer.ts";
import { type TaskInfo, taskInfoOf, type UnreadableTaskInfo } from "./task-info.ts";
import { listTasks, type TaskListing } from "./task-listing.ts";
import { checkQuery, type TaskQuery } from "./task-query.ts";
import { checkSearch, searchTasks, type TaskSearch, type TaskSearchPage } from "./task-search.ts";
import { checkedSelection, type TaskSelection } from "./task-selection.ts";

/** The parts of a broker that an inspector uses. */
export type InspectedBroker = Pick<
  Broker,
  | "queues"
  | "hasQueue"
  | "queue"
  | "history"
  | "memory"
  | "readStatistics"
  | "list"
  | "standing"
  | "get"
  | "readLog"
  | "pause"
  | "resume"
  | "groups"
  | "change"
  | "editPayload"
  | "reschedule"
  | "releaseLock"
  | "removeQueue"
  | "servers"
  | "silentServers"
  | "order"
  | "orderedServers"
  | "evict"
  | "send"
>;

export interface InspectorOptions {
  /** Stays the caller's: the inspector never closes it. */
  readonly broker: InspectedBroker;
  /**
   * How many tasks one step of a bulk change handles, 1 to 1000. Default: 250, which is two or three milliseconds of
   * the store.
   */
  readonly sliceSize?: number;
  /** The largest payload that `editPayload` writes, in bytes, like the client's option of this name. Default 1 MiB. */
  readonly maxPayloadBytes?: number;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

export interface EditPayloadOptions extends InspectorCallOptions {
  /** The payload that is to be replaced, as it was read. Default: whatever is there. */
  readonly before?: Uint8Array;
}

const optionNames: ReadonlySet<string> = new Set<keyof InspectorOptions>([
  "broker",
  "sliceSize",
  "maxPayloadBytes",
  "clock",
]);
const pageNames: ReadonlySet<string> = new Set(["limit", "after", "where"]);
const logNames: ReadonlySet<string> = new Set([...taskLogNames, "signal", "within"]);
const lockNames: ReadonlySet<string> = new Set(["queue", "type", "payload"]);

const editNames: ReadonlySet<string> = new Set<keyof EditPayloadOptions>(["before", "signal", "within"]);

const queuesAtOnce = 20;

/**
 * The admin view: reads and changes queues and tasks of any store, whatever program made them. Safe beside running
 * servers. Changes of many tasks go in slices, so that nobody has to wait for them.
 */
export class Inspector {
  readonly #broker: InspectedBroker;
  readonly #slice: number;
  readonly #maxPayloadBytes: number;
  readonly #clock: Clock;
  readonly #control: ServerControl;

  /** @throws HikyakuError `invalid_option`. */
  constructor(options: InspectorOptions) {
    refuseUnknownOptions("Inspector", options, optionNames);
    const { broker, sliceSize = 250, maxPayloadBytes = defaultMaxPayloadBytes, clock = systemClock } = options;
    if (typeof broker?.queues !== "function") {
      throw new HikyakuError("invalid_option", `option "broker": expected a broker, got ${shown(broker)}`);
    }
    this.#maxPayloadBytes = checkedMaxPayloadBytes(maxPayloadBytes);
    if (!Number.isInteger(sliceSize) || sliceSize < 1 || sliceSize > 1_000) {
      throw new HikyakuError(
        "invalid_option",
        `option "sliceSize": expected an integer from 1 to 1000, got ${shown(sliceSize)}`,
      );
    }
    checkClock(clock);
    this.#broker = broker;
    this.#slice = sliceSize;
    this.#clock = clock;
    this.#control = new ServerControl(broker, clock, sliceSize);
  }

  /** All queues, sorted by name. */
  async queues(options: InspectorCallOptions = {}): Promise<readonly QueueSummary[]> {
    const budget = this.#budget("queues", options);
    return this.#summaries(await this.#broker.queues(budget.next()), budget);
  }

  /**
   * A page of queues, sorted by name. With `where`, of those alone whose names it takes: `nextAfter` names no other.
   * @throws HikyakuError `invalid_option`.
   */
  async queuePage(
    page: { readonly limit: number; readonly after?: string; readonly where?: (queue: string) => boolean },
    options: InspectorCallOptions = {},
  ): Promise<{ readonly queues: readonly QueueSummary[]; readonly nextAfter: string | undefined }> {
    refuseUnknownOptions("Inspector.queuePage", page, pageNames);
    const { limit, after, where = () => true } = page;
    if (!Number.isInteger(limit) || limit < 1 || limit > 1_000) {
      throw new HikyakuError(
        "invalid_option",
        `option "limit": expected an integer from 1 to 1000, got ${shown(limit)}`,
      );
    }
    const budget = this.#budget("queuePage", options);
    const names = await this.#broker.queues(budget.next());
    const rest = names.filter((name) => (after === undefined || name > after) && where(name));
    const some = rest.slice(0, limit);
    return {
      queues: await this.#summaries(some, budget),
      nextAfter: rest.length > some.length ? some.at(-1) : undefined,
    };
  }

  async #summaries(names: readonly string[], budget: CallBudget): Promise<QueueSummary[]> {
    const summaries: QueueSummary[] = [];
    for (let from = 0; from < names.length; from += queuesAtOnce) {
      const some = names.slice(from, from + queuesAtOnce);
      const call = budget.next();
      for (const numbers of await Promise.all(some.map((name) => this.#broker.queue(name, call)))) {
        if (numbers !== undefined) summaries.push(queueSummaryOf(numbers));
      }
    }
    return summaries;
  }

  /** @throws HikyakuError `queue_not_found`. */
  async queue(queue: string, options: InspectorCallOptions = {}): Promise<QueueInfo> {
    const call = this.#budget("queue", options).next();
    const [numbers, memory, groups] = await Promise.all([
      this.#broker.queue(queue, call),
      this.#broker.memory(queue, call),
      this.#broker.groups(queue, call),
    ]);
    if (numbers === undefined) throw queueNotFound(queue);
    return queueInfoOf(numbers, memory, groups);
  }

  /**
   * The queue's groups that hold tasks, sorted by name.
   * @throws HikyakuError `queue_not_found`.
   */
  async groups(queue: string, options: InspectorCallOptions = {}): Promise<readonly GroupDetail[]> {
    const budget = this.#budget("groups", options);
    await this.#insistOn(queue, budget);
    const groups = (await this.#broker.groups(queue, budget.next())).map(({ oldestAt, newestAt, ...group }) => ({
      ...group,
      oldestAt: dateOf(oldestAt),
      newestAt: dateOf(newestAt),
    }));
    return groups.sort((one, other) => (one.group < other.group ? -1 : 1));
  }

  /**
   * The last 1 to 366 days (UTC), today first. Stores keep 90.
   * @throws HikyakuError `queue_not_found`, `invalid_option`.
   */
  async history(queue: string, days: number, options: InspectorCallOptions = {}): Promise<readonly DayInfo[]> {
    const budget = this.#budget("history", options);
    await this.#insistOn(queue, budget);
    const rows = await this.#broker.history(queue, days, budget.next());
    return rows.map(({ day, processed, failed }) => ({ day, processed, succeeded: processed - failed, failed }));
  }

  /**
   * What happened in a range of time, as far as servers, clients and schedulers of this library have reported it: counts,
   * lateness and run times, point by point.
   * @throws HikyakuError `queue_not_found`, `invalid_option`.
   */
  async statistics(query: StatisticsQuery = {}, options: InspectorCallOptions = {}): Promise<Statistics> {
    const now = this.#clock.now();
    const request = checkedStatisticsQuery(query, now);
    const budget = this.#budget("statistics", options);
    for (const queue of request.queues ?? []) await this.#insistOn(queue, budget);
    return readStatistics(this.#broker, request, query, now, budget);
  }

  /**
   * A page of tasks. With conditions, it looks at up to 20,000 tasks and then answers with what it has found. It does
   * so too when its time is up before.
   * @throws HikyakuError `queue_not_found`, `invalid_option`.
   */
  async tasks(query: TaskQuery, options: InspectorCallOptions = {}): Promise<TaskListing> {
    checkQuery("Inspector.tasks", query);
    const budget = this.#budget("tasks", options);
    await this.#insistOn(query.queue, budget);
    return listTasks(this.#broker, this.#clock, query, budget);
  }

  /**
   * A page of tasks over queues and states. With conditions, it looks for some sixty milliseconds and then answers with what it
   * has found; `complete` and `nextCursor` say that there may be more.
   * @throws HikyakuError `queue_not_found` for a queue that is named, `invalid_option`.
   */
  async search(search: TaskSearch = {}, options: InspectorCallOptions = {}): Promise<TaskSearchPage> {
    checkSearch("Inspector.search", search);
    const budget = this.#budget("search", options);
    for (const queue of search.queues ?? []) await this.#insistOn(queue, budget);
    return searchTasks(this.#broker, this.#clock, search, budget);
  }

  /** @throws HikyakuError `queue_not_found`, `task_not_found`. */
  async task(queue: string, id: string, options: InspectorCallOptions = {}): Promise<TaskInfo | UnreadableTaskInfo> {
    const budget = this.#budget("task", options);
    const [entry] = await this.#broker.get(checkedText("queue", queue), [checkedText("id", id)], budget.next());
    if (entry !== undefined) return taskInfoOf(entry, this.#clock.now());
    await this.#insistOn(queue, budget);
    throw taskNotFound(queue, id);
  }

  /**
   * What a task's handlers said by `context.log`: the newest lines, at most 200 and 64 KiB, oldest first. They are kept
   * with the task, in whatever state it is.
   * @throws HikyakuError `queue_not_found`, `task_not_found`, `invalid_option`.
   */
  async taskLog(queue: string, id: string, options: TaskLogOptions & InspectorCallOptions = {}): Promise<TaskLogPage> {
    const budget = new CallBudget("Inspector.taskLog", options, this.#clock, logNames);
    const asked = checkedLogOptions(options);
    const log = await this.#broker.readLog(checkedText("queue", queue), checkedText("id", id), budget.next());
    if (log !== undefined) return taskLogPageOf(log, asked);
    await this.#insistOn(queue, budget);
    throw taskNotFound(queue, id);
  }

  /**
   * What some tasks of a queue are doing, and why a waiting one does not run now. Returns an entry for each id, in
   * order. It is undefined when there is no such task or no such queue.
   */
  async explainTasks(
    queue: string,
    ids: readonly string[],
    options: InspectorCallOptions = {},
  ): Promise<ExplainedTasks> {
    const budget = this.#budget("explainTasks", options);
    if (!Array.isArray(ids)) {
      throw new HikyakuError("invalid_option", `option "ids": expected an array of task ids, got ${shown(ids)}`);
    }
    for (const id of ids) checkedText("ids", id);
    return explainTasks(this.#broker, this.#clock, checkedText("queue", queue), ids, budget);
  }

  /**
   * Why a task is where it is: a code with its facts, and one sentence made of them.
   * @throws HikyakuError `queue_not_found`, `task_not_found`.
   */
  async explain(queue: string, id: string, options: InspectorCallOptions = {}): Promise<TaskReason> {
    const budget = this.#budget("explain", options);
    return explainTaskOf(this.#broker, this.#clock, checkedText("queue", queue), checkedText("id", id), budget);
  }

  /**
   * Why nothing moves in a queue, or that it does.
   * @throws HikyakuError `queue_not_found`.
   */
  async explainQueue(queue: string, options: InspectorCallOptions = {}): Promise<QueueReason> {
    const budget = this.#budget("explainQueue", options);
    return explainQueueOf(this.#broker, this.#clock, checkedText("queue", queue), budget);
  }

  /** Puts tasks at the end of their queue's line, whatever their due time or number of failures. See `deleteTasks`. */
  runTasks(selection: TaskSelection, options?: BulkOptions): Promise<BulkReport> {
    return this.#changeMany("run", selection, options);
  }

  /** Keeps tasks, which then never run unless asked. See `deleteTasks`. */
  archiveTasks(selection: TaskSelection, options?: BulkOptions): Promise<BulkReport> {
    return this.#changeMany("archive", selection, options);
  }

  /**
   * Removes tasks and frees their uniqueness locks. Tasks that a worker runs are left alone and named in the report.
   * Handles no more tasks than there were at its start.
   * @throws HikyakuError `queue_not_found`, `invalid_option`. Changes made before stay.
   */
  deleteTasks(selection: TaskSelection, options?: BulkOptions): Promise<BulkReport> {
    return this.#changeMany("delete", selection, options);
  }

  /** @throws HikyakuError `queue_not_found`, `task_not_found`, `wrong_state`. */
  runTask(queue: string, id: string, options?: InspectorCallOptions): Promise<void> {
    return this.#changeOne("run", queue, id, options);
  }

  /** @throws HikyakuError `queue_not_found`, `task_not_found`, `wrong_state`. */
  archiveTask(queue: string, id: string, options?: InspectorCallOptions): Promise<void> {
    return this.#changeOne("archive", queue, id, options);
  }

  /** @throws HikyakuError `queue_not_found`, `task_not_found`, `wrong_state`. */
  deleteTask(queue: string, id: string, options?: InspectorCallOptions): Promise<void> {
    return this.#changeOne("delete", queue, id, options);
  }

  /**
   * Lets a task wait until a moment; one that has passed means now. One that is to be tried again stays so; any other that
   * nobody runs is scheduled, also an archived one. A uniqueness lock keeps its end.
   * @throws HikyakuError `queue_not_found`, `task_not_found`, `invalid_option`; `wrong_state` while it runs or is being
   *   aggregated, and when it has completed.
   */
  async rescheduleTask(queue: string, id: string, at: Date, options: InspectorCallOptions = {}): Promise<void> {
    const budget = this.#budget("rescheduleTask", options);
    const request = { queue: checkedText("queue", queue), taskId: checkedText("id", id), at: checkedMoment("at", at) };
    const outcome = await this.#broker.reschedule(request, budget.next());
    if (outcome === "not_found") await this.#insistOn(queue, budget);
    const error = rescheduleErrors[outcome](queue, id);
    if (error !== undefined) throw error;
  }

  /**
   * Asks the handlers of all running tasks of this id to stop, on all servers. Does not tell whether one was reached:
   * the task's state will.
   */
  cancel(taskId: string, options?: InspectorCallOptions): Promise<CancelAnswer>;
  /**
   * Cancels a task in any state. A waiting task is archived: it and its lock are kept. The worker of a running task
   * gets a signal. A task of the same id in another queue goes on, unless Asynq's worker runs this one.
   * @throws HikyakuError `queue_not_found`, `task_not_found`; `wrong_state` when it has completed or is being
   * aggregated.
   */
  cancel(queue: string, id: string, options?: InspectorCallOptions): Promise<CancelAnswer>;
  async cancel(
    queueOrId: string,
    idOrOptions: string | InspectorCallOptions = {},
    options: InspectorCallOptions = {},
  ): Promise<CancelAnswer> {
    if (typeof idOrOptions !== "string") {
      checkedText("taskId", queueOrId);
      await this.#broker.send({ kind: "cancel", taskId: queueOrId }, this.#budget("cancel", idOrOptions).next());
      return "signalled";
    }
    checkedText("queue", queueOrId);
    const budget = this.#budget("cancel", options);
    try {
      return await cancelTask(this.#broker, queueOrId, idOrOptions, budget.next());
    } catch (error) {
      if (isHikyakuError(error, "task_not_found")) await this.#insistOn(queueOrId, budget);
      throw error;
    }
  }

  /**
   * Stops new claims from the queue. `unchanged`: it was paused already. A queue without a task is known from then on,
   * and tasks that are enqueued into it wait.
   * @throws HikyakuError `invalid_option` for a text that can't be a queue's name.
   */
  async pauseQueue(queue: string, options: PauseQueueOptions = {}): Promise<"changed" | "unchanged"> {
    const budget = new CallBudget("Inspector.pauseQueue", options, this.#clock, pauseNames);
    return this.#broker.pause(checkedName("queue", queue), budget.next(), checkedPauseSource(options));
  }

  /**
   * `unchanged`: it was not paused, or there is no such queue. Also ends the pause of a queue that no list names, such
   * as one that Asynq's tools paused before its first task.
   * @throws HikyakuError `invalid_option` for a text that can't be a queue's name.
   */
  async resumeQueue(queue: string, options: InspectorCallOptions = {}): Promise<"changed" | "unchanged"> {
    return this.#broker.resume(checkedName("queue", queue), this.#budget("resumeQueue", options).next());
  }

  /**
   * Removes a queue with everything that belongs to it: tasks, groups, locks, counters, pause flag. Tasks that are
   * enqueued meanwhile are removed too, or make the queue anew.
   * @throws HikyakuError `queue_not_found`; `wrong_state` when it holds tasks and `force` is not set, or when a worker
   * holds one of them; `cancelled`, `deadline_exceeded`.
   */
  async removeQueue(queue: string, options: RemoveQueueOptions = {}): Promise<{ readonly tasks: number }> {
    return removeQueue(this.#broker, this.#clock, checkedText("queue", queue), this.#slice, options);
  }

  /**
   * Replaces a task's payload: a `Uint8Array` as it is, anything else as JSON. A uniqueness lock moves with it.
   * @throws HikyakuError `queue_not_found`, `task_not_found`, `invalid_payload`; `wrong_state` while it runs, is being
   *   aggregated, has completed, was changed by somebody else at the same moment, or has another payload than `before`;
   *   `task_exists`, `corrupt_data`.
   */
  async editPayload(queue: string, id: string, payload: unknown, options: EditPayloadOptions = {}): Promise<void> {
    const budget = new CallBudget("Inspector.editPayload", options, this.#clock, editNames);
    const { before } = options;
    if (before !== undefined && !(before instanceof Uint8Array)) {
      throw new HikyakuError("invalid_option", `option "before": expected bytes, got ${shown(before)}`);
    }
    const what = { type: checkedText("id", id), payload: undefined };
    const bytes = (await encodePayload(what, payload)) ?? new Uint8Array();
    if (bytes.length > this.#maxPayloadBytes) {
      const option = "the inspector's maxPayloadBytes";
      throw payloadTooLarge(`payload of task ${shown(id)}`, bytes.length, this.#maxPayloadBytes, option);
    }
    const edit = {
      queue: checkedText("queue", queue),
      taskId: id,
      payload: bytes,
      ...(before !== undefined && { before }),
    };
    const outcome = await this.#broker.editPayload(edit, budget.next());
    if (outcome === "not_found") await this.#insistOn(queue, budget);
    const error = editErrors[outcome](queue, id);
    if (error !== undefined) throw error;
  }

  /**
   * Frees the uniqueness lock of tasks with this type and payload, so that another one can be enqueued. The payload is
   * bytes as they are, or anything else as JSON; `undefined` for none. Returns the id of the task that owned the lock,
   * undefined when there was none.
   */
  async releaseLock(
    lock: { readonly queue: string; readonly type: string; readonly payload?: unknown },
    options: InspectorCallOptions = {},
  ): Promise<string | undefined> {
    refuseUnknownOptions("Inspector.releaseLock", lock, lockNames);
    const budget = this.#budget("releaseLock", options);
    const [queue, type] = [checkedText("queue", lock.queue), checkedText("type", lock.type)];
    const bytes = await encodePayload({ type, payload: undefined }, lock.payload);
    return this.#broker.releaseLock({ queue, type, payload: bytes }, budget.next());
  }

  /**
   * All servers that announced themselves in the last seconds, with what they run. Then those that fell silent in the
   * last ten minutes without withdrawing. Each part is sorted by host, pid and id.
   */
  async servers(options: InspectorCallOptions = {}): Promise<readonly ServerInfo[]> {
    const call = this.#budget("servers", options).next();
    const [present, silent] = await Promise.all([this.#broker.servers(call), this.#broker.silentServers(call)]);
    return serverInfosOf(present, silent);
  }

  /**
   * Tells a server to take no new tasks; running ones go on. The order is kept for a day, for a server that does not
   * hear it now. An unknown id is no error: the report says what is known.
   * @throws HikyakuError `invalid_option`.
   */
  quietServer(serverId: string, options: OrderOptions = {}): Promise<OrderReport> {
    return this.#control.quiet(serverId, options);
  }

  /** Tells a server to stop as `Server.stop()` does. See `quietServer`. */
  stopServer(serverId: string, options: StopServerOptions = {}): Promise<OrderReport> {
    return this.#control.stop(serverId, options);
  }

  /**
   * Takes all tasks away from a server that does not listen, at once and whatever it does. Nothing that the server
   * writes about them counts any more. They wait at the front of their queues; no retry is spent. For a week the server
   * gets no other tasks. If it comes back to itself, it lets all tasks go and stops.
   *
   * A server of another library loses the tasks that it last said it runs; it can still take others. If a call failed,
   * another call goes on where it stopped.
   */
  evictServer(serverId: string, options: EvictServerOptions = {}): Promise<EvictReport> {
    return this.#control.evict(serverId, options);
  }

  async #changeMany(change: Change, selection: TaskSelection, options: BulkOptions = {}): Promise<BulkReport> {
    const method = `Inspector.${change}Tasks`;
    const budget = new CallBudget(method, options, this.#clock, bulkNames);
    const onProgress = checkedFunction("onProgress", options.onProgress);
    const checked = checkedSelection(method, selection);
    await this.#insistOn(checked.queue, budget);
    const bulk = new BulkChange(this.#broker, change, this.#slice, budget, onProgress);
    return "ids" in checked ? bulk.ofIds(checked.queue, checked.ids) : bulk.ofState(checked);
  }

  async #changeOne(change: Change, queue: string, id: string, options: InspectorCallOptions = {}): Promise<void> {
    const budget = this.#budget(`${change}Task`, options);
    const selection = { kind: "ids", queue: checkedText("queue", queue), taskIds: [checkedText("id", id)] } as const;
    const { outcomes } = await this.#broker.change(selection, change, 1, budget.next());
    const outcome = outcomes[0]?.outcome ?? "not_found";
    if (outcome === "not_found") await this.#insistOn(queue, budget);
    const error = changeErrors[outcome](queue, id, change);
    if (error !== undefined) throw error;
  }

  /** @throws HikyakuError `queue_not_found`, `invalid_option`. */
  async #insistOn(queue: string, budget: CallBudget): Promise<void> {
    if (!(await this.#broker.hasQueue(checkedText("queue", queue), budget.next()))) throw queueNotFound(queue);
  }

  #budget(method: string, options: InspectorCallOptions): CallBudget {
    return new CallBudget(`Inspector.${method}`, options, this.#clock);
  }
}
