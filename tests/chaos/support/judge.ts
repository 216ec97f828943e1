import type { Finding } from "hikyaku";
import type { QueueNumbers, TaskEntry } from "hikyaku/broker";
import type { Ledger, RequestKind, TaskRequest } from "./ledger.ts";
import type { Hold, Run, Runs } from "./runs.ts";

/** All that is known when a schedule is over. */
/** A busy machine takes this long to give a process that is continued its first turn. */
const wakingMs = 250;

export interface Evidence {
  readonly ledger: Ledger;
  readonly runs: Runs;
  /** When each process died that did. */
  readonly deaths: ReadonlyMap<string, number>;
  /** When each process stood still. */
  readonly stops: readonly { readonly by: string | undefined; readonly from: number; readonly to: number }[];
  /** How far the clock of any process was ever ahead of the machine's. */
  readonly mostAheadMs: number;
  /** What lies in the store, workers stopped. */
  readonly left: readonly TaskEntry[];
  readonly numbers: readonly QueueNumbers[];
  readonly findings: readonly Finding[];
  /** When the schedule of a turn each second began, the last turn that was surely fired, and the last that may have been. */
  readonly turns: { readonly since: number; readonly last: number; readonly lastPossible: number };
}

export interface Duplicates {
  /** A success ran again because its process died before the store knew. */
  died: number;
  /** A success ran again because its lease ran out: the process stood still or the store was away for too long. */
  leaseOver: number;
}

export interface Judgement {
  readonly violations: readonly string[];
  readonly duplicates: Duplicates;
}

/** Holds what happened against what was promised. */
export function judge(evidence: Evidence): Judgement {
  const violations = [
    ...evidence.runs.oddities,
    ...evidence.findings.map(({ kind, detail }) => `the checker found ${kind}: ${detail}`),
    ...overlaps(evidence),
    ...ends(evidence),
    ...uniqueness(evidence),
    ...groups(evidence),
    ...turns(evidence),
    ...counters(evidence),
    ...histories(evidence),
    ...charges(evidence),
  ];
  const duplicates: Duplicates = { died: 0, leaseOver: 0 };
  for (const { first, second } of laterRuns(evidence)) {
    if (first.how !== "ok") continue;
    if (wasConfirmed(first.hold, second.startedAt) && !beganAcrossStop(evidence, second)) {
      violations.push(`${nameOf(first)} ran again on ${second.by} after the store had confirmed its success`);
    } else if (diedBefore(evidence, first.by, second.startedAt)) {
      duplicates.died++;
    } else {
      duplicates.leaseOver++;
    }
  }
  return { violations, duplicates };
}

/** Requests that were accepted and have not come to their end yet, in words; empty when all is done. */
export function unfinished(ledger: Ledger, { runs }: Runs): readonly string[] {
  const succeeded = new Set(runs.filter(({ how }) => how === "ok").map(({ id }) => id));
  const digested = new Set(runs.filter(({ how }) => how === "ok").flatMap(({ members }) => members));
  const accepted = ledger.ofState("accepted");
  return accepted
    .filter((request) => !hasEnded(request, succeeded, digested))
    .map(({ key, id, queue }) => `${key} (${queue} ${id})`);
}

function hasEnded({ kind, key, id }: TaskRequest, succeeded: ReadonlySet<string>, digested: ReadonlySet<string>) {
  if (kind === "grouped") return digested.has(key);
  if (kind === "exhausted" || kind === "killer" || kind === "cancelled_waiting" || kind === "cancelled_running") {
    return true;
  }
  return succeeded.has(id ?? "");
}

/** Each pair of runs of one task that followed each other. */
function laterRuns({ runs }: Evidence): { first: Run; second: Run }[] {
  const last = new Map<string, Run>();
  const pairs: { first: Run; second: Run }[] = [];
  for (const run of runs.runs) {
    const first = last.get(`${run.queue} ${run.id}`);
    if (first !== undefined) pairs.push({ first, second: run });
    last.set(`${run.queue} ${run.id}`, run);
  }
  return pairs;
}

