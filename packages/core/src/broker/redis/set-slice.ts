import { decodeTaskMessage } from "../../codec/task-codec.ts";
import { errorText } from "../../errors.ts";
import type { TaskMessage } from "../task-message.ts";
import type { SetAside } from "../work-facet.ts";
import { withBeside } from "./beside-message.ts";
import type { Reply } from "./wire/link.ts";
import { text } from "./wire/reply.ts";

/** Some tasks of an aggregation set, sorted by what can be done with them. */
export interface SetSlice {
  readonly size: number;
  readonly messages: readonly TaskMessage[];
  readonly unreadable: readonly SetAside[];
  /** Ids without a task. */
  readonly ghosts: readonly SetAside[];
}

/** Reads what `read-set.lua` answers: id, message, exact times, for each. */
export function readSlice(queue: string, rows: readonly Reply[]): SetSlice {
  const messages: TaskMessage[] = [];
  const unreadable: SetAside[] = [];
  const ghosts: SetAside[] = [];
  for (let index = 0; index < rows.length; index += 3) {
    const taskId = text(rows[index]) ?? "";
    const bytes = rows[index + 1];
    if (bytes === 0) {
      unreadable.push({ queue, taskId, reason: "unreadable", detail: "its key holds something that is no task" });
      continue;
    }
    if (!Buffer.isBuffer(bytes)) {
      ghosts.push({ queue, taskId, reason: "no_body", detail: "the group named a task that does not exist" });
      continue;
    }
    try {
      const message = withBeside(decodeTaskMessage(bytes), text(rows[index + 2]));
      if (message.id === taskId && message.queue === queue) messages.push(message);
      else
        unreadable.push({ queue, taskId, reason: "unreadable", detail: `the message is that of ${nameOf(message)}` });
    } catch (error) {
      unreadable.push({ queue, taskId, reason: "unreadable", detail: errorText(error) });
    }
  }
  return { size: rows.length / 3, messages, unreadable, ghosts };
}

function nameOf({ id, queue }: TaskMessage): string {
  return `task ${JSON.stringify(id)} of queue ${JSON.stringify(queue)}`;
}
