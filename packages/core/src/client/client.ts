import type { StandardSchemaV1 } from "@standard-schema/spec";
import { checkedSignal } from "../abort-signal.ts";
import type { Broker } from "../broker/broker.ts";
import { type CallOptions, callUntil } from "../broker/call-options.ts";
import { type Duration, durationMs } from "../duration.ts";
import { EnqueueBatcher } from "../enqueue/enqueue-batcher.ts";
import { EnqueueCall } from "../enqueue/enqueue-call.ts";
import { refuseOtherParts } from "../enqueue/enqueue-request.ts";
import { type EnqueuedTask, type Preparation, prepareTask } from "../enqueue/enqueued-task.ts";
import { type Answers, ReadyRequest } from "../enqueue/ready-request.ts";
import { errorText, HikyakuError, isHikyakuError } from "../errors.ts";
import { eventHubOf, type WatchOptions } from "../events/event-hub.ts";
import type { WatchedEvent } from "../events/watched-event.ts";
import { checkedFlag, refuseUnknownOptions, shown } from "../option-names.ts";
import { checkClock } from "../option-values.ts";
import { type Clock, sleep, systemClock } from "../runtime/clock.ts";
import { type CancelAnswer, cancelTask } from "../task/cancel-task.ts";
import { checkedMaxPayloadBytes, defaultMaxPayloadBytes } from "../task/payload-size.ts";
import type { EnqueueArguments, EnqueueRequest, TaskDefinition } from "../task/task.ts";
import { type TaskIds, taskIdsOf } from "../task/task-id.ts";
import type { EnqueueOptions } from "../task/task-options.ts";
import type { TaskLogOptions, TaskLogPage, TaskProgress } from "../task/task-report.ts";
import { ClientStatistics } from "./client-statistics.ts";
import { ResultWaits } from "./result-waits.ts";
import { readTaskLog, readTaskProgress, type TaskPlace, taskPlaceOf } from "./task-reports.ts";
import { lookAtResult, type NamedTask, namedTask, parsedResult } from "./task-result.ts";

/** The parts of a broker that a client uses. */
export type ClientBroker = Pick<
  Broker,
  "enqueue" | "get" | "readLog" | "change" | "send" | "pacing" | "addStatistics" | "watch" | "readEvents"
>;

export interface ClientOptions {
  /** Where the tasks go. Stays open when the client closes: its owner closes it. */
  readonly broker: ClientBroker;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
  /** How long an enqueue may take without its own limit. More than 0. Default 5 seconds. */
  readonly within?: Duration;
  /**
   * The largest payload that is accepted, in bytes. Default 1 MiB. Payloads are copied often. Keep large data elsewhere
   * and name it in the payload.
   */
  readonly maxPayloadBytes?: number;
  /**
   * Whether the client counts what it enqueues, and reports it to the store every ten seconds and when it is closed, for
   * `Inspector.statistics`. Default true.
   */
  readonly statistics?: boolean;
}

/** How long the caller is ready to wait. */
export interface EnqueueCallOptions {
  /**
   * Gives up with `cancelled` when it fires. A task that was not sent by then is not enqueued. One that was sent may
   * have been accepted. The message says which.
   */
  readonly signal?: AbortSignal;
  /**
   * Gives up after this time. The code is `broker_unavailable` when the task was not sent or the store knows that it
   * wrote nothing, `deadline_exceeded` when the task may have been accepted. More than 0.
   */
  readonly within?: Duration;
}

/** How long the caller is ready to wait for a result. */
export interface WaitOptions {
  /** Gives up with `cancelled` when it fires. The task goes on. */
  readonly signal?: AbortSignal;
  /** Gives up with `deadline_exceeded` after this time. The task goes on. More than 0. Default 30 seconds. */
  readonly within?: Duration;
}

/** What became of one request of many. */
export type EnqueueResult =
  | { readonly ok: true; readonly task: EnqueuedTask }
  | { readonly ok: false; readonly error: HikyakuError };

/**
 * The store should be done with a batch within about two milliseconds, so that no other client waits longer for its
 * turn.
 */
const maxBatchItems = 256;
const maxBatchBytes = 262_144;
/**
 * The store works on one batch, another is on its way to it, and a third one's answers are handed out. All travel on
 * one connection, which keeps tasks in the order of their calls.
 */