/** A second run may begin once the first has ended, its process is dead, or its lease is over for all clocks. */
function overlaps(evidence: Evidence): string[] {
  return laterRuns(evidence).flatMap(({ first, second }) => {
    const { startedAt } = second;
    const hasEnded = first.endedAt !== undefined && first.endedAt <= startedAt;
    const leaseEnds = first.hold.until - evidence.mostAheadMs;
    const mayRun = startedAt >= leaseEnds || diedBefore(evidence, first.by, startedAt) || gaveUp(first.hold, startedAt);
    if (mayRun || (hasEnded && first.how !== "ok") || beganAcrossStop(evidence, second)) return [];
    const how = hasEnded ? "after its success" : "at the same time";
    return [`${nameOf(first)} ran on ${second.by} ${how}, ${leaseEnds - startedAt} ms before the lease ended`];
  });
}

/**
 * Whether its process stood still between the last look at the lease and the first line of the handler: no program can
 * close that gap from inside. What such a run says of the task is refused.
 */
function beganAcrossStop({ stops }: Evidence, { by, startedAt, hold }: Run): boolean {
  return (
    hold.result !== "settled" &&
    stops.some((stop) => stop.by === by && stop.to <= startedAt && startedAt - stop.to < wakingMs)
  );
}

/**
 * Whether the store had said by then that it wrote the success. One that was sent again may be told so because another
 * holder's success has removed the task meanwhile: that is no answer to the first.
 */
function wasConfirmed({ outcome, result, settledAt }: Hold, at: number): boolean {
  return outcome !== "handed_back" && result === "settled" && (settledAt ?? at) < at;
}

/** Whether the holder had given the task back by itself. */
function gaveUp({ outcome, settledAt }: Hold, at: number): boolean {
  return outcome === "handed_back" && (settledAt === undefined || settledAt <= at);
}

function diedBefore({ deaths }: Evidence, by: string, at: number): boolean {
  return (deaths.get(by) ?? Number.POSITIVE_INFINITY) <= at;
}

/** Kinds whose requests give the id, so that it is known without an answer. */
const named: ReadonlySet<RequestKind> = new Set<RequestKind>([
  "unique",
  "named",
  "killer",
  "cancelled_waiting",
  "cancelled_running",
]);

/** Every accepted task is where its kind ends, and nothing else is left in the store. */
function ends({ ledger, runs, left, mostAheadMs, turns: { lastPossible } }: Evidence): string[] {
  const violations: string[] = [];
  const byId = new Map(left.map((entry) => [idOf(entry), entry]));
  const started = new Set(runs.runs.map(({ id }) => id));
  const idOfKey = new Map(runs.runs.map(({ key, id }) => [key, id]));
  const complain = (request: TaskRequest, why: string): void =>
    void violations.push(`${request.key} (${request.queue} ${request.id ?? "no id"}, ${request.state}) ${why}`);

  for (const what of unfinished(ledger, runs)) violations.push(`${what} was accepted and never ended`);
  for (const request of ledger.requests.values()) {
    const id = request.id ?? (named.has(request.kind) ? request.key : idOfKey.get(request.key));
    const entry = id === undefined ? undefined : byId.get(id);
    if (id !== undefined) byId.delete(id);
    if (request.state === "asked") complain(request, "was never answered");
    if (request.state === "refused") {
      if (entry !== undefined || (id !== undefined && started.has(id))) {
        complain(request, `exists, although the answer was that it does not: ${request.error}`);
      }
      continue;
    }
    const exists = entry !== undefined || (id !== undefined && started.has(id));
    if (request.state === "unknown" && !exists) continue;
    for (const why of wrongEnd(request, entry, id !== undefined && started.has(id))) complain(request, why);
    const first = runs.runs.find((run) => run.id === id);
    if (request.dueAt !== undefined && first !== undefined && first.startedAt < request.dueAt - mostAheadMs) {
      complain(request, `ran ${request.dueAt - first.startedAt} ms before it was due`);
    }
  }
  // A request whose answer was lost and that never ran is known by its payload only.
  const unknown = new Map(ledger.ofState("unknown").map((request) => [request.key, request]));
  for (const entry of byId.values()) {
    const key = keyOf(entry);
    // A scheduler heard of the pause only when all was judged already.
    if (entry.unreadable === undefined && entry.message.type === "tick" && turnOf(idOf(entry)) <= lastPossible)
      continue;
    const request = key === undefined ? undefined : unknown.get(key);
    if (request === undefined) violations.push(`the store holds ${stateOf(entry)}, which nobody asked for`);
    else complain(request, `was left as ${stateOf(entry)}`);
  }
  return violations;
}

