import { type DemoJobAttempt, type DemoJobView, type DemoJobWorker, resolveDemoJob } from "@hikyaku/contract";
import type { FollowState } from "./job-follower.ts";
import { dueMsOf, latenessMs, msOf } from "./job-moments.ts";
import type { FailureReason } from "./registration-fate.ts";
import type { SessionJob } from "./session-jobs.ts";

/** What is known of a job, as its card's icon, word and colour. */
export type CardState =
  | "sending"
  | "perhaps"
  | "not_stored"
  | "scheduled"
  | "waiting"
  | "paused"
  | "no_worker"
  | "quiet"
  | "not_handled"
  | "running"
  | "lost"
  | "retry"
  | "completed"
  | "archived"
  | "not_kept"
  | "unknown";

/** The one sentence that says what happens to the job, as a code with its facts. Lengths are milliseconds. */
export type Sentence =
  | { readonly code: "sending" }
  | { readonly code: "perhaps" }
  | { readonly code: "perhaps_missing" }
  | { readonly code: "not_stored"; readonly reason: FailureReason }
  | { readonly code: "store_back" }
  | { readonly code: "registered" }
  | { readonly code: "counting"; readonly inMs: number; readonly atMs: number; readonly but: Obstacle | undefined }
  | { readonly code: "due"; readonly forMs: number; readonly why: Obstacle | "runs_apart" | "workers_busy" | "in_line" }
  | ({ readonly code: "backing_off"; readonly inMs: number; readonly atMs: number } & EndedAttempt)
  | { readonly code: "due_again"; readonly attempt: number; readonly of: number; readonly why: Obstacle | "in_line" }
  | { readonly code: "running"; readonly attempt: number; readonly of: number; readonly worker: DemoJobWorker | null }
  | { readonly code: "lost"; readonly worker: DemoJobWorker | null; readonly untilMs: number | undefined }
  | { readonly code: "lost_due"; readonly worker: DemoJobWorker | null }
  | Printed
  | { readonly code: "archived"; readonly atMs: number; readonly attempt: number; readonly of: number }
  | { readonly code: "not_kept" }
  | { readonly code: "overdue_unseen"; readonly dueMs: number; readonly seenMs: number };

/** Why a job waits, or will wait, although it is due. */
type Obstacle = "queue_paused" | "no_worker" | "workers_quiet" | "type_not_handled";

interface Printed {
  readonly code: "printed";
  readonly atMs: number;
  readonly worker: DemoJobWorker | null;
  /**
   * How long after its time; 0 for at its time. Undefined for a job that is tried again, or whose time is not known.
   */
  readonly lateMs: number | undefined;
  readonly attempt: number;
}

interface EndedAttempt {
  readonly attempt: number;
  readonly of: number;
  readonly outcome: DemoJobAttempt["outcome"];
  readonly endedMs: number | undefined;
}

/** What a card says, besides its relay. */
export interface JobCard {
  readonly state: CardState;
  readonly sentence: Sentence;
  readonly message: string;
}

/** How many runs the job has at most: the first one and its retries. */
export function mostAttempts(job: SessionJob): number {
  return (job.view?.max_retry ?? resolveDemoJob(job.request).maxRetry) + 1;
}

/** Whether the store was away when the job was sent, and has answered since. */
export function isStoreBack({ failure }: SessionJob, { storeWellAtMs }: FollowState): boolean {
  return failure?.reason === "store_away" && storeWellAtMs !== undefined && storeWellAtMs > failure.atMs;
}

/** The number of the attempt that runs or comes next, and how many there are at most if each one fails. */
export function nextAttempt(job: SessionJob, view: DemoJobView): { readonly attempt: number; readonly of: number } {
  const ended = view.attempts.at(-1)?.number ?? view.retried;
  // An attempt that spent no retry still has a number, so the last one comes so much later.
  return { attempt: ended + 1, of: ended + mostAttempts(job) - view.retried };
}

