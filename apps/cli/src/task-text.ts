import {
  type AttemptInfo,
  type Content,
  type ExplainedTask,
  type TaskExplanation,
  type TaskInfo,
  type UnreadableTaskInfo,
  visibleText,
} from "hikyaku";
import { ago } from "./output.ts";

/** A task for people: one sentence that says what it is doing and why, then the facts. */
export function taskText(found: ExplainedTask | UnreadableTaskInfo, now: number): string {
  const lines = "explanation" in found ? taskLines(found, now) : unreadableLines(found);
  return lines.map((line) => `${visibleText(line)}\n`).join("");
}

function unreadableLines({ id, queue, state, reason }: UnreadableTaskInfo): string[] {
  return [`${id} of queue ${queue}: ${state ?? "in no known state"}`, `It can't be read as a task: ${reason}.`];
}

function taskLines({ task, explanation }: ExplainedTask, now: number): string[] {
  const { id, type, queue, state, attempts, maxRetry, retried } = task;
  const moments: [string, Date | undefined][] = [
    ["enqueued", task.createdAt],
    ["due", task.dueAt],
    ["in line since", task.pendingSince],
    ["completed", task.completedAt],
    ["kept until", task.keptUntil],
    ["archived", task.archivedAt],
    ["deadline", task.deadlineAt],
  ];
  return [
    `${type} ${id} of queue ${queue}: ${state}`,
    sentenceOf(task, explanation, now),
    ...moments.flatMap(([name, moment]) => (moment === undefined ? [] : [fact(name, moment.toISOString())])),
    fact("retries", `${retried} of ${maxRetry} used`),
    ...contentLines("payload", task.payload),
    ...(task.result === undefined ? [] : contentLines("result", task.result)),
    ...attempts.flatMap(attemptLines),
    ...(attempts.length === 0 && task.lastError !== "" ? [fact("last error", task.lastError)] : []),
  ];
}

/** What a task is doing, and why, in one sentence. */
function sentenceOf(task: TaskInfo, explanation: TaskExplanation, now: number): string {
  if (explanation.kind === "over") return overSentence(task);
  if (explanation.kind === "runs") return runSentence(explanation, now);
  const { reason, since, until } = explanation;
  const forTime = since === undefined ? "" : ` for ${ago(now - since.getTime())}`;
  switch (reason) {
    case "not_due":
      return `It is due in ${inTime(until, now)}.${nobody(explanation)}`;
    case "backing_off":
      return `It failed ${times(task.retried)} and is tried again in ${inTime(until, now)}.${nobody(explanation)}`;
    case "queue_paused":
      return `It has been due${forTime}, and its queue is paused: resume the queue to run it.`;
    case "no_worker":
      return `It has been due${forTime}, and no live worker takes from its queue: start one.`;
    case "workers_quiet":
      return `It has been due${forTime}, and the workers of its queue take nothing new: start another one.`;
    case "type_not_handled":
      return `It has been due${forTime}, and no live worker of its queue handles its type: start one that does.`;
    case "runs_apart":
      return `${lostText(task)}: it runs beside few others or alone, and waits${forTime} until a worker runs few enough.`;
    case "workers_busy":
      return `It has been due${forTime}; all slots of the ${explanation.takers} workers that handle it are taken.`;
    case "in_line":
      return `It has been due${forTime} and is in line.`;
    case "collected":
      return `It waits in its group "${task.group}", to be handled with the others.`;
  }
}

function lostText({ lostAttempts }: TaskInfo): string {
  return lostAttempts === 1 ? "A worker died while it ran it" : `${lostAttempts} workers died while they ran it`;
}

function overSentence({ state, attempts, retentionMs, lastError }: TaskInfo): string {
  const last = attempts.at(-1);
  const by = last === undefined ? "" : ` by ${serverText(last)}`;
  if (state === "completed") return `It was completed${by}${retentionMs > 0 ? "" : ", and is not kept"}.`;
  const why = lastError === "" ? "" : `: ${lastError}`;
  return `It is archived and runs again only when told to${last === undefined ? "" : `; its last attempt was${by}`}${why}`;
}

function runSentence(explanation: TaskExplanation & { readonly kind: "runs" }, now: number): string {
  const { server, serverId, startedAt, silentSince, leaseEndsAt, lost } = explanation;
  const { directory, build } = server?.details ?? {};
  const who =
    server === undefined
      ? `a server that is not known${serverId === undefined ? "" : ` (${serverId})`}`
      : serverText({ ...server, directory, build });
  if (lost) return `It was run by ${who}, whose lease is over: another worker takes it over.`;
  const since = startedAt === undefined ? "" : ` for ${ago(now - startedAt.getTime())}`;
  if (silentSince === undefined) return `It is run by ${who}${since}.`;
  const end = leaseEndsAt === undefined ? "" : `, at ${leaseEndsAt.toISOString()}`;
  return `It was run by ${who}, which has fallen silent; another worker takes it over when its lease ends${end}.`;
}

function attemptLines(attempt: AttemptInfo, index: number): string[] {
  const { startedAt, durationMs, outcome, error } = attempt;
  const head = `${outcome} after ${durationMs} ms, from ${startedAt.toISOString()}, ${serverText(attempt)}`;
  return [fact(index === 0 ? "attempts" : "", head), ...(error === undefined ? [] : [fact("", `  ${error}`)])];
}

function contentLines(name: string, { size, preview }: Content): string[] {
  if (preview.kind === "none") return [];
  const text = preview.kind === "json" ? JSON.stringify(preview.value) : `${size} bytes that are no JSON`;
  return [
    fact(
      name,
      text.length <= longestContent ? text : `${text.slice(0, longestContent).toWellFormed()}… (${size} bytes)`,
    ),
  ];
}

const longestContent = 500;

function serverText(server: {
  readonly host: string;
  readonly pid: number;
  readonly directory?: string | undefined;
  readonly build?: string | undefined;
}): string {
  const { host, pid, directory, build } = server;
  const where = directory === undefined ? "" : ` in ${directory}`;
  return `${host} pid ${pid}${where}${build === undefined ? "" : ` build ${build}`}`;
}

function nobody({ takers }: { readonly takers: number }): string {
  return takers > 0 ? "" : " No live worker would take it then: start one.";
}

function inTime(until: Date | undefined, now: number): string {
  return until === undefined ? "a while" : ago(until.getTime() - now);
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}

function fact(name: string, text: string): string {
  return `  ${name.padEnd(13)}  ${text}`;
}
