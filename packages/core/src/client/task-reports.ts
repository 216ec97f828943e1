import type { Broker } from "../broker/broker.ts";
import type { CallOptions } from "../broker/call-options.ts";
import { checkedText } from "../checked-name.ts";
import { HikyakuError } from "../errors.ts";
import { refuseUnknownOptions, shown } from "../option-names.ts";
import { taskNotFound } from "../task/cancel-task.ts";
import {
  checkedLogOptions,
  type TaskLogOptions,
  type TaskLogPage,
  type TaskProgress,
  taskLogNames,
  taskLogPageOf,
  taskProgressOf,
} from "../task/task-report.ts";

export interface TaskPlace {
  readonly queue: string;
  readonly id: string;
}

const optionNames: ReadonlySet<string> = new Set(taskLogNames);

/** The task that a caller means. @throws HikyakuError `invalid_option`. */
export function taskPlaceOf(task: unknown): TaskPlace {
  const { queue, id } = (task ?? {}) as { readonly queue?: unknown; readonly id?: unknown };
  return { queue: checkedText("queue", queue), id: checkedText("id", id) };
}

/** @throws HikyakuError `task_not_found`, `corrupt_data`. */
export async function readTaskProgress(
  broker: Pick<Broker, "get">,
  { queue, id }: TaskPlace,
  call: CallOptions,
): Promise<TaskProgress | undefined> {
  const [entry] = await broker.get(queue, [id], call);
  if (entry === undefined) throw taskNotFound(queue, id);
  if (entry.unreadable === undefined) return taskProgressOf(entry.progress);
  throw new HikyakuError("corrupt_data", `task ${shown(id)} of queue "${queue}" can't be read: ${entry.unreadable}`);
}

/** @throws HikyakuError `task_not_found`, `invalid_option`. */
export async function readTaskLog(
  broker: Pick<Broker, "readLog">,
  { queue, id }: TaskPlace,
  options: TaskLogOptions,
  call: CallOptions,
): Promise<TaskLogPage> {
  refuseUnknownOptions("log", options, optionNames);
  const asked = checkedLogOptions(options);
  const log = await broker.readLog(queue, id, call);
  if (log === undefined) throw taskNotFound(queue, id);
  return taskLogPageOf(log, asked);
}
