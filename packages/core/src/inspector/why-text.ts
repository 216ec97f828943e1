import { visibleText } from "../visible-text.ts";
import type {
  Forecast,
  HandlerSeen,
  Obstacle,
  OrderHolder,
  QueuePauseInfo,
  QueueWhy,
  ServerPlace,
  TaskWhy,
} from "./why.ts";

/** Why a task is where it is, in one English sentence: made of the code and its facts, and of nothing else. */
export function taskSentence(why: TaskWhy, now: number): string {
  return visibleText(sentenceOfTask(why, now));
}

/** Why nothing moves in a queue, or that it does, in one English sentence. */
export function queueSentence(why: QueueWhy, now: number): string {
  return visibleText(sentenceOfQueue(why, now));
}

function sentenceOfTask(why: TaskWhy, now: number): string {
  switch (why.code) {
    case "not_due":
      return `It is due in ${span(why.dueAt.getTime() - now)}, at ${iso(why.dueAt)}${obstacleText(why.obstacle)}.`;
    case "backing_off": {
      const which = why.retry > 0 ? `: retry ${why.retry} of ${why.maxRetry}` : "";
      return `It failed and is tried again in ${span(why.dueAt.getTime() - now)}, at ${iso(why.dueAt)}${which}${after(why.error)}${obstacleText(why.obstacle)}.`;
    }
    case "queue_paused":
      return `${due(why.since, now)}, and its queue is paused${pauseText(why.pause)}: resume the queue to run it.`;
    case "no_worker":
      return `${due(why.since, now)}, and no live worker takes from its queue: start one${seenText(why.seen)}.`;
    case "workers_quiet":
      return `${due(why.since, now)}, and the workers of its queue take nothing new (${places(why.servers)}): start another one.`;
    case "type_not_handled":
      return `${due(why.since, now)}, and no live worker of its queue handles its type ${JSON.stringify(why.type)}: start one that does${seenText(why.seen)}.`;
    case "runs_apart":
      return `${lostText(why.lostAttempts)}: it runs beside few others or alone, and waits${forSpan(why.since, now)} until a worker runs few enough.`;
    case "order_held":
      return `${due(why.since, now)}, and its queue is ordered: ${holderText(why.holder, now)}${behind(why.ahead, ", and ", " before this one")}.`;
    case "policy_unknown":
      return `${due(why.since, now)}, and its queue has the policy ${JSON.stringify(why.policy)}, which this version does not know: ask with a newer one.`;
    case "workers_busy":
      return `${due(why.since, now)}; all ${why.slots} slots of the ${workers(why.takers)} that handle it are taken${behind(why.ahead, ", and ", " before it")}${forecastText(why.forecast, now)}.`;
    case "in_line":
      return `${due(why.since, now)} and is in line${behind(why.ahead, ": ", " before it")}${forecastText(why.forecast, now)}.`;
    case "collected": {
      const { group, size, newestAt } = why;
      if (size === undefined)
        return `It was taken out of its group ${JSON.stringify(group)}, to be handled with the others.`;
      const last = newestAt === undefined ? "" : `, the last of which joined ${span(now - newestAt.getTime())} ago`;
      return `It waits in its group ${JSON.stringify(group)} of ${tasks(size)}${last}, to be handled with the others.`;
    }
    case "running":
      return runSentence(why, now);
    case "archived":
      return archivedSentence(why);
    case "completed": {
      const kept = why.keptUntil === undefined ? "" : `, and is kept until ${iso(why.keptUntil)}`;
      return `It was completed${why.by === undefined ? "" : ` by ${placeText(why.by)}`}${kept}.`;
    }
    case "unreadable":
      return `It can't be read as a task: ${why.reason}.`;
  }
}

