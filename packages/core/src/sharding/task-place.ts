import { uniqueScope } from "../codec/unique-scope.ts";
import { HikyakuError } from "../errors.ts";
import type { ShardedQueue } from "./sharded-queue.ts";

/** What decides a task's shard. */
export interface TaskTraits {
  readonly type: string;
  readonly payload: Uint8Array | undefined;
  /** Given with the enqueue. */
  readonly shardKey: string | undefined;
  /** The key that the definition makes of the payload. Equal payloads have equal keys. */
  readonly derivedKey: string | undefined;
  readonly isUnique: boolean;
  /** Given with the enqueue. */
  readonly taskId: string | undefined;
  /** Empty when there is none. */
  readonly group: string;
  /** The task's id when the caller gave none. Empty when it is not known yet. */
  readonly newId: string;
}

/**
 * The queue in the store for a task. Its key decides, if it has one. Otherwise uniqueness, group or a given id decides,
 * because equal tasks must meet in one shard. Otherwise its new id decides, which spreads tasks evenly.
 * @throws HikyakuError `invalid_option` when two of these could ask for different shards, so that a promise would
 * break.
 */
export function placeOf(queue: ShardedQueue, task: TaskTraits): string {
  const { type, payload, shardKey, derivedKey, isUnique, taskId, group, newId } = task;
  const key = shardKey ?? derivedKey;
  if (queue.ordered !== undefined && key === undefined) {
    throw invalid(
      `queue "${queue.name}" is ordered: expected a "shardKey" that says which tasks keep their order, got none; ` +
        "give one with the enqueue, or a function of the payload in the definition",
    );
  }
  const wishes = [
    ...(key === undefined ? [] : ["shardKey"]),
    // A key made of the payload already puts equal payloads into one shard.
    ...(isUnique && (shardKey !== undefined || key === undefined) ? ["uniqueFor"] : []),
    ...(taskId === undefined ? [] : ["taskId"]),
    ...(group === "" ? [] : ["group"]),
  ];
  if (wishes.length > 1) {
    const advice =
      shardKey !== undefined && isUnique
        ? "; for both, make the key from the payload: a function as the definition's shardKey"
        : "";
    throw invalid(
      `options ${wishes.map((name) => `"${name}"`).join(" and ")}: expected one of them in the sharded queue ` +
        `"${queue.name}", since each could ask for a different shard, where it would miss its like${advice}`,
    );
  }
  if (key !== undefined) return queue.queueOf(key);
  if (isUnique) return queue.queueOf(uniqueScope(type, payload));
  if (group !== "") return queue.queueOf(group);
  const id = taskId ?? newId;
  return queue.queueOf(id === "" ? uniqueScope(type, payload) : id);
}

function invalid(message: string): HikyakuError {
  return new HikyakuError("invalid_option", message);
}
