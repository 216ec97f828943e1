import { decodeTaskMessage } from "../../codec/task-codec.ts";
import { errorText } from "../../errors.ts";
import { readAttempts } from "../attempt-history.ts";
import type { TaskEntry } from "../inspect-facet.ts";
import { readProgress } from "../kept-progress.ts";
import type { TaskMessage, TaskState } from "../task-message.ts";
import { withBeside } from "./beside-message.ts";
import { countOf } from "./leased-reader.ts";
import type { Reply } from "./wire/link.ts";
import { momentOfNanoseconds, text } from "./wire/reply.ts";

const states: ReadonlySet<string> = new Set<TaskState>([
  "pending",
  "scheduled",
  "active",
  "retry",
  "completed",
  "archived",
  "aggregating",
]);

/** What the scripts answer for what lies under a task's key. */
const nothing = 0;
const somethingElse = 2;

/**
 * A task as the scripts' `readTask` gives it. Undefined when there is none. `listedIn` is the state whose list named
 * the task. An id there without a body, or with another state in it, is a finding.
 */
export function readTaskEntry(
  queue: string,
  taskId: string,
  row: readonly Reply[],
  listedIn?: TaskState,
): TaskEntry | undefined {
  const bytes = Buffer.isBuffer(row[0]) ? row[0] : undefined;
  const ownState = text(row[1]);
  const state = isState(ownState) ? ownState : undefined;
  const unreadable = (reason: string): TaskEntry => ({
    unreadable: reason,
    queue,
    taskId,
    state: listedIn ?? state,
    bytes,
  });
  if (row[10] === nothing) {
    return listedIn === undefined
      ? undefined
      : unreadable(`the list of ${listedIn} tasks names it, but it does not exist`);
  }
  if (row[10] === somethingElse) return unreadable("its key holds something that is no task");
  if (bytes === undefined) return unreadable("it has no message");
  if (state === undefined)
    return unreadable(`expected one of the seven states, got ${JSON.stringify(ownState ?? null)}`);
  if (listedIn !== undefined && listedIn !== state) {
    return unreadable(`the list of ${listedIn} tasks names it, but it says that it is ${state}`);
  }
  let message: TaskMessage;
  try {
    message = withBeside(decodeTaskMessage(bytes), text(row[4]));
  } catch (error) {
    return unreadable(errorText(error));
  }
  if (message.id !== taskId) return unreadable(`its message says that it is task ${JSON.stringify(message.id)}`);
  return readable(message, state, row);
}

function readable(message: TaskMessage, state: TaskState, row: readonly Reply[]): TaskEntry {
  const [, , pendingSince, result, , attempts, leaseValue, leaseEnd, score, exactDue, , lost, progress] = row;
  const scored = momentOfSeconds(score);
  const active = state === "active";
  return {
    message,
    state,
    dueAt: state === "scheduled" || state === "retry" ? exactMoment(scored, text(exactDue)) : undefined,
    keptUntil: state === "completed" ? scored : undefined,
    archivedAt: state === "archived" ? scored : undefined,
    pendingSince: state === "pending" ? momentOfNanoseconds(pendingSince) : undefined,
    leaseEndsAt: active ? momentOfSeconds(leaseEnd) : undefined,
    leaseToken: active ? currentToken(text(leaseValue), text(leaseEnd)) : undefined,
    result: Buffer.isBuffer(result) ? result : undefined,
    attempts: readAttempts(text(attempts)),
    lostAttempts: countOf(lost),
    progress: readProgress(text(progress)),
  };
}

/**
 * The token counts only while the lease ends when the token's holder wrote that it ends. A Go worker leaves another
 * end.
 */
function currentToken(held: string | undefined, leaseEnd: string | undefined): string | undefined {
  if (held === undefined || leaseEnd === undefined) return undefined;
  if (held.startsWith("=") || !held.endsWith(`:${leaseEnd}`)) return undefined;
  return held.slice(0, -leaseEnd.length - 1);
}

function isState(value: string | undefined): value is TaskState {
  return value !== undefined && states.has(value);
}

export function momentOfSeconds(score: Reply | undefined): number | undefined {
  const moment = Number(text(score)) * 1_000;
  return score === null || !Number.isFinite(moment) ? undefined : moment;
}

/** The exact moment counts only while the whole second beside it is the one that was written with it. */
export function exactMoment(second: number | undefined, exact: string | undefined): number | undefined {
  if (second === undefined || exact === undefined) return second;
  return Math.ceil(Number(exact) / 1_000) * 1_000 === second ? Number(exact) : second;
}
