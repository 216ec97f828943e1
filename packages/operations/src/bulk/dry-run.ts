import type { BulkAction } from "@hikyaku/contract";
import { type Inspector, isHikyakuError, type TaskInfo, type UnreadableTaskInfo } from "hikyaku";
import { conditionsOf, placesOf } from "../task-search.ts";
import { filterOf, type StoredRequest } from "./stored-operation.ts";
import { walkedStates } from "./task-walk.ts";

const sampleSize = 10;
/** It counts no longer than this. */
const longestMs = 2_000;
const mostScanned = 100_000;

/** Which tasks an operation would be about. */
export async function dryRun(inspector: Inspector, action: BulkAction, request: StoredRequest, signal: AbortSignal) {
  const sample: (TaskInfo | UnreadableTaskInfo)[] = [];
  const endsAt = performance.now() + longestMs;
  const isOver = (): boolean => scanned >= mostScanned || performance.now() >= endsAt;
  let [count, scanned] = [0, 0];
  const add = (tasks: readonly (TaskInfo | UnreadableTaskInfo)[]): void => {
    count += tasks.length;
    sample.push(...tasks.slice(0, sampleSize - sample.length));
  };
  const filter = filterOf(request);
  if (filter === undefined) {
    for (const [queue, id] of request.tasks ?? []) {
      if (isOver()) return { count, scanned, complete: false, sample };
      scanned++;
      const task = await taskNow(inspector, queue, id, signal);
      if (task !== undefined) add([task]);
    }
    return { count, scanned, complete: true, sample };
  }
  const search = {
    ...conditionsOf(filter),
    ...placesOf(filter),
    states: walkedStates(action, filter) ?? [],
    limit: 1_000,
  };
  let cursor: string | undefined;
  do {
    const page = await inspector.search({ ...search, ...(cursor !== undefined && { cursor }) }, { signal });
    add(page.tasks);
    scanned += page.scanned;
    cursor = page.nextCursor;
  } while (cursor !== undefined && !isOver());
  return { count, scanned, complete: cursor === undefined, sample };
}

async function taskNow(inspector: Inspector, queue: string, id: string, signal: AbortSignal) {
  try {
    return await inspector.task(queue, id, { signal });
  } catch (error) {
    if (isHikyakuError(error, "task_not_found") || isHikyakuError(error, "queue_not_found")) return undefined;
    throw error;
  }
}
