import { HikyakuError, isHikyakuError } from "../../errors.ts";
import type { CallOptions } from "../call-options.ts";
import type { EnqueueFacet, EnqueueItem, EnqueueOutcome } from "../enqueue-facet.ts";
import { besideMessage } from "./beside-message.ts";
import type { Durability } from "./durability.ts";
import { allQueuesKey, dueSoonerChannel, type QueueKeys, queueKeys, uniqueLockKey } from "./keys.ts";
import { enqueueLua } from "./lua/generated.ts";
import { NewTasks } from "./new-tasks.ts";
import { Pack } from "./pack.ts";
import {
  byQueue,
  nanoseconds,
  type QueueShare,
  type RedisContext,
  secondAtOrAfter,
  wholeSeconds,
} from "./redis-context.ts";
import { runCommand, runScript, script } from "./run-script.ts";
import type { Argument, Reply } from "./wire/link.ts";
import { list } from "./wire/reply.ts";

const enqueueScript = script(enqueueLua, "list");

/** With so many items, one script takes less than some 2 ms. */
const mostItems = 256;
const mostBytes = 256 * 1024;

/**
 * Names vanish from the list of queues when somebody removes a queue or flushes the store. So they are added again and
 * again.
 */
const publishAgainMs = 300_000;

const scheduledFlag = 1;
const groupFlag = 2;
const uniqueFlag = 4;
const exactFlag = 8;

export class RedisEnqueue implements EnqueueFacet {
  readonly #context: RedisContext;
  readonly #newTasks: NewTasks;
  readonly #publishedAt = new Map<string, number>();

  constructor(context: RedisContext) {
    this.#context = context;
    this.#newTasks = new NewTasks(context.connection);
  }

  async enqueue(items: readonly EnqueueItem[], call?: CallOptions): Promise<readonly EnqueueOutcome[]> {
    const outcomes: EnqueueOutcome[] = new Array(items.length);
    const shares = byQueue(items, (item) => item.message.queue, mostItems);
    await Promise.all(shares.map((share) => this.#enqueueShare(share, outcomes, call)));
    return outcomes;
  }

  /** Adds the queue's name again with its next task. */
  forget(queue: string): void {
    this.#publishedAt.delete(queue);
  }

  /** Splits a share again by bytes. The parts go one after the other, so that order is kept. */
  async #enqueueShare(
    share: QueueShare<EnqueueItem>,
    outcomes: EnqueueOutcome[],
    call: CallOptions | undefined,
  ): Promise<void> {
    const { items, positions } = share;
    const { durability, clock } = this.#context;
    const keys = queueKeys(share.queue);
    this.#publish(share.queue, call);
    let areNew = durability === undefined && this.#newTasks.suits(items);
    let from = 0;
    try {
      while (from < items.length) {
        if (areNew) {
          const to = await this.#newTasks.write(keys, items, from, clock.now(), call);
          accept(share, from, to, outcomes);
          // When the server refused the whole transaction, the script tries: it may be able to write, or says why not.
          areNew = to > from;
          from = to;
        } else {
          from = await this.#runOn(keys, share, from, outcomes, call);
        }
      }
    } catch (error) {
      const failure = isHikyakuError(error)
        ? error
        : new HikyakuError("store_rejected", `enqueueing failed: ${String(error)}`, { cause: error });
      for (let index = from; index < items.length; index++) {
        outcomes[positions[index] ?? 0] = { kind: "failed", error: failure };
      }
    }
  }

  /** Runs one script on as many items as it may hold. Returns where the rest begins. */
  async #runOn(
    keys: QueueKeys,
    share: QueueShare<EnqueueItem>,
    from: number,
    outcomes: EnqueueOutcome[],
    call: CallOptions | undefined,
  ): Promise<number> {
    const { items, positions } = share;
    const { durability } = this.#context;
    const { args, to } = this.#pack(keys, items, from);
    const { answer, lack } =
      durability === undefined
        ? { answer: await this.#run(keys, args, call), lack: undefined }
        : await this.#runAcknowledged(durability, keys, args, to - from, call);
    if (lack !== undefined) {
      for (let index = from; index < to; index++) outcomes[positions[index] ?? 0] = { kind: "failed", error: lack };
      return to;
    }
    accept(share, from, to, outcomes);
    const refused = list(answer);
    for (let index = 0; index < refused.length; index += 2) {
      const position = positions[from + Number(refused[index])] ?? 0;
      const item = items[from + Number(refused[index])];
      if (item !== undefined) outcomes[position] = refusal(item, refused[index + 1]);
    }
    return to;
  }

  #run(keys: QueueKeys, packed: Buffer, call: CallOptions | undefined): Promise<Reply> {
    return runScript(this.#context.connection, enqueueScript, scriptKeys(keys), this.#args(keys, packed), call);
  }

  async #runAcknowledged(
    durability: Durability,
    keys: QueueKeys,
    packed: Buffer,
    count: number,
    call: CallOptions | undefined,
  ): Promise<{ answer: Reply; lack: HikyakuError | undefined }> {
    const ran = await durability.run(enqueueScript, scriptKeys(keys), this.#args(keys, packed), call);
    const wroteNothing = Array.isArray(ran.answer) && ran.answer.length === 2 * count;
    if (!wroteNothing || ran.lack !== undefined) return ran;
    // The refusals tell of earlier tasks, and newer servers wait only for writes of this connection.
    return { answer: ran.answer, lack: await durability.confirm(keys, call) };
  }

  #args(keys: QueueKeys, packed: Buffer): readonly Argument[] {
    const now = this.#context.clock.now();
    return [keys.task, keys.group, nanoseconds(now), String(wholeSeconds(now)), keys.queue, dueSoonerChannel, packed];
  }

