import type { ShardedQueue } from "./sharded-queue.ts";

/**
 * Queues of the store that look like shards of this sharded queue but are not. Somebody used its plain name, or it has
 * or had more shards elsewhere.
 */
export function strayQueues({ name, queues }: ShardedQueue, stored: readonly string[]): string[] {
  const shards = new Set(queues);
  const looksLikeShard = (queue: string): boolean =>
    queue === name || (queue.startsWith(`${name}:`) && /^(?:0|[1-9]\d*)$/.test(queue.slice(name.length + 1)));
  return stored.filter((queue) => looksLikeShard(queue) && !shards.has(queue));
}
