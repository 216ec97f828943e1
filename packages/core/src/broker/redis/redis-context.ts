import type { Clock } from "../../runtime/clock.ts";
import type { Durability } from "./durability.ts";
import type { Link } from "./wire/link.ts";

/** What every facet of the Redis adapter works with. */
export interface RedisContext {
  readonly connection: Link;
  readonly clock: Clock;
  /** What an enqueue waits for. Undefined: the master alone. */
  readonly durability: Durability | undefined;
}

/** Items of one queue, with their places in the caller's list. */
export interface QueueShare<Item> {
  readonly queue: string;
  readonly items: readonly Item[];
  readonly positions: readonly number[];
}

/** Splits a list by queue, in order of appearance, into shares of at most `most` items. */
export function byQueue<Item>(
  items: readonly Item[],
  queueOf: (item: Item) => string,
  most: number,
): QueueShare<Item>[] {
  const [first] = items;
  if (first === undefined) return [];
  const only = queueOf(first);
  if (items.length <= most && items.every((item) => queueOf(item) === only)) {
    return [{ queue: only, items, positions: firstPositions(items.length) }];
  }
  const shares: QueueShare<Item>[] = [];
  const open = new Map<string, { readonly queue: string; readonly items: Item[]; readonly positions: number[] }>();
  for (const [position, item] of items.entries()) {
    const queue = queueOf(item);
    let share = open.get(queue);
    if (share === undefined || share.items.length >= most) {
      share = { queue, items: [], positions: [] };
      shares.push(share);
      open.set(queue, share);
    }
    share.items.push(item);
    share.positions.push(position);
  }
  return shares;
}

const inOrder: number[] = [];

function firstPositions(count: number): readonly number[] {
  while (inOrder.length < count) inOrder.push(inOrder.length);
  return inOrder.slice(0, count);
}

/** Nanoseconds as text: they are too large for a double. */
export function nanoseconds(ms: number): string {
  return `${Math.floor(ms)}000000`;
}

export function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1_000);
}

/** A whole second that is never before the moment. */
export function secondAtOrAfter(ms: number): number {
  return Math.ceil(ms / 1_000);
}