  #pack(keys: QueueKeys, items: readonly EnqueueItem[], from: number): { args: Buffer; to: number } {
    const pack = new Pack(Math.min(mostBytes, (items.length - from) * 384));
    const now = this.#context.clock.now();
    let to = from;
    while (to < items.length && (to === from || pack.length < mostBytes)) {
      const item = items[to];
      if (item !== undefined) packItem(pack, keys, item, now);
      to++;
    }
    return { args: pack.finish(), to };
  }

  /**
   * Not part of the script, since the list of queues lies in another slot of a cluster. Tried again after a failure.
   */
  #publish(queue: string, call: CallOptions | undefined): void {
    const now = this.#context.clock.monotonic();
    const before = this.#publishedAt.get(queue);
    if (before !== undefined && now - before < publishAgainMs) return;
    this.#publishedAt.set(queue, now);
    runCommand(this.#context.connection, ["SADD", allQueuesKey, queue], call).catch(() => {
      this.#publishedAt.delete(queue);
    });
  }
}

function accept(share: QueueShare<EnqueueItem>, from: number, to: number, outcomes: EnqueueOutcome[]): void {
  for (let index = from; index < to; index++) {
    const item = share.items[index];
    if (item !== undefined) outcomes[share.positions[index] ?? 0] = accepted(item);
  }
}

function scriptKeys(keys: QueueKeys): readonly string[] {
  return [keys.pending, keys.scheduled, keys.retry, keys.groups, keys.due];
}

/** One task as `enqueue.lua` reads it. */
export function packItem(
  pack: Pack,
  keys: QueueKeys,
  { message, placement, uniqueForMs }: EnqueueItem,
  now: number,
): void {
  const lock = uniqueForMs === undefined ? undefined : uniqueLockKey(keys, message.type, message.payload);
  const exact = besideMessage(message);
  const grouped = placement.kind === "group" || (placement.kind === "at" && message.group !== "");
  pack.text(message.id);
  pack.message(lock === undefined ? message : { ...message, uniqueKey: lock });
  pack.number(
    (placement.kind === "at" ? scheduledFlag : 0) +
      (grouped ? groupFlag : 0) +
      (lock === undefined ? 0 : uniqueFlag) +
      (exact === undefined ? 0 : exactFlag),
  );
  if (placement.kind === "at") {
    pack.number(secondAtOrAfter(placement.at));
    pack.number(Math.ceil(placement.at));
  }
  if (grouped) pack.text(message.group);
  if (lock !== undefined && uniqueForMs !== undefined) {
    const waitMs = placement.kind === "at" ? Math.max(0, placement.at - now) : 0;
    pack.text(lock);
    pack.number(Math.max(1, secondAtOrAfter(waitMs + uniqueForMs)));
  }
  if (exact !== undefined) pack.text(exact);
}

/** Why a script did not write an item: `reason` is the number, or the lock's owner, that it answered. */
export function refusal({ message }: EnqueueItem, reason: Reply | undefined): Refusal {
  if (Buffer.isBuffer(reason)) return { kind: "duplicate", ownerId: reason.toString() };
  if (reason === 0) return { kind: "id_taken" };
  const keys = queueKeys(message.queue);
  const [key, what] =
    reason === 1
      ? [uniqueLockKey(keys, message.type, message.payload), "uniqueness lock"]
      : [keys.group + message.group, "group"];
  const text = `task ${JSON.stringify(message.id)} can't be enqueued: ${key} holds something that is no ${what}; remove it`;
  return { kind: "failed", error: new HikyakuError("store_rejected", text) };
}

type Refusal = Exclude<EnqueueOutcome, { readonly kind: "accepted" }>;

export function accepted({ placement }: EnqueueItem): EnqueueOutcome {
  switch (placement.kind) {
    case "now":
      return acceptedAs.pending;
    case "at":
      return acceptedAs.scheduled;
    case "group":
      return acceptedAs.aggregating;
  }
}

const acceptedAs = {
  pending: { kind: "accepted", state: "pending" },
  scheduled: { kind: "accepted", state: "scheduled" },
  aggregating: { kind: "accepted", state: "aggregating" },
} as const;
