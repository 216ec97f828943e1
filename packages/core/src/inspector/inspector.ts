import type { Broker } from "../broker/broker.ts";
import type { Change } from "../broker/change-facet.ts";
import { checkedName, checkedText } from "../checked-name.ts";
import { type Duration, durationMs } from "../duration.ts";
import { HikyakuError, isHikyakuError } from "../errors.ts";
import { refuseUnknownOptions, shown } from "../option-names.ts";
import { type Clock, systemClock } from "../runtime/clock.ts";
import { callGuarded, logOf } from "../runtime/guarded-call.ts";
import { type CancelAnswer, cancelTask, taskNotFound } from "../task/cancel-task.ts";
import { encodePayload } from "../task/payload.ts";
import { checkedMaxPayloadBytes, defaultMaxPayloadBytes, payloadTooLarge } from "../task/payload-size.ts";
import { BulkChange, type BulkOptions, type BulkReport, bulkNames } from "./bulk-change.ts";
import { type DayInfo, type QueueInfo, type QueueSummary, queueInfoOf, queueSummaryOf } from "./queue-info.ts";
import { changeErrors, editErrors, queueNotFound } from "./refusals.ts";
import {
  type EvictReport,
  type EvictServerOptions,
  type OrderOptions,
  type OrderReport,
  ServerControl,
  type StopServerOptions,
} from "./server-control.ts";
import { type ServerInfo, serverInfosOf } from "./server-info.ts";
import { type ExplainedTasks, explainTasks } from "./task-explainer.ts";
import { type TaskInfo, taskInfoOf, type UnreadableTaskInfo } from "./task-info.ts";
import { checkQuery, filterOf, type TaskQuery } from "./task-query.ts";
import { checkedSelection, type TaskSelection } from "./task-selection.ts";

/** The parts of a broker that an inspector uses. */
export type InspectedBroker = Pick<
  Broker,
  | "queues"
  | "queue"
  | "history"
  | "memory"
  | "list"
  | "get"
  | "pause"
  | "resume"
  | "groups"
  | "change"
  | "editPayload"
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
  /** How many tasks one step of a change of many handles, 1 to 1000. Default: 250, two or three milliseconds of the store. */
  readonly sliceSize?: number;
  /** The largest payload that `editPayload` writes, in bytes, as the client's option of this name. Default 1 MiB. */
  readonly maxPayloadBytes?: number;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

const optionNames: ReadonlySet<string> = new Set<keyof InspectorOptions>([
  ...(["broker", "sliceSize", "maxPayloadBytes", "clock"] as const),
]);

export interface TaskListing {
  readonly tasks: readonly (TaskInfo | UnreadableTaskInfo)[];
  /** Undefined when this was the last page. Also with fewer tasks than asked for, or none, there may be more. */
  readonly nextCursor: string | undefined;
  /** How many tasks were looked at for this page. */
  readonly scanned: number;
}

export interface RemoveQueueOptions {
  /** Removes the tasks too. Without it only an empty queue is removed. */
  readonly force?: boolean;
  /** Stops after the slice that is under way; the queue is then half removed, and another call goes on. */
  readonly signal?: AbortSignal;
  /** Called after each slice. Nobody waits for it; what it throws or rejects with is said on standard error. */
  readonly onProgress?: (progress: { readonly tasks: number }) => unknown;
}

/** A page that finds little goes on looking, but only so far. */
const mostSlicesOfPage = 20;
const defaultLimit = 30;
const queuesAtOnce = 20;
const removeNames: ReadonlySet<string> = new Set<keyof RemoveQueueOptions>(["force", "signal", "onProgress"]);
const explainNames: ReadonlySet<string> = new Set(["within"]);
const lockNames: ReadonlySet<string> = new Set(["queue", "type", "payload"]);