function wrongEnd(request: TaskRequest, entry: TaskEntry | undefined, started: boolean): string[] {
  const state = entry === undefined ? "gone" : entry.unreadable === undefined ? entry.state : "unreadable";
  switch (request.kind) {
    case "exhausted":
      return state === "archived" ? [] : [`was to be archived and is ${state}`];
    case "killer": {
      if (entry === undefined || entry.unreadable !== undefined || state !== "archived") {
        return [`was to be archived and is ${state}`];
      }
      const { lastError } = entry.message;
      return lastError.includes("while it ran alone") ? [] : [`was archived for ${JSON.stringify(lastError)}`];
    }
    case "kept":
    case "named": {
      if (entry === undefined || entry.unreadable !== undefined || state !== "completed") {
        return [`was to be completed and is ${state}`];
      }
      const result = Buffer.from(entry.result ?? []).toString();
      return result === JSON.stringify({ key: request.key }) ? [] : [`has the result ${JSON.stringify(result)}`];
    }
    case "cancelled_waiting":
      return state === "archived" && !started ? [] : [`was cancelled while it waited and is ${state}`];
    case "cancelled_running":
      if (request.cancel === "archived" && state !== "archived") {
        return [`was said to be archived by its cancel and is ${state}`];
      }
      return state === "archived" || state === "gone" ? [] : [`was to be cancelled or done and is ${state}`];
    default:
      return state === "gone" ? [] : [`was to be done and is ${state}`];
  }
}

/** No two tasks that exclude each other lived at the same time: each lived at least from its answer to its first end. */
function uniqueness({ ledger, runs }: Evidence): string[] {
  const violations: string[] = [];
  const lives = [...ledger.requests.values()]
    .filter(({ uniqueKey, state }) => uniqueKey !== undefined && state === "accepted")
    .map((request) => ({
      request,
      from: request.answeredAt ?? 0,
      to: runs.runs.find(({ id, how }) => id === request.id && how === "ok")?.endedAt ?? Number.POSITIVE_INFINITY,
    }));
  for (const [index, one] of lives.entries()) {
    for (const other of lives.slice(index + 1)) {
      if (one.request.uniqueKey !== other.request.uniqueKey) continue;
      const together = Math.min(one.to, other.to) - Math.max(one.from, other.from);
      if (together <= 0) continue;
      violations.push(
        `${one.request.key} and ${other.request.key} are both ${one.request.uniqueKey} and were there at the same time ` +
          `for ${together} ms`,
      );
    }
  }
  return violations;
}

/** Each task of a group went into exactly one task that was made of it. */
function groups({ runs }: Evidence): string[] {
  const homes = new Map<string, string>();
  const violations: string[] = [];
  for (const { id, members } of runs.runs) {
    for (const key of members) {
      const home = homes.get(key) ?? id;
      if (home !== id) violations.push(`${key} is in two aggregated tasks, ${home} and ${id}`);
      homes.set(key, home);
    }
  }
  return violations;
}

/** Each turn became exactly one task, which ran; the id of such a task holds the turn's moment. */
function turns({ runs, turns: { since, last, lastPossible } }: Evidence): string[] {
  const violations: string[] = [];
  const done = new Map<number, Set<string>>();
  for (const { id, how } of runs.runs.filter(({ type }) => type === "tick")) {
    const turn = turnOf(id);
    if (turn > lastPossible) violations.push(`turn ${turn} was fired after the entry was paused`);
    if (how === "ok") done.set(turn, (done.get(turn) ?? new Set()).add(id));
  }
  const first = Math.min(...done.keys());
  if (first > since + 1_000) violations.push(`the first turn is ${first - since} ms after the entry was made`);
  for (let turn = first; turn <= last; turn += 1_000) {
    if (!done.has(turn)) violations.push(`turn ${turn} of the schedule was never run`);
  }
  for (const [turn, ids] of done) {
    if (ids.size > 1) violations.push(`turn ${turn} of the schedule became ${ids.size} tasks`);
  }
  return violations;
}