/** What a card says of a job at a moment. `follow` tells how fresh the page's knowledge is. */
export function cardOf(job: SessionJob, follow: FollowState, nowMs: number): JobCard {
  const message = job.view === undefined ? resolveDemoJob(job.request).message : (job.view.message ?? "");
  return { message, ...stateOf(job, follow, nowMs) };
}

function stateOf(job: SessionJob, follow: FollowState, nowMs: number): Omit<JobCard, "message"> {
  switch (job.fate) {
    case "sending":
      return { state: "sending", sentence: { code: "sending" } };
    case "perhaps": {
      const code = job.missingSinceMs === undefined ? "perhaps" : "perhaps_missing";
      return { state: "perhaps", sentence: { code } };
    }
    case "not_stored":
      if (isStoreBack(job, follow)) return { state: "not_stored", sentence: { code: "store_back" } };
      return { state: "not_stored", sentence: { code: "not_stored", reason: job.failure?.reason ?? "store_away" } };
    case "registered":
      if (job.missingSinceMs !== undefined) return { state: "not_kept", sentence: { code: "not_kept" } };
      return unseen(job, follow, nowMs) ?? seen(job, follow, nowMs);
  }
}

/** For a job that became due while no answer came: its state is not known, and the page says so. */
function unseen(job: SessionJob, follow: FollowState, nowMs: number): Omit<JobCard, "message"> | undefined {
  if (follow.failure === undefined) return undefined;
  const nextMs = job.view === undefined ? dueMsOf(job) : msOf(job.view.waiting?.until);
  if (nextMs === undefined || nextMs > nowMs) return undefined;
  const seenMs = msOf(job.view?.now) ?? job.sentAtMs;
  return { state: "unknown", sentence: { code: "overdue_unseen", dueMs: nextMs, seenMs } };
}

function seen(job: SessionJob, follow: FollowState, nowMs: number): Omit<JobCard, "message"> {
  const { view } = job;
  if (view === undefined) {
    const atMs = dueMsOf(job);
    if (atMs === undefined) return { state: "scheduled", sentence: { code: "registered" } };
    return counting(atMs, follow.queue?.workers === 0 ? "no_worker" : undefined, nowMs);
  }
  switch (view.state) {
    case "scheduled": {
      const atMs = msOf(view.waiting?.until);
      return atMs !== undefined && atMs > nowMs
        ? counting(atMs, obstacleAhead(view, follow), nowMs)
        : due(job, view, follow, nowMs);
    }
    case "pending":
      return due(job, view, follow, nowMs);
    case "active":
      // A worker holds it, and has not begun.
      if (view.waiting !== null) return due(job, view, follow, nowMs);
      return running(job, view, follow, nowMs);
    case "retry":
      return backingOff(job, view, nowMs);
    case "completed":
      return { state: "completed", sentence: printed(view) };
    case "archived": {
      const atMs = msOf(view.archived_at) ?? msOf(view.attempts.at(-1)?.ended_at) ?? nowMs;
      const attempt = endedAttempt(view);
      const of = attempt + mostAttempts(job) - view.retried - 1;
      const sentence = { code: "archived", atMs, attempt, of } as const;
      return { state: "archived", sentence };
    }
  }
}

function counting(atMs: number, but: Obstacle | undefined, nowMs: number): Omit<JobCard, "message"> {
  const inMs = atMs - nowMs;
  if (inMs <= 0) return waiting(-inMs, but ?? "in_line");
  return { state: "scheduled", sentence: { code: "counting", inMs, atMs, but } };
}

function obstacleAhead({ workers }: DemoJobView, { queue }: FollowState): Obstacle | undefined {
  if (queue?.paused) return "queue_paused";
  return workers === 0 ? "no_worker" : undefined;
}

