import type { AggregationSet, GroupFacet } from "../../broker/group-facet.ts";
import type { TaskMessage } from "../../broker/task-message.ts";
import { refuseOtherParts } from "../../enqueue/enqueue-request.ts";
import { type PreparedTask, prepareTask } from "../../enqueue/enqueued-task.ts";
import { errorText, HikyakuError, isHikyakuError, isStoreAway } from "../../errors.ts";
import { shown } from "../../option-names.ts";
import { Backoff, type Random } from "../../runtime/backoff.ts";
import { type Clock, sleep } from "../../runtime/clock.ts";
import { type Logger, withFields } from "../../runtime/logger.ts";
import type { StatisticsTally } from "../../statistics/statistics-tally.ts";
import { parsePayload } from "../../task/payload.ts";
import { payloadTooLarge } from "../../task/payload-size.ts";
import type { EnqueueRequest } from "../../task/task.ts";
import type { ReportFailure } from "../handling/failed-attempt.ts";
import { logOutcome } from "../handling/outcome-lines.ts";
import { isRevoke, isSkipRetry, SkipRetry } from "../handling/verdict-errors.ts";
import type { GroupedTask, RegisteredAggregator } from "./aggregate-functions.ts";

export interface SetAggregationOptions {
  readonly broker: Pick<GroupFacet, "finish" | "archiveMembers" | "putBack">;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** For lines about single tasks. */
  readonly taskLog: Logger;
  /** Undefined: nobody counts. */
  readonly statistics: StatisticsTally | undefined;
  /** Called for each task that is archived. */
  readonly reportFailure: ReportFailure;
  /** The limit of the one task. If it is larger, it is not made and the tasks are archived. */
  readonly maxPayloadBytes: number;
}

const payloadOption = "the server's maxPayloadBytes, or take fewer with maxSize";

/** Why a set did not become a task. The set was put back, unless others have it by now. */
export interface AggregationFailure {
  readonly error: unknown;
}

/**
 * Takes one set through its function. In the end each task is in exactly one place: made into the one task, archived,
 * dropped because the function said so, or back in its group. The set's deadline puts it back when nobody else can.
 */
export class SetAggregation {
  readonly #options: SetAggregationOptions;
  readonly #set: AggregationSet;
  readonly #aggregator: RegisteredAggregator;
  readonly #logger: Logger;
  readonly #stop = new AbortController();

  constructor(options: SetAggregationOptions, set: AggregationSet, aggregator: RegisteredAggregator) {
    this.#options = options;
    this.#set = set;
    this.#aggregator = aggregator;
    this.#logger = withFields(options.logger, { queue: set.queue, group: set.group });
  }

  /** Ends the function's time now, because the server stops. */
  abort(): void {
    this.#stop.abort(this.#reason("closed", "the server stops; the tasks are put back"));
  }

  /** Never throws. Undefined when all went well. */
  async run(): Promise<AggregationFailure | undefined> {
    try {
      return await this.#finish(await this.#withinTime(() => this.#makeOne()));
    } catch (error) {
      try {
        if (isRevoke(error)) return await this.#revokeAll(errorText(error));
        if (isSkipRetry(error)) return await this.#archiveAll(error);
      } catch (later) {
        return this.#putBack(later);
      }
      return this.#putBack(error);
    }
  }

