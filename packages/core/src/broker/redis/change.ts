import { decodeTaskMessage, encodeTaskMessage } from "../../codec/task-codec.ts";
import { errorText, HikyakuError } from "../../errors.ts";
import type { CallOptions } from "../call-options.ts";
import { checkChange, clockMarginMs } from "../change-check.ts";
import type {
  Change,
  ChangeAnswer,
  ChangeFacet,
  ChangeOutcome,
  EditOutcome,
  EditPayloadRequest,
  RemoveQueueAnswer,
  RemoveQueueRequest,
  RescheduleOutcome,
  RescheduleRequest,
  Selection,
} from "../change-facet.ts";
import type { TaskMessage } from "../task-message.ts";
import { dueSoonerChannel, type QueueKeys, queueKeys, uniqueLockKey } from "./keys.ts";
import { changeLua, editPayloadLua, rescheduleLua } from "./lua/generated.ts";
import { QueueRemoval } from "./queue-removal.ts";
import { nanoseconds, type RedisContext, secondAtOrAfter, wholeSeconds } from "./redis-context.ts";
import { runCommand, runScript, script } from "./run-script.ts";
import { list, text } from "./wire/reply.ts";

const changeScript = script(changeLua, "list");
const editScript = script(editPayloadLua, "text");
const rescheduleScript = script(rescheduleLua, "text");

/** To take a task out of the middle of a list, Redis walks along it. One script walks no further than this. */
const mostSearched = 100_000;

export class RedisChange implements ChangeFacet {
  readonly #context: RedisContext;
  readonly #removal: QueueRemoval;

  /** `onRemoved` is called for each queue that is gone, so that its next task makes it known again. */
  constructor(context: RedisContext, onRemoved: (queue: string) => void) {
    this.#context = context;
    this.#removal = new QueueRemoval(context, this, onRemoved);
  }

  async change(selection: Selection, change: Change, limit: number, call?: CallOptions): Promise<ChangeAnswer> {
    checkChange(selection, change, limit);
    if (selection.kind === "ids") return this.#changeIds(selection, change, limit, call);
    const { outcomes, changed, more } = await this.#run(selection, change, limit, [], call);
    return { outcomes, changed, more };
  }