/** The moment in the id of a periodic task. */
export function turnOf(id: string): number {
  return Number.parseInt(id.replace("-", "").slice(0, 12), 16);
}

/** What the store counted lies between what it confirmed and what it was asked to do. */
function counters({ runs, numbers }: Evidence): string[] {
  return numbers.flatMap(({ queue, processedTotal, failedTotal, processedToday }) => {
    // What was sent again may have been carried out the first time, and be another's by the second.
    const settled = runs.holds.filter(
      (hold) => hold.queue === queue && hold.counted && (hold.result !== "lost" || hold.sent > 1),
    );
    const least = settled.filter(isSurelyCounted).length;
    const failures = settled.filter(({ outcome }) => outcome === "retry" || outcome === "archived");
    const leastFailed = failures.filter(isSurelyCounted).length;
    const violations: string[] = [];
    if (processedTotal < least || processedTotal > settled.length) {
      violations.push(`queue "${queue}" counted ${processedTotal} attempts; there were ${least} to ${settled.length}`);
    }
    if (failedTotal < leastFailed || failedTotal > failures.length) {
      violations.push(
        `queue "${queue}" counted ${failedTotal} failures; there were ${leastFailed} to ${failures.length}`,
      );
    }
    if (processedToday > processedTotal) violations.push(`queue "${queue}" counted more today than altogether`);
    return violations;
  });
}

function isSurelyCounted({ result, sent }: Hold): boolean {
  return result === "settled" && sent === 1;
}

/** The history of a task that is still there: retries spent are retries noted, and its holders are processes of ours. */
function histories({ left, runs }: Evidence): string[] {
  const servers = new Set([...runs.servers.values(), "unknown"]);
  return left.flatMap((entry) => {
    if (entry.unreadable !== undefined) return [`task ${entry.taskId} can't be read: ${entry.unreadable}`];
    const { message, attempts, state } = entry;
    const violations: string[] = [];
    const retries = attempts.filter(({ outcome }) => outcome === "retry").length;
    if (attempts.length < 20 && retries !== message.retried) {
      violations.push(`task ${message.id} spent ${message.retried} retries and its history has ${retries}`);
    }
    if (state === "completed" && attempts.at(-1)?.outcome !== "completed") {
      violations.push(`task ${message.id} has completed and its history ends with ${attempts.at(-1)?.outcome}`);
    }
    for (const { serverId } of attempts) {
      if (!servers.has(serverId)) violations.push(`the history of task ${message.id} names server ${serverId}`);
    }
    return violations;
  });
}

/** Nobody but a task that kills is archived for a worker's death, and no retry is spent on what no handler failed. */
function charges({ ledger, left, runs }: Evidence): string[] {
  const killers = new Set([...ledger.requests.values()].filter(({ kind }) => kind === "killer").map(({ id }) => id));
  const violations = left.flatMap((entry) => {
    const blamed = entry.unreadable === undefined && entry.message.lastError.startsWith("asynq: task lease expired");
    return blamed && !killers.has(idOf(entry)) ? [`${stateOf(entry)} was charged with a worker's death`] : [];
  });
  const failures = new Map<string, number>();
  for (const run of runs.runs) {
    const { id, attempt, how } = run;
    const failed = failures.get(id) ?? 0;
    if (attempt - 1 > failed) violations.push(`${nameOf(run)} had spent ${attempt - 1} retries on ${failed} failures`);
    if (how === "failed" || how === "aborted") failures.set(id, failed + 1);
  }
  return violations;
}

function nameOf({ key, id, queue, by }: Run): string {
  return `${key} (${queue} ${id}), run by ${by},`;
}

function idOf(entry: TaskEntry): string {
  return entry.unreadable === undefined ? entry.message.id : entry.taskId;
}

function stateOf(entry: TaskEntry): string {
  return `${entry.state ?? "stateless"} task ${idOf(entry)} (${keyOf(entry) ?? "unreadable"})`;
}

function keyOf(entry: TaskEntry): string | undefined {
  if (entry.unreadable !== undefined) return undefined;
  try {
    const payload: unknown = JSON.parse(Buffer.from(entry.message.payload ?? []).toString());
    return typeof payload === "object" && payload !== null && "key" in payload ? String(payload.key) : undefined;
  } catch {
    return undefined;
  }
}