const STATE_OF_OBSTACLE = {
  queue_paused: "paused",
  no_worker: "no_worker",
  workers_quiet: "quiet",
  type_not_handled: "not_handled",
} as const satisfies Record<Obstacle, CardState>;

function isObstacle(reason: string): reason is Obstacle {
  return reason in STATE_OF_OBSTACLE;
}

function due(job: SessionJob, view: DemoJobView, follow: FollowState, nowMs: number): Omit<JobCard, "message"> {
  const reason = view.waiting?.reason ?? "in_line";
  // It became due since the answer. Its obstacles are known; the next answer tells who took it.
  const isOld = reason === "not_due" || reason === "backing_off";
  const why = isOld ? (obstacleAhead(view, follow) ?? "in_line") : reason;
  const sinceMs = msOf(view.waiting?.since) ?? msOf(view.waiting?.until) ?? dueMsOf(job) ?? nowMs;
  return waiting(Math.max(0, nowMs - sinceMs), why);
}

function waiting(forMs: number, why: (Sentence & { readonly code: "due" })["why"]): Omit<JobCard, "message"> {
  return { state: isObstacle(why) ? STATE_OF_OBSTACLE[why] : "waiting", sentence: { code: "due", forMs, why } };
}

function running(job: SessionJob, view: DemoJobView, follow: FollowState, nowMs: number): Omit<JobCard, "message"> {
  const worker = view.running?.worker ?? null;
  if (view.running?.lost) return lost(view, worker, follow, nowMs);
  const sentence = { code: "running", ...nextAttempt(job, view), worker } as const;
  return { state: "running", sentence };
}

/** The task of a lost worker can be taken over once the lease has ended, if there is a worker. */
function lost(
  view: DemoJobView,
  worker: DemoJobWorker | null,
  follow: FollowState,
  nowMs: number,
): Omit<JobCard, "message"> {
  const untilMs = msOf(view.running?.lease_ends_at);
  if (untilMs === undefined || untilMs > nowMs) return { state: "lost", sentence: { code: "lost", worker, untilMs } };
  const obstacle = obstacleAhead(view, follow);
  if (obstacle !== undefined) return waiting(nowMs - untilMs, obstacle);
  if (view.workers === null) return { state: "lost", sentence: { code: "lost", worker, untilMs: undefined } };
  return { state: "lost", sentence: { code: "lost_due", worker } };
}

function backingOff(job: SessionJob, view: DemoJobView, nowMs: number): Omit<JobCard, "message"> {
  const last = view.attempts.findLast(({ outcome }) => outcome !== "handed_back");
  const next = nextAttempt(job, view);
  const atMs = msOf(view.waiting?.until);
  const why = view.waiting?.reason ?? "in_line";
  if (atMs === undefined || atMs <= nowMs) {
    const state = isObstacle(why) ? STATE_OF_OBSTACLE[why] : "retry";
    const obstacle = isObstacle(why) ? why : "in_line";
    return { state, sentence: { code: "due_again", ...next, why: obstacle } };
  }
  const attempt = last?.number ?? view.retried;
  const ended = { attempt, of: next.of, outcome: last?.outcome ?? "retry", endedMs: msOf(last?.ended_at) };
  return { state: "retry", sentence: { code: "backing_off", inMs: atMs - nowMs, atMs, ...ended } };
}

/** The number of the attempt that ended the job. */
function endedAttempt(view: DemoJobView): number {
  return view.attempts.at(-1)?.number ?? view.retried + 1;
}

function printed(view: DemoJobView): Printed {
  const last = view.attempts.at(-1);
  const atMs = msOf(view.printed_at) ?? msOf(last?.ended_at) ?? Date.parse(view.now);
  const dueMs = msOf(view.due_at);
  const attempt = endedAttempt(view);
  const lateMs = dueMs === undefined || attempt > 1 ? undefined : latenessMs(dueMs, atMs);
  return { code: "printed", atMs, worker: last?.worker ?? null, lateMs, attempt };
}