function sentenceOfQueue(why: QueueWhy, now: number): string {
  const { waiting } = why;
  const wait = `${tasks(waiting.pending + waiting.due)} ${waiting.pending + waiting.due === 1 ? "waits" : "wait"}`;
  switch (why.code) {
    case "empty":
      return "Nothing waits in it, and nothing runs.";
    case "queue_paused":
      return `${wait}, and the queue is paused${pauseText(why.pause)}: resume it.`;
    case "no_worker":
      return `${wait}${first(why.waitingMs)}, and no live worker takes from it: start one${seenText(why.silent)}.`;
    case "workers_quiet":
      return `${wait}, and its workers take nothing new (${places(why.servers)}): start another one.`;
    case "types_not_handled": {
      const types = why.types.map(({ type, tasks: count }) => `${JSON.stringify(type)} (${count})`).join(", ");
      return `${wait}, and none of its workers handles the first ${tasks(why.looked)}, of type ${types}: start one that does.`;
    }
    case "order_held":
      return `${wait}, and the queue is ordered: ${holderText(why.holder, now)}.`;
    case "policy_unknown":
      return `${wait}, and the queue has the policy ${JSON.stringify(why.policy)}, which this version does not know: ask with a newer one.`;
    case "workers_busy":
      return `${wait}${first(why.waitingMs)}; all ${why.slots} slots of its ${workers(why.takers)} are taken${rate(why.startedPerMinute)}.`;
    case "moving":
      return `It moves: ${wait}${first(why.waitingMs)}, and ${workers(why.takers)} ${why.takers === 1 ? "has" : "have"} free slots${rate(why.startedPerMinute)}.`;
    case "running":
      return `Nothing waits in line; ${tasks(waiting.active)} ${waiting.active === 1 ? "runs" : "run"}.`;
    case "not_due":
      return `Nothing is due; the next task is in ${span(why.nextDueAt.getTime() - now)}, at ${iso(why.nextDueAt)}${obstacleText(why.obstacle)}.`;
    case "collected":
      return `Nothing waits in line; ${tasks(waiting.aggregating)} ${waiting.aggregating === 1 ? "waits" : "wait"} in groups, to be handled together.`;
  }
}

function runSentence(why: TaskWhy & { readonly code: "running" }, now: number): string {
  const { server, serverId, startedAt, silentSince, leaseEndsAt, lost, obstacle } = why;
  const unknown = `a server that is not known${serverId === undefined ? "" : ` (${serverId})`}`;
  const who = server === undefined ? unknown : placeText(server);
  const next = `another worker ${obstacle === undefined ? "takes" : "may take"} it over`;
  if (lost) return `It was run by ${who}, whose lease is over: ${next}${obstacleText(obstacle)}.`;
  const until = leaseEndsAt === undefined ? "" : `, at ${iso(leaseEndsAt)}`;
  if (silentSince === undefined) return `It is run by ${who}${forSpan(startedAt, now)}.`;
  return `It was run by ${who}, which has fallen silent since ${iso(silentSince)}; ${next} when its lease ends${until}${obstacleText(obstacle)}.`;
}

function archivedSentence({ because, error, retried, maxRetry, by }: TaskWhy & { readonly code: "archived" }): string {
  const why = {
    retries_used: maxRetry === 0 ? "it failed, and has no retries" : `it failed, and its ${maxRetry} retries are used`,
    failed_for_good: `it failed in a way that no retry helps, with ${retried} of ${maxRetry} retries used`,
    told: "somebody archived or cancelled it",
    unknown: `it failed or somebody archived it, with ${retried} of ${maxRetry} retries used`,
  }[because];
  const last = by === undefined ? "" : `; its last attempt was by ${placeText(by)}`;
  return `It is archived and runs again only when told to: ${why}${last}${error === "" ? "" : `: ${shortened(error)}`}`;
}

function due(since: Date | undefined, now: number): string {
  return `It has been due${forSpan(since, now)}`;
}

function forSpan(since: Date | undefined, now: number): string {
  return since === undefined ? "" : ` for ${span(now - since.getTime())}`;
}