/**
 * The admin view: reads and changes queues and tasks of any store, whoever made them. Safe beside running servers; what
 * concerns many tasks goes in slices, so that nobody has to wait for it.
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
    this.#broker = broker;
    this.#slice = sliceSize;
    this.#clock = clock;
    this.#control = new ServerControl(broker, clock, sliceSize);
  }

  /** All queues, sorted by name. */
  async queues(): Promise<readonly QueueSummary[]> {
    const names = await this.#broker.queues();
    const summaries: QueueSummary[] = [];
    for (let from = 0; from < names.length; from += queuesAtOnce) {
      const some = names.slice(from, from + queuesAtOnce);
      for (const numbers of await Promise.all(some.map((name) => this.#broker.queue(name)))) {
        if (numbers !== undefined) summaries.push(queueSummaryOf(numbers));
      }
    }
    return summaries;
  }

  /** @throws HikyakuError `queue_not_found`. */
  async queue(queue: string): Promise<QueueInfo> {
    const [numbers, memory, groups] = await Promise.all([
      this.#broker.queue(queue),
      this.#broker.memory(queue),
      this.#broker.groups(queue),
    ]);
    if (numbers === undefined) throw queueNotFound(queue);
    return queueInfoOf(numbers, memory, groups);
  }

  /** The last 1 to 366 days (UTC), today first; stores keep 90. @throws HikyakuError `queue_not_found`, `invalid_option`. */
  async history(queue: string, days: number): Promise<readonly DayInfo[]> {
    await this.#insistOn(queue);
    const rows = await this.#broker.history(queue, days);
    return rows.map(({ day, processed, failed }) => ({ day, processed, succeeded: processed - failed, failed }));
  }

  /**
   * A page of tasks. With conditions it looks at up to 20,000 tasks and then answers with what it found so far.
   * @throws HikyakuError `queue_not_found`, `invalid_option`.
   */
  async tasks(query: TaskQuery): Promise<TaskListing> {
    checkQuery("Inspector.tasks", query);
    const { queue, state, group, limit = defaultLimit } = query;
    await this.#insistOn(queue);
    const filter = filterOf(query);
    const where = {
      ...{ queue, state },
      ...(group === undefined ? {} : { group }),
      ...(filter === undefined ? {} : { filter }),
    };
    const tasks: TaskListing["tasks"][number][] = [];
    let { cursor } = query;
    let scanned = 0;
    for (let slices = 0; slices < mostSlicesOfPage; slices++) {
      const rest = { ...where, limit: limit - tasks.length };
      const page = await this.#broker.list(cursor === undefined ? rest : { ...rest, cursor });
      for (const entry of page.tasks) tasks.push(taskInfoOf(entry, this.#clock.now()));
      scanned += page.scanned;
      cursor = page.nextCursor;
      if (cursor === undefined || tasks.length >= limit) break;
    }
    return { tasks, nextCursor: cursor, scanned };
  }

  /** @throws HikyakuError `queue_not_found`, `task_not_found`. */
  async task(queue: string, id: string): Promise<TaskInfo | UnreadableTaskInfo> {
    const [entry] = await this.#broker.get(checkedText("queue", queue), [checkedText("id", id)]);
    if (entry !== undefined) return taskInfoOf(entry, this.#clock.now());
    await this.#insistOn(queue);
    throw taskNotFound(queue, id);
  }

  /**
   * What became of some tasks of a queue, and why each does not run now where it doesn't. Comes back with an entry for each id
   * in order, undefined where there is no such task, also where there is no such queue. `within` limits each of its calls to
   * the store; default: the broker's own limit.
   */
  explainTasks(
    queue: string,
    ids: readonly string[],
    options: { readonly within?: Duration } = {},
  ): Promise<ExplainedTasks> {
    refuseUnknownOptions("Inspector.explainTasks", options, explainNames);
    const { within } = options;
    const call = within === undefined ? {} : { timeoutMs: durationMs("within", within) };
    return explainTasks(this.#broker, this.#clock, queue, ids, call);
  }

  /** Puts tasks at the end of their queue's line, whatever their moment or number of failures. See `deleteTasks`. */
  runTasks(selection: TaskSelection, options?: BulkOptions): Promise<BulkReport> {
    return this.#changeMany("run", selection, options);
  }

  /** Keeps tasks from running unless they are asked to. See `deleteTasks`. */
  archiveTasks(selection: TaskSelection, options?: BulkOptions): Promise<BulkReport> {
    return this.#changeMany("archive", selection, options);
  }

  /**
   * Removes tasks and frees their uniqueness locks. What a worker runs is left alone and told in the report. Handles no more
   * tasks than there were at its start.
   * @throws HikyakuError `queue_not_found`, `invalid_option`. What was done before stays done.
   */
  deleteTasks(selection: TaskSelection, options?: BulkOptions): Promise<BulkReport> {
    return this.#changeMany("delete", selection, options);
  }

  /** @throws HikyakuError `queue_not_found`, `task_not_found`, `wrong_state`. */
  runTask(queue: string, id: string): Promise<void> {
    return this.#changeOne("run", queue, id);
  }

  /** @throws HikyakuError `queue_not_found`, `task_not_found`, `wrong_state`. */
  archiveTask(queue: string, id: string): Promise<void> {
    return this.#changeOne("archive", queue, id);
  }

  /** @throws HikyakuError `queue_not_found`, `task_not_found`, `wrong_state`. */
  deleteTask(queue: string, id: string): Promise<void> {
    return this.#changeOne("delete", queue, id);
  }

  /**
   * Asks the handler of a running task to stop, on whichever server it runs. Reaches every running task of this id; whether
   * one was reached, the task's state will tell.
   */
  cancel(taskId: string): Promise<CancelAnswer>;
  /**
   * Cancels a task whatever it is doing: archives it where it waits, which keeps it and its lock for whoever wants to know,
   * and signals its worker where it runs. A task of the same id in another queue goes on, unless Asynq's worker runs this one.
   * @throws HikyakuError `queue_not_found`, `task_not_found`; `wrong_state` when it has completed or is being aggregated.
   */
  cancel(queue: string, id: string): Promise<CancelAnswer>;
  async cancel(queueOrId: string, id?: string): Promise<CancelAnswer> {
    checkedText(id === undefined ? "taskId" : "queue", queueOrId);
    if (id !== undefined) checkedText("id", id);
    if (id === undefined) {
      await this.#broker.send({ kind: "cancel", taskId: queueOrId });
      return "signalled";
    }
    try {
      return await cancelTask(this.#broker, queueOrId, id);
    } catch (error) {
      if (isHikyakuError(error, "task_not_found")) await this.#insistOn(queueOrId);
      throw error;
    }
  }

  /**
   * Stops new claims from the queue; `unchanged` when it was paused. A queue that has no task yet is known from then on, and
   * what is enqueued waits.
   * @throws HikyakuError `invalid_option` for what can't be a queue's name.
   */
  async pauseQueue(queue: string): Promise<"changed" | "unchanged"> {
    return this.#broker.pause(checkedName("queue", queue));
  }

  /**
   * `unchanged` when it was not paused, or there is no such queue. Ends a pause also where no list names the queue, as of one
   * that Asynq's tools paused before its first task.
   * @throws HikyakuError `invalid_option` for what can't be a queue's name.
   */
  async resumeQueue(queue: string): Promise<"changed" | "unchanged"> {
    return this.#broker.resume(checkedName("queue", queue));
  }

  /**
   * Removes a queue with everything that belongs to it: tasks, groups, locks, counters, pause flag. Tasks that are enqueued
   * meanwhile go with it or make the queue anew.
   * @throws HikyakuError `queue_not_found`; `wrong_state` when it holds tasks and `force` is not set, or when a worker holds
   *   one of them; `cancelled`.
   */
  async removeQueue(queue: string, options: RemoveQueueOptions = {}): Promise<{ readonly tasks: number }> {
    refuseUnknownOptions("Inspector.removeQueue", options, removeNames);
    const { force = false, signal, onProgress } = options;
    let tasks = 0;
    let cursor: string | undefined;
    for (;;) {
      if (signal?.aborted === true) {
        throw new HikyakuError("cancelled", `removing queue "${queue}" was stopped; ${tasks} of its tasks are removed`);
      }
      const request = { force, limit: this.#slice };
      const answer = await this.#broker.removeQueue(queue, cursor === undefined ? request : { ...request, cursor });
      switch (answer.kind) {
        case "not_found":
          throw queueNotFound(queue);
        case "not_empty":
          throw new HikyakuError("wrong_state", `queue "${queue}" holds tasks; to remove them with it, set "force"`);
        case "active":
          throw new HikyakuError(
            "wrong_state",
            `queue "${queue}" has tasks that are running or being aggregated; pause it and cancel or await them first`,
          );
        case "removed":
          callGuarded(() => onProgress?.({ tasks: tasks + answer.tasks }), logOf("onProgress"));
          return { tasks: tasks + answer.tasks };
        case "more":
          tasks += answer.tasks;
          cursor = answer.cursor;
          callGuarded(() => onProgress?.({ tasks }), logOf("onProgress"));
      }
    }
  }

  /**
   * Replaces a task's payload: a `Uint8Array` as it is, anything else as JSON. A uniqueness lock moves with it.
   * @throws HikyakuError `queue_not_found`, `task_not_found`, `invalid_payload`; `wrong_state` while it runs, is being
   *   aggregated, has completed or was changed by somebody else at the same moment; `task_exists`, `corrupt_data`.
   */
  async editPayload(queue: string, id: string, payload: unknown): Promise<void> {
    const what = { type: checkedText("id", id), payload: undefined };
    const bytes = (await encodePayload(what, payload)) ?? new Uint8Array();
    if (bytes.length > this.#maxPayloadBytes) {
      const option = "the inspector's maxPayloadBytes";
      throw payloadTooLarge(`payload of task ${shown(id)}`, bytes.length, this.#maxPayloadBytes, option);
    }
    const outcome = await this.#broker.editPayload({ queue: checkedText("queue", queue), taskId: id, payload: bytes });
    if (outcome === "not_found") await this.#insistOn(queue);
    const error = editErrors[outcome](queue, id);
    if (error !== undefined) throw error;
  }

  /**
   * Frees the uniqueness lock of tasks with this type and payload (bytes as they are, anything else as JSON; `undefined` for
   * none), so that another one can be enqueued. The id of the task that owned it; undefined when there was no lock.
   */
  async releaseLock(lock: {
    readonly queue: string;
    readonly type: string;
    readonly payload?: unknown;
  }): Promise<string | undefined> {
    refuseUnknownOptions("Inspector.releaseLock", lock, lockNames);
    const [queue, type] = [checkedText("queue", lock.queue), checkedText("type", lock.type)];
    const bytes = await encodePayload({ type, payload: undefined }, lock.payload);
    return this.#broker.releaseLock({ queue, type, payload: bytes });
  }

  /**
   * Everyone who told of itself in the last seconds, with what it runs; then those who fell silent in the last ten minutes
   * without taking their leave. Each sorted by host, pid and id.
   */
  async servers(): Promise<readonly ServerInfo[]> {
    const [present, silent] = await Promise.all([this.#broker.servers(), this.#broker.silentServers()]);
    return serverInfosOf(present, silent);
  }

  /**
   * Tells a server to take no new tasks; running ones go on. The word is kept for a day for a server that does not hear it
   * now. Unknown ids are no error: the report says what is known. @throws HikyakuError `invalid_option`.
   */
  quietServer(serverId: string, options: OrderOptions = {}): Promise<OrderReport> {
    return this.#control.quiet(serverId, options);
  }

  /** Tells a server to stop as `Server.stop()` does. See `quietServer`. */
  stopServer(serverId: string, options: StopServerOptions = {}): Promise<OrderReport> {
    return this.#control.stop(serverId, options);
  }

  /**
   * Takes all tasks away from a server that does not listen, at once and whatever it does: nothing that it writes about them
   * counts any more, they wait in front of their queues with nothing spent, and for a week it gets no others. Should it come
   * to itself, it lets go of everything and stops. Of a server of another library: what it said last that it runs; it can
   * still take others. Calling it again goes on where a call failed.
   * @throws HikyakuError `wrong_state` for a server that was heard of in the last seconds, unless `force` is set;
   *   `invalid_option`.
   */
  evictServer(serverId: string, options: EvictServerOptions = {}): Promise<EvictReport> {
    return this.#control.evict(serverId, options);
  }

  async #changeMany(change: Change, selection: TaskSelection, options: BulkOptions = {}): Promise<BulkReport> {
    const method = `Inspector.${change}Tasks`;
    refuseUnknownOptions(method, options, bulkNames);
    const checked = checkedSelection(method, selection);
    await this.#insistOn(checked.queue);
    const bulk = new BulkChange(this.#broker, change, this.#slice, options);
    return "ids" in checked ? bulk.ofIds(checked.queue, checked.ids) : bulk.ofState(checked);
  }

  async #changeOne(change: Change, queue: string, id: string): Promise<void> {
    const selection = { kind: "ids", queue: checkedText("queue", queue), taskIds: [checkedText("id", id)] } as const;
    const { outcomes } = await this.#broker.change(selection, change, 1);
    const outcome = outcomes[0]?.outcome ?? "not_found";
    if (outcome === "not_found") await this.#insistOn(queue);
    const error = changeErrors[outcome](queue, id, change);
    if (error !== undefined) throw error;
  }

  async #insistOn(queue: string): Promise<void> {
    if ((await this.#broker.queue(queue)) === undefined) throw queueNotFound(queue);
  }
}
