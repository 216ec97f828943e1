import { HikyakuError, isHikyakuError } from "../../errors.ts";
import type { CallOptions } from "../call-options.ts";
import type { EnqueueFacet, EnqueueItem, EnqueueOutcome } from "../enqueue-facet.ts";
import type { Reply } from "./connection.ts";
import { exactTimes } from "./exact-times.ts";
import { allQueuesKey, dueSoonerChannel, type QueueKeys, queueKeys, uniqueLockKey } from "./keys.ts";
import { enqueueLua } from "./lua/generated.ts";
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

const enqueueScript = script(enqueueLua);

/** Keeps one script under some 2 ms. */
const mostItems = 256;
const mostBytes = 256 * 1024;

/** Names vanish from the list of queues when somebody removes a queue or flushes the store, so they are told again. */
const publishAgainMs = 300_000;

const scheduledFlag = 1;
const groupFlag = 2;
const uniqueFlag = 4;
const exactFlag = 8;

export class RedisEnqueue implements EnqueueFacet {
  readonly #context: RedisContext;
  readonly #publishedAt = new Map<string, number>();

  constructor(context: RedisContext) {
    this.#context = context;
  }

  async enqueue(items: readonly EnqueueItem[], call?: CallOptions): Promise<readonly EnqueueOutcome[]> {
    const outcomes: EnqueueOutcome[] = new Array(items.length);
    const shares = byQueue(items, (item) => item.message.queue, mostItems);
    await Promise.all(shares.map((share) => this.#enqueueShare(share, outcomes, call)));
    return outcomes;
  }

  /** Tells the queue's name again with its next task. */
  forget(queue: string): void {
    this.#publishedAt.delete(queue);
  }

  /** A share is split again by bytes; its parts go one after the other, so that order is kept. */
  async #enqueueShare(
    share: QueueShare<EnqueueItem>,
    outcomes: EnqueueOutcome[],
    call: CallOptions | undefined,
  ): Promise<void> {
    const keys = queueKeys(share.queue);
    this.#publish(share.queue, call);
    let from = 0;
    while (from < share.items.length) {
      const { args, to } = this.#pack(keys, share.items, from);
      let refused: Reply;
      try {
        refused = await this.#run(keys, args, call);
      } catch (error) {
        const failure = isHikyakuError(error)
          ? error
          : new HikyakuError("store_rejected", `enqueueing failed: ${String(error)}`, { cause: error });
        for (let index = from; index < share.items.length; index++) {
          outcomes[share.positions[index] ?? 0] = { kind: "failed", error: failure };
        }
        return;
      }
      for (let index = from; index < to; index++) {
        const item = share.items[index];
        if (item !== undefined) outcomes[share.positions[index] ?? 0] = accepted(item);
      }
      if (Array.isArray(refused)) {
        for (let index = 0; index < refused.length; index += 2) {
          const position = share.positions[from + Number(refused[index])] ?? 0;
          const owner = refused[index + 1];
          outcomes[position] = Buffer.isBuffer(owner)
            ? { kind: "duplicate", ownerId: owner.toString() }
            : { kind: "id_taken" };
        }
      }
      from = to;
    }
  }

  #run(keys: QueueKeys, packed: Buffer, call: CallOptions | undefined): Promise<Reply> {
    const now = this.#context.clock.now();
    return runScript(
      this.#context.connection,
      enqueueScript,
      [keys.pending, keys.scheduled, keys.retry, keys.groups, keys.due],
      [keys.task, keys.group, nanoseconds(now), String(wholeSeconds(now)), keys.queue, dueSoonerChannel, packed],
      call,
    );
  }

  #pack(keys: QueueKeys, items: readonly EnqueueItem[], from: number): { args: Buffer; to: number } {
    const pack = new Pack(Math.min(mostBytes, (items.length - from) * 384));
    let to = from;
    while (to < items.length && (to === from || pack.length < mostBytes)) {
      const item = items[to];
      if (item !== undefined) packItem(pack, keys, item, this.#context.clock.now());
      to++;
    }
    return { args: pack.finish(), to };
  }

  /** Not part of the script, since the list of queues lies in another slot of a cluster. Tried again when it failed. */
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

/** One task as `enqueue.lua` reads it. */
export function packItem(
  pack: Pack,
  keys: QueueKeys,
  { message, placement, uniqueForMs }: EnqueueItem,
  now: number,
): void {
  const lock = uniqueForMs === undefined ? undefined : uniqueLockKey(keys, message.type, message.payload);
  const exact = exactTimes(message);
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