function after(error: string): string {
  return error === "" ? "" : `, after ${JSON.stringify(shortened(error))}`;
}

/** An error may be a page long; its facts hold all of it. */
function shortened(error: string): string {
  return error.length > longestError ? `${error.slice(0, longestError).toWellFormed()}…` : error;
}

const longestError = 300;

const obstacleTexts: Readonly<Record<Obstacle, string>> = {
  queue_paused: "its queue is paused now",
  no_worker: "no live worker would take it then: start one",
  workers_quiet: "its workers take nothing new now: start another one",
  type_not_handled: "no live worker handles its type now: start one that does",
};

function obstacleText(obstacle: Obstacle | undefined): string {
  return obstacle === undefined ? "" : `; ${obstacleTexts[obstacle]}`;
}

function pauseText({ by, since, reason }: QueuePauseInfo): string {
  const who = by === undefined ? "" : ` by ${by}`;
  const when = since === undefined ? "" : ` since ${iso(since)}`;
  return `${who}${when}${reason === undefined ? "" : ` (${reason})`}`;
}

function seenText(seen: readonly HandlerSeen[]): string {
  const [last] = seen;
  if (last === undefined) return "";
  const how = last.by === "silent" ? "silent since" : "ran it last at";
  return `, such as ${placeText(last)} (${how} ${iso(last.seenAt)})`;
}

function holderText({ by, taskId, dueAt, server, leaseEndsAt }: OrderHolder, now: number): string {
  if (by === "retry") {
    const when = dueAt === undefined ? "" : `, which is due in ${span(dueAt.getTime() - now)}`;
    return `the retry of task ${taskId} goes first${when}`;
  }
  const who = server === undefined ? "" : ` on ${placeText(server)}`;
  return `task ${taskId} runs${who}${leaseEndsAt === undefined ? "" : `, leased until ${iso(leaseEndsAt)}`}`;
}

/** Nothing where it is next, or has not joined the line. */
function behind(ahead: number | undefined, joint: string, rest: string): string {
  if (ahead === undefined || ahead === 0) return "";
  return `${joint}${ahead >= 10_000 ? "at least " : ""}${tasks(ahead)} ${ahead === 1 ? "is" : "are"}${rest}`;
}

function forecastText(forecast: Forecast, now: number): string {
  if (forecast.kind === "about") return `; it starts in about ${span(forecast.at.getTime() - now)}`;
  return forecast.because === "stands_still" ? "; nothing was started in the last minutes" : "";
}

function rate(startedPerMinute: number | undefined): string {
  if (startedPerMinute === undefined) return "";
  return `; ${startedPerMinute < 10 ? startedPerMinute.toFixed(1) : Math.round(startedPerMinute)} started a minute lately`;
}

function first(waitingMs: number): string {
  return waitingMs < 1_000 ? "" : `, the first for ${span(waitingMs)}`;
}

function lostText(lostAttempts: number): string {
  return lostAttempts === 1 ? "A worker died while it ran it" : `${lostAttempts} workers died while they ran it`;
}

function places(servers: readonly ServerPlace[]): string {
  const [one, ...others] = servers;
  if (one === undefined) return "none is known";
  return `${placeText(one)}${others.length === 0 ? "" : ` and ${others.length} more`}`;
}

function placeText({ host, pid, directory, build }: ServerPlace): string {
  const where = directory === undefined ? "" : ` in ${directory}`;
  return `${host} pid ${pid}${where}${build === undefined ? "" : ` build ${build}`}`;
}

function workers(count: number): string {
  return `${count} worker${count === 1 ? "" : "s"}`;
}

function tasks(count: number): string {
  return `${count} task${count === 1 ? "" : "s"}`;
}

function iso(moment: Date): string {
  return moment.toISOString();
}

/** A length of time in the largest unit that says enough. */
function span(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} days`;
}