const maxBatchesInFlight = 3;
/** How many batches of `enqueueMany` wait or are on their way: the second is sent as soon as the first is answered. */
const maxChunksAhead = 2;

const defaultWithinMs = 5_000;
const defaultWaitMs = 30_000;

/** What requests that start together share. */
interface Starting {
  readonly call: EnqueueCall;
  readonly deadline: number;
  /** On the clock's monotonic scale, as the deadline. */
  readonly startedAt: number;
  readonly preparation: Preparation;
  readonly answers: Answers;
}

const callOptionNames: ReadonlySet<string> = new Set<keyof EnqueueCallOptions>(["signal", "within"]);
/** Refused like any other request that no definition made. */
const noRequest: EnqueueRequest = Object.freeze({ task: undefined, payload: undefined, options: undefined }) as never;
const closeOptionNames: ReadonlySet<string> = new Set(["within"]);
const clientOptionNames: ReadonlySet<string> = new Set<keyof ClientOptions>([
  "broker",
  "clock",
  "within",
  "maxPayloadBytes",
  "statistics",
]);

/**
 * Enqueues tasks. One client serves a whole process: calls that come while an earlier one is on its way share the next
 * trip to the store. Safe to use from many places at once.
 */
export class Client implements AsyncDisposable {
  readonly #broker: ClientBroker;
  readonly #clock: Clock;
  readonly #ids: TaskIds;
  readonly #batcher: EnqueueBatcher;
  readonly #waits: ResultWaits;
  readonly #withinMs: number;
  readonly #maxPayloadBytes: number;
  readonly #statistics: ClientStatistics | undefined;
  #callsUnderWay = 0;
  #whenIdle: (() => void) | undefined;
  #closing: Promise<void> | undefined;
  readonly #ending = new AbortController();
  #abandoned = false;