  /** The tasks with their payloads. A task whose payload does not fit is archived: it will not fit next time either. */
  async #parsed(): Promise<GroupedTask[]> {
    const { type: expected, definition } = this.#aggregator;
    const tasks: GroupedTask[] = [];
    const unusable: { message: TaskMessage; error: unknown }[] = [];
    for (const message of this.#set.messages) {
      const { type, id: taskId, headers } = message;
      if (expected !== undefined && type !== expected) {
        throw new HikyakuError(
          "invalid_option",
          `the aggregate function of this group is for tasks of type "${expected}", and the group holds task ${taskId} ` +
            `of type "${type}"; keep groups of different types apart by their names, or use aggregateRaw`,
        );
      }
      try {
        tasks.push({ payload: await parsePayload(definition, message.payload), type, taskId, headers });
      } catch (error) {
        if (!isHikyakuError(error, "invalid_payload")) throw error;
        unusable.push({ message, error });
      }
    }
    if (unusable.length > 0) {
      await this.#archive(unusable);
    }
    return tasks;
  }

  /** Calls the function and prepares its answer. Undefined when no task is left. */
  async #makeOne(): Promise<PreparedTask | undefined> {
    const { clock, maxPayloadBytes } = this.#options;
    const { queue, group, setId } = this.#set;
    const deadline = new Date(clock.now() + this.#aggregator.timeoutMs);
    const tasks = await this.#parsed();
    if (tasks.length === 0) return undefined;
    const context = { queue, group, tasks, deadline, signal: this.#stop.signal, logger: this.#logger };
    const request = checkedRequest(await this.#aggregator.run(context));
    const noLimit = { maxPayloadBytes: Number.MAX_SAFE_INTEGER, maxPayloadOption: undefined };
    const preparation = { now: clock.now(), newId: () => setId, areIdsNew: false, ...noLimit };
    const prepared = await prepareTask(request.task, request.payload, { ...request.options, queue }, preparation);
    const bytes = prepared.item.message.payload?.length ?? 0;
    if (bytes <= maxPayloadBytes) return prepared;
    // It would be as large the next time: if the tasks went back, their group would be stuck for ever.
    const tooLarge = payloadTooLarge("payload of the aggregated task", bytes, maxPayloadBytes, payloadOption);
    throw new SkipRetry(tooLarge.message, { cause: tooLarge });
  }

  /** Rejects when the time is over, or the server stops, whether or not the work notices it. */
  async #withinTime<Value>(work: () => Promise<Value>): Promise<Value> {
    const { timeoutMs } = this.#aggregator;
    const { signal } = this.#stop;
    signal.throwIfAborted();
    const timer = this.#options.clock.setTimer(
      () =>
        this.#stop.abort(this.#reason("deadline_exceeded", `its aggregate function took longer than ${timeoutMs} ms`)),
      timeoutMs,
    );
    const stopped = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    try {
      return await Promise.race([work(), stopped]);
    } finally {
      timer.cancel();
    }
  }

  /**
   * Repeated while the set is ours, since an answer may be lost on its way. After a repeat, `lost` may mean that it was
   * done.
   */
  async #finish(prepared: PreparedTask | undefined): Promise<undefined> {
    const { broker, clock, random, statistics } = this.#options;
    const backoff = new Backoff(100, 2_000, random);
    let unanswered = false;
    for (;;) {
      try {
        const answer = await broker.finish(this.#set, prepared?.item);
        if (answer.kind === "refused") throw refusal(answer.outcome);
        if (answer.kind === "finished" && prepared !== undefined) {
          statistics?.enqueued(prepared.item.message, clock.now());
        }
        if (answer.kind === "lost" && !unanswered) {
          this.#logger.warn("a group was aggregated too late: others have taken its tasks back", {
            tasks: this.#set.messages.length,
          });
        }
        return undefined;
      } catch (error) {
        const pauseMs = backoff.next();
        if (!isStoreAway(error) || this.#stop.signal.aborted || clock.now() + pauseMs >= this.#set.deadlineAt)
          throw error;
        unanswered = true;
        await sleep(clock, pauseMs, this.#stop.signal);
      }
    }
  }

  async #archiveAll(error: unknown): Promise<undefined> {
    const { messages } = this.#set;
    await this.#archive(messages.map((message) => ({ message, error })));
    return this.#finish(undefined);
  }

  async #archive(members: readonly { readonly message: TaskMessage; readonly error: unknown }[]): Promise<void> {
    const { broker, clock, taskLog, statistics, reportFailure } = this.#options;
    const { group } = this.#set;
    await broker.archiveMembers(
      this.#set,
      members.map(({ message, error }) => ({ message, error: errorText(error) })),
    );
    for (const { message, error } of members) {
      logOutcome(taskLog, message, { kind: "archived", error: errorText(error) }, { group });
      statistics?.archivedFromGroup(message, clock.now());
      reportFailure(error, message, "archived");
    }
  }

  async #revokeAll(error: string): Promise<undefined> {
    const { group, messages } = this.#set;
    await this.#finish(undefined);
    for (const message of messages) logOutcome(this.#options.taskLog, message, { kind: "done" }, { group, error });
  }

  async #putBack(error: unknown): Promise<AggregationFailure> {
    try {
      await this.#options.broker.putBack(this.#set);
    } catch (thrown) {
      this.#logger.warn("could not put the tasks of a group back; they return by themselves at the deadline", {
        deadline: new Date(this.#set.deadlineAt).toISOString(),
        error: errorText(thrown),
      });
    }
    return { error };
  }

  #reason(code: "closed" | "deadline_exceeded", text: string): HikyakuError {
    return new HikyakuError(code, `group "${this.#set.group}" of queue "${this.#set.queue}": ${text}`);
  }
}

function checkedRequest(answer: unknown): EnqueueRequest {
  if (typeof answer === "object" && answer !== null && "task" in answer && "payload" in answer) {
    refuseOtherParts("the aggregate function", answer);
    return answer as EnqueueRequest;
  }
  throw new HikyakuError(
    "invalid_option",
    `the aggregate function: expected one task, such as definition.with(payload), got ${shown(answer)}; ` +
      "to drop the tasks, throw Revoke",
  );
}

type Refused = Extract<Awaited<ReturnType<GroupFacet["finish"]>>, { kind: "refused" }>["outcome"];

function refusal(outcome: Refused): HikyakuError {
  switch (outcome.kind) {
    case "failed":
      return outcome.error;
    case "id_taken":
      return new HikyakuError("task_id_taken", "the queue has a task of the aggregated one's id already");
    case "duplicate":
      return new HikyakuError(
        "task_exists",
        `a unique task equal to the aggregated one is in the queue already: task "${outcome.ownerId}"`,
      );
  }
}
