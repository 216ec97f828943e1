import {
  type AttemptInfo,
  type Content,
  type TaskInfo,
  type TaskLogPage,
  type TaskProgress,
  type TaskReason,
  type UnreadableTaskInfo,
  visibleText,
} from "hikyaku";

/** A task for people: one sentence that says why it is where it is, then the facts. */
export function taskText({ task, sentence }: TaskReason, log?: TaskLogPage): string {
  const lines = task.kind === "task" ? taskLines(task, sentence, log) : unreadableLines(task, sentence);
  return lines.map((line) => `${visibleText(line)}\n`).join("");
}

function unreadableLines({ id, queue, state }: UnreadableTaskInfo, sentence: string): string[] {
  return [`${id} of queue ${queue}: ${state ?? "in no known state"}`, sentence];
}

function taskLines(task: TaskInfo, sentence: string, log: TaskLogPage | undefined): string[] {
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
    sentence,
    ...moments.flatMap(([name, moment]) => (moment === undefined ? [] : [fact(name, moment.toISOString())])),
    fact("retries", `${retried} of ${maxRetry} used`),
    ...(task.progress === undefined ? [] : [fact("progress", progressText(task.progress))]),
    ...contentLines("payload", task.payload),
    ...(task.result === undefined ? [] : contentLines("result", task.result)),
    ...attempts.flatMap(attemptLines),
    ...(attempts.length === 0 && task.lastError !== "" ? [fact("last error", task.lastError)] : []),
    ...(log === undefined ? [] : logLines(log)),
  ];
}

function progressText({ done, total, message, toldAt }: TaskProgress): string {
  const amount = total === 100 ? `${done} %` : `${done}${total === undefined ? "" : ` of ${total}`}`;
  const said = message === undefined ? "" : `: ${message}`;
  return `${amount}${said}${toldAt === undefined ? "" : ` (${toldAt.toISOString()})`}`;
}

function logLines({ lines, dropped }: TaskLogPage): string[] {
  const said = lines.map(({ at, attempt, text, fields }) => {
    const beside = fields === undefined ? "" : ` ${JSON.stringify(fields)}`;
    return `${at.toISOString()} attempt ${attempt}: ${text}${beside}`;
  });
  const gone = dropped === 0 ? [] : [`${dropped} older lines are not kept`];
  return [...gone, ...said].map((line, index) => fact(index === 0 ? "log" : "", line));
}

function attemptLines(attempt: AttemptInfo, index: number): string[] {
  const { startedAt, durationMs, outcome, error, stack } = attempt;
  const head = `${outcome} after ${durationMs} ms, from ${startedAt.toISOString()}, ${serverText(attempt)}`;
  // A stack begins with its error.
  const told = stack?.split("\n") ?? (error === undefined ? [] : [error]);
  return [fact(index === 0 ? "attempts" : "", head), ...told.map((line) => fact("", `  ${line}`))];
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

function fact(name: string, text: string): string {
  return `  ${name.padEnd(13)}  ${text}`;
}