  /** @throws HikyakuError `invalid_option`. */
  constructor(options: ClientOptions) {
    refuseUnknownOptions("Client", options, clientOptionNames);
    const {
      broker,
      clock = systemClock,
      within,
      maxPayloadBytes = defaultMaxPayloadBytes,
      statistics = true,
    } = options;
    if (typeof broker?.enqueue !== "function") {
      throw new HikyakuError("invalid_option", `option "broker": expected a broker, got ${shown(broker)}`);
    }
    checkClock(clock);
    this.#broker = broker;
    this.#clock = clock;
    this.#waits = new ResultWaits(broker, clock);
    this.#ids = taskIdsOf(clock);
    this.#withinMs = within === undefined ? defaultWithinMs : withinMs(within);
    this.#maxPayloadBytes = checkedMaxPayloadBytes(maxPayloadBytes);
    this.#statistics = checkedFlag("statistics", statistics) ? new ClientStatistics(broker, clock) : undefined;
    this.#batcher = new EnqueueBatcher({
      broker,
      clock,
      maxItems: maxBatchItems,
      maxBytes: maxBatchBytes,
      maxInFlight: maxBatchesInFlight,
      onAnswer: this.#statistics && ((batch, outcomes) => this.#statistics?.answered(batch, outcomes)),
    });
  }

  /**
   * Enqueues one task and resolves when the store has it. Rejects with a HikyakuError:
   * - `invalid_option`, `invalid_payload`: nothing was sent;
   * - `task_exists`: an equal unique task is there; `task_id_taken`: the queue has a task of that id;
   * - `broker_unavailable`, `store_rejected`: the store is away, or answered with an error of its own; nothing was stored;
   * - `answer_lost`: the connection broke during the call: the task may be stored or not;
   * - `not_acknowledged`: the task is stored, but not as safely as the broker was asked to; the message says what to do;
   * - `deadline_exceeded`: the task may be stored or not; `cancelled`: the message says whether it may be;
   * - `closed`: the client was closed; the message says whether the task may be stored.
   */
  enqueue<Payload extends StandardSchemaV1, Result extends StandardSchemaV1>(
    task: TaskDefinition<Payload, Result>,
    ...args: EnqueueArguments<StandardSchemaV1.InferInput<Payload>, EnqueueOptions & EnqueueCallOptions>
  ): Promise<EnqueuedTask<StandardSchemaV1.InferOutput<Result>>> {
    return new Promise((resolve, reject) => {
      const [payload, options] = args;
      if (options === undefined) {
        const call = this.#begin(undefined, this.#withinMs);
        this.#enqueueOne(call, { task, payload, options }, resolve, reject);
      } else {
        if (typeof options !== "object" || options === null) refuseUnknownOptions("enqueue", options, callOptionNames);
        const { signal, within, ...taskOptions } = options;
        const call = this.#begin(signal, within === undefined ? this.#withinMs : withinMs(within));
        this.#enqueueOne(call, { task, payload, options: taskOptions }, resolve, reject);
      }
    });
  }

  /**
   * Enqueues many tasks in as few trips to the store as its bounds allow. At most a few hundred are under way at a
   * time, so that other calls get their turn between. Resolves with one result per request, in order; requests fail one
   * by one. `within` limits the whole call; without it each part has the client's own limit. Rejects with
   * `invalid_option` or `closed` when the whole call can't be made.
   */
  async enqueueMany(
    requests: readonly EnqueueRequest[],
    options: EnqueueCallOptions = {},
  ): Promise<readonly EnqueueResult[]> {
    refuseUnknownOptions("enqueueMany", options, callOptionNames);
    if (!Array.isArray(requests)) {
      throw new HikyakuError("invalid_option", `enqueueMany: expected an array of requests, got ${shown(requests)}`);
    }
    const { signal, within } = options;
    const call = this.#begin(signal, within === undefined ? Number.POSITIVE_INFINITY : withinMs(within));
    const results: EnqueueResult[] = new Array(requests.length);
    try {
      const underWay: Promise<void>[] = [];
      for (let start = 0; start < requests.length; start += maxBatchItems) {
        if (underWay.length === maxChunksAhead) await underWay.shift();
        // The earlier part is written now, so that the store works on it while this part is made.
        if (start > 0 && this.#broker.pacing === "apart") await eventLoopTurn();
        underWay.push(this.#enqueueChunk(call, requests, start, results));
      }
      await Promise.all(underWay);
    } finally {
      this.#end(call);
    }
    return results;
  }

  /**
   * The result of a task that has completed, parsed by its definition's schema. Rejects with a HikyakuError:
   * - `wrong_state`: it has not completed yet;
   * - `task_archived`: it has no result, and gets none unless somebody runs it again; the message says why;
   * - `task_not_found`: it was removed, or its retention is over;
   * - `invalid_option`: the task has no retention, or can't be told from what was given;
   * - `invalid_payload`: its result does not fit the schema;
   * - `broker_unavailable`, `deadline_exceeded`, `closed` and others as for `enqueue`.
   */
  result<Result>(task: EnqueuedTask<Result>): Promise<Result>;
  result<Result extends StandardSchemaV1>(task: NamedTask<Result>): Promise<StandardSchemaV1.InferOutput<Result>>;
  async result(task: unknown): Promise<unknown> {
    const named = namedTask("result", task);
    this.#mustBeOpen("nothing was read");
    const [entry] = await this.#broker.get(named.queue, [named.id], this.#limit("result"));
    const look = lookAtResult("result", named, entry);
    if (look.kind === "completed") return parsedResult(named, look.result);
    throw new HikyakuError(
      "wrong_state",
      `task ${shown(named.id)} of queue "${named.queue}" has no result yet, it is ${look.state}; use waitForResult to wait`,
    );
  }

  /**
   * Waits for a task's result. Looks at the task at once, then again after pauses that grow from 50 ms to a second. All
   * waits of a client share their looks. A store that is away is waited for. Rejects as `result` does, and with
   * `deadline_exceeded` when the time is over and `cancelled` when the signal fired.
   */
  waitForResult<Result>(task: EnqueuedTask<Result>, options?: WaitOptions): Promise<Result>;
  waitForResult<Result extends StandardSchemaV1>(
    task: NamedTask<Result>,
    options?: WaitOptions,
  ): Promise<StandardSchemaV1.InferOutput<Result>>;
  async waitForResult(task: unknown, options: WaitOptions = {}): Promise<unknown> {
    refuseUnknownOptions("waitForResult", options, callOptionNames);
    const named = namedTask("waitForResult", task);
    const timeMs = options.within === undefined ? defaultWaitMs : withinMs(options.within);
    const signal = checkedSignal(options.signal);
    this.#mustBeOpen("nothing was waited for");
    return this.#waits.wait(named, timeMs, signal);
  }

  /**
   * What the handler of a task said last of how far it is, while it runs and after. Undefined when it said nothing.
   * @throws HikyakuError `task_not_found`: it was removed; a task without a retention is as soon as it is done. As
   * `result` otherwise.
   */
  async progress(task: TaskPlace): Promise<TaskProgress | undefined> {
    const place = taskPlaceOf(task);
    this.#mustBeOpen("nothing was read");
    return readTaskProgress(this.#broker, place, this.#limit("progress"));
  }

  /** What the handlers of a task said by `context.log`. Throws as `progress`, and `invalid_option`. */
  async log(task: TaskPlace, options: TaskLogOptions = {}): Promise<TaskLogPage> {
    const place = taskPlaceOf(task);
    this.#mustBeOpen("nothing was read");
    return readTaskLog(this.#broker, place, options, this.#limit("log"));
  }

  /**
   * Cancels a task. A waiting task is archived. The handler of a running task is asked to stop, on any server; it and
   * the server's option `cancelledTasks` decide what follows. A task of the same id in another queue goes on, unless
   * Asynq's worker runs this one.
   *
   * Given only an id, it asks all running tasks of that id, in any queue, and does nothing else.
   * @throws HikyakuError `task_not_found`; `wrong_state` when it has completed or is being aggregated; as `enqueue`.
   */
  async cancel(task: string | { readonly queue: string; readonly id: string }): Promise<CancelAnswer> {
    this.#mustBeOpen("nothing was cancelled");
    const call = this.#limit("cancel");
    if (typeof task !== "string") {
      const { queue, id } = taskPlaceOf(task);
      return cancelTask(this.#broker, queue, id, call);
    }
    await this.#broker.send({ kind: "cancel", taskId: task }, call);
    return "signalled";
  }

  /**
   * What happens to tasks and servers from now on, as it happens. Events are told only while somebody watches, and only
   * by programs with this library; all of them know within five seconds that somebody does. A `gap` says that so many
   * are missing, a `reset` that some may be. Ends when its signal fires, when the client or its broker is closed, and
   * when its reader leaves the loop. While the store is away, it waits. All who watch on one broker share its reading.
   * @throws HikyakuError `invalid_option`; `closed`. The iteration fails with `store_rejected` when the store lets
   * nobody watch.
   */
  events(options: WatchOptions = {}): AsyncIterableIterator<WatchedEvent, undefined> {
    this.#mustBeOpen("nothing is watched");
    return eventHubOf(this.#broker, this.#clock).watch(options, this.#ending.signal);
  }

  /**
   * Refuses new calls with `closed` and waits for calls under way. Those that last longer than `within` (default 5
   * seconds) fail with `closed`; waits for results fail at once. The broker stays open. Closing again gives the same
   * promise.
   */
  close(options: { readonly within?: Duration } = {}): Promise<void> {
    refuseUnknownOptions("Client.close", options, closeOptionNames);
    this.#closing ??= this.#finish(options.within === undefined ? defaultWithinMs : withinMs(options.within));
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #begin(signal: AbortSignal | undefined, timeMs: number): EnqueueCall {
    const call = new EnqueueCall(signal, this.#clock.monotonic() + timeMs);
    this.#mustBeOpen("nothing was enqueued");
    if (signal !== undefined) call.listen(() => this.#batcher.cancel(call));
    this.#callsUnderWay += 1;
    return call;
  }

  /** For all that a method asks of the store together. */
  #limit(method: string): CallOptions {
    const text = `${method}: not done within ${this.#withinMs} ms; what was asked of the store before is done, nothing more was asked`;
    const late = (): HikyakuError => new HikyakuError("deadline_exceeded", text);
    return callUntil(this.#clock.monotonic() + this.#withinMs, this.#clock, undefined, late);
  }

  #mustBeOpen(otherwise: string): void {
    if (this.#closing !== undefined) throw new HikyakuError("closed", `the client is closed: ${otherwise}`);
  }

  #end(call: EnqueueCall): void {
    call.release();
    this.#callsUnderWay -= 1;
    if (this.#callsUnderWay === 0) this.#whenIdle?.();
  }

  /** Calls exactly one of `accepted` and `refused`, once. */
  #enqueueOne(
    call: EnqueueCall,
    request: EnqueueRequest,
    accepted: (task: EnqueuedTask) => void,
    refused: (error: HikyakuError) => void,
  ): void {
    const put = (_index: number, answer: EnqueuedTask | HikyakuError): void => {
      this.#end(call);
      if (answer instanceof HikyakuError) refused(answer);
      else accepted(answer);
    };
    this.#start(this.#starting(call, call.deadline, this.#clock.monotonic(), { put }), request, 0);
  }

  #enqueueChunk(
    call: EnqueueCall,
    requests: readonly EnqueueRequest[],
    start: number,
    results: EnqueueResult[],
  ): Promise<void> {
    const end = Math.min(start + maxBatchItems, requests.length);
    const startedAt = this.#clock.monotonic();
    const deadline = Math.min(call.deadline, startedAt + this.#withinMs);
    return new Promise((resolve) => {
      let open = end - start;
      const put = (index: number, answer: EnqueuedTask | HikyakuError): void => {
        results[index] = answer instanceof HikyakuError ? { ok: false, error: answer } : { ok: true, task: answer };
        open -= 1;
        if (open === 0) resolve();
      };
      const starting = this.#starting(call, deadline, startedAt, { put });
      for (let index = start; index < end; index++) this.#start(starting, requests[index], index);
    });
  }

  #starting(call: EnqueueCall, deadline: number, startedAt: number, answers: Answers): Starting {
    const preparation = {
      now: this.#clock.now(),
      newId: this.#ids,
      areIdsNew: true,
      maxPayloadBytes: this.#maxPayloadBytes,
      maxPayloadOption: "the client's maxPayloadBytes",
    };
    return { call, deadline, startedAt, preparation, answers };
  }

  /** Checks, encodes and hands one request to the batcher; puts one answer, whatever happens. Never throws. */
  #start(starting: Starting, request: EnqueueRequest | undefined, index: number): void {
    const { call, deadline, startedAt, preparation, answers } = starting;
    try {
      refuseOtherParts("request to enqueue", request);
      const { task, payload, options } = request ?? noRequest;
      const prepared = prepareTask(task, payload, options, preparation);
      if (prepared instanceof Promise) {
        prepared.then(
          (ready) => this.#hand(new ReadyRequest(ready, call, deadline, answers, index), this.#clock.monotonic()),
          (error: unknown) => answers.put(index, asHikyakuError(error)),
        );
      } else {
        this.#hand(new ReadyRequest(prepared, call, deadline, answers, index), startedAt);
      }
    } catch (error) {
      answers.put(index, asHikyakuError(error));
    }
  }

  #hand(request: ReadyRequest, now: number): void {
    const tooLate = this.#tooLate(request, now);
    if (tooLate === undefined) this.#batcher.add(request);
    else request.refuse(tooLate);
  }

  /** What ended the call while its payload was tested, or while earlier parts of it were sent. */
  #tooLate({ call, deadline, item }: ReadyRequest, now: number): HikyakuError | undefined {
    const text = (why: string): string => `${why} before task "${item.message.id}" was sent: it was not enqueued`;
    if (this.#abandoned) return new HikyakuError("closed", text("the client was closed"));
    if (call.signal?.aborted === true) return new HikyakuError("cancelled", text("the caller's signal fired"));
    if (deadline > now) return undefined;
    return new HikyakuError("deadline_exceeded", text("the time given to the call ran out"));
  }

  async #finish(timeMs: number): Promise<void> {
    this.#waits.close();
    this.#ending.abort();
    if (this.#callsUnderWay > 0) {
      const idle = new AbortController();
      this.#whenIdle = () => idle.abort();
      await sleep(this.#clock, timeMs, idle.signal);
    }
    this.#abandoned = true;
    this.#batcher.abandon();
    await this.#statistics?.close(timeMs);
  }
}

function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function withinMs(within: Duration): number {
  const ms = durationMs("within", within);
  if (ms > 0) return ms;
  throw new HikyakuError("invalid_option", `option "within": expected more than 0, got ${shown(within)}`);
}

function asHikyakuError(thrown: unknown): HikyakuError {
  if (isHikyakuError(thrown)) return thrown;
  return new HikyakuError("invalid_payload", `the task can't be prepared: ${errorText(thrown)}`, { cause: thrown });
}