  async editPayload(
    { queue, taskId, payload, before: expected }: EditPayloadRequest,
    call?: CallOptions,
  ): Promise<EditOutcome> {
    const keys = queueKeys(queue);
    const before = await runCommand(this.#context.connection, ["HGET", keys.task + taskId, "msg"], call);
    if (!Buffer.isBuffer(before)) return "not_found";
    const message = decoded(queue, taskId, before);
    if (expected !== undefined && !isSame(message.payload, expected)) return "conflict";
    const hasLock = message.uniqueKey.startsWith(keys.unique);
    const lock = hasLock ? uniqueLockKey(keys, message.type, payload) : keys.unique;
    const after = { ...message, payload, uniqueKey: hasLock ? lock : message.uniqueKey };
    const outcome = await runScript(
      this.#context.connection,
      editScript,
      [keys.task + taskId, keys.lease, keys.aggregationSets, hasLock ? message.uniqueKey : keys.unique, lock],
      [taskId, keys.group, this.#surelyOver(), before, encodeTaskMessage(after), hasLock ? "1" : "0"],
      call,
    );
    return text(outcome) as EditOutcome;
  }

  async reschedule({ queue, taskId, at }: RescheduleRequest, call?: CallOptions): Promise<RescheduleOutcome> {
    const keys = queueKeys(queue);
    const outcome = await runScript(
      this.#context.connection,
      rescheduleScript,
      [
        keys.pending,
        keys.lease,
        keys.scheduled,
        keys.retry,
        keys.archived,
        keys.groups,
        keys.due,
        keys.aggregationSets,
      ],
      [
        keys.task,
        keys.group,
        taskId,
        this.#surelyOver(),
        String(secondAtOrAfter(at)),
        String(Math.ceil(at)),
        String(wholeSeconds(this.#context.clock.now())),
        keys.queue,
        dueSoonerChannel,
      ],
      call,
    );
    return text(outcome) as RescheduleOutcome;
  }

  async releaseLock(
    {
      queue,
      type,
      payload,
    }: { readonly queue: string; readonly type: string; readonly payload: Uint8Array | undefined },
    call?: CallOptions,
  ): Promise<string | undefined> {
    const lock = uniqueLockKey(queueKeys(queue), type, payload);
    return text(await runCommand(this.#context.connection, ["GETDEL", lock], call));
  }

  removeQueue(queue: string, request: RemoveQueueRequest, call?: CallOptions): Promise<RemoveQueueAnswer> {
    return this.#removal.step(queue, request, call);
  }

  async #changeIds(
    selection: Selection & { kind: "ids" },
    change: Change,
    limit: number,
    call: CallOptions | undefined,
  ): Promise<ChangeAnswer> {
    const outcomes: ChangeAnswer["outcomes"][number][] = [];
    let changed = 0;
    let from = 0;
    while (from < selection.taskIds.length) {
      const slice = await this.#run(selection, change, limit, selection.taskIds.slice(from, from + limit), call);
      outcomes.push(...slice.outcomes);
      changed += slice.changed;
      from += slice.seen;
    }
    return { outcomes, changed, more: false };
  }

  async #run(
    selection: Selection,
    change: Change,
    limit: number,
    taskIds: readonly string[],
    call: CallOptions | undefined,
  ): Promise<ChangeAnswer & { seen: number }> {
    const keys = queueKeys(selection.queue);
    const now = this.#context.clock.now();
    const ofState = selection.kind === "state";
    const answer = await runScript(
      this.#context.connection,
      changeScript,
      [
        keys.pending,
        keys.active,
        keys.lease,
        keys.scheduled,
        keys.retry,
        keys.archived,
        keys.completed,
        keys.groups,
        keys.due,
        keys.aggregationSets,
        ofState ? containerOf(keys, selection) : keys.pending,
      ],
      [
        keys.task,
        keys.group,
        keys.unique,
        change,
        String(wholeSeconds(now)),
        nanoseconds(now),
        this.#surelyOver(),
        selection.state ?? "",
        ofState && selection.state === "aggregating" ? (selection.group ?? "") : "",
        String(ofState ? limit : 0),
        String(mostSearched),
        ...taskIds,
      ],
      call,
    );
    const [seen, changed, words, more] = list(answer);
    const pairs = list(words).map((word) => text(word) ?? "");
    const outcomes: ChangeAnswer["outcomes"][number][] = [];
    for (let index = 0; index < pairs.length; index += 2) {
      outcomes.push({ taskId: pairs[index] ?? "", outcome: pairs[index + 1] as ChangeOutcome });
    }
    return { outcomes, changed: Number(changed), more: more === 1, seen: Number(seen) };
  }

  /** A lease that ended up to this second is over by every clock. */
  #surelyOver(): string {
    return String(wholeSeconds(this.#context.clock.now() - clockMarginMs));
  }
}

function isSame(stored: Uint8Array | undefined, expected: Uint8Array): boolean {
  return Buffer.from(stored ?? []).equals(expected);
}

function containerOf(keys: QueueKeys, { state, group }: Selection & { kind: "state" }): string {
  return state === "aggregating" ? keys.group + (group ?? "") : keys[state];
}

function decoded(queue: string, taskId: string, bytes: Buffer): TaskMessage {
  try {
    return decodeTaskMessage(bytes);
  } catch (error) {
    throw new HikyakuError(
      "corrupt_data",
      `task "${taskId}" of queue "${queue}" can't be edited, because it can't be read: ${errorText(error)}`,
      { cause: error },
    );
  }
}
