import { type AwaitedTask, mostAheadCounted, type Standing } from "../standing.ts";
import { restOfSecondMs } from "./groups.ts";
import { exactMoment, momentOfSeconds } from "./stored-task.ts";
import type { Reply } from "./wire/link.ts";
import { list, text } from "./wire/reply.ts";

/** Reads what the script `standing` answers. */
export function readStanding(answer: Reply): Standing {
  const [ahead, running, retry, scheduled, group] = list(answer);
  const [name, size, oldest, newest] = list(group);
  return {
    ahead: typeof ahead === "number" ? ahead : undefined,
    running: text(running),
    nextRetry: awaited(list(retry)),
    nextScheduled: awaited(list(scheduled)),
    group:
      name === undefined
        ? undefined
        : {
            group: text(name) ?? "",
            size: Math.min(Number(size), mostAheadCounted),
            oldestAt: Number(text(oldest)) * 1_000 + restOfSecondMs,
            newestAt: Number(text(newest)) * 1_000 + restOfSecondMs,
          },
  };
}

function awaited([id, second, exact]: readonly Reply[]): AwaitedTask | undefined {
  const dueAt = exactMoment(momentOfSeconds(second), text(exact));
  return id === undefined || dueAt === undefined ? undefined : { taskId: text(id) ?? "", dueAt };
}
