import { type DemoJobAttempt, type DemoJobView, type DemoJobWorker, resolveDemoJob } from "@hikyaku/contract";
import { type CardState, type JobCard, nextAttempt } from "./job-card-state.ts";
import { dueMsOf, latenessMs, msOf } from "./job-moments.ts";
import type { SessionJob } from "./session-jobs.ts";

/** The large text above a segment. Lengths are milliseconds. */
export type Lead =
  | { readonly kind: "length"; readonly ms: number }
  | { readonly kind: "so_far"; readonly ms: number }
  | { readonly kind: "ahead"; readonly ms: number }
  | { readonly kind: "in"; readonly ms: number }
  | { readonly kind: "moment"; readonly atMs: number; readonly precise: boolean }
  | { readonly kind: "obstacle"; readonly state: CardState }
  | { readonly kind: "none" };

/** The small text above a segment, as a code. */
type SegmentLabel =
  | { readonly code: "waited" | "to_its_time" | "after_its_time" | "at_its_time" | "due" | "backed_off" | "between" }
  | {
      readonly code: "attempt";
      readonly number: number;
      readonly outcome: DemoJobAttempt["outcome"] | "running" | "lost_now" | "ahead";
    }
  | {
      readonly code:
        | "prints"
        | "printed"
        | "archived"
        | "prints_if_stored"
        | "waiting_if_stored"
        | "no_answer"
        | "refused"
        | "sending"
        | "waiting";
    }
  | { readonly code: "more_attempts"; readonly count: number };

/** What happened at the beginning of a segment. */
type StationNote = "registered_here" | "registered" | "due" | "now" | "sent" | "went_no_further" | "not_known";

/** One stretch of a job's road, with the station at its beginning. */
export interface Segment {
  readonly key: string;
  /** Dashed where the job waits, a bar where it runs; `end` is the last station, with no road behind it. */
  readonly line: "wait" | "failed" | "ok" | "running" | "handed_back" | "ahead" | "end";
  readonly station: "past" | "now" | "ahead";
  /** The courier stands at its end: the job is there now. */
  readonly courier: boolean;
  /** Its share of the picture. Lengths are compressed. */
  readonly weight: number;
  readonly lead: Lead;
  readonly label: SegmentLabel;
  readonly atMs: number | undefined;
  /** Whether the moment is told to the millisecond. */
  readonly precise: boolean;
  readonly note: StationNote | undefined;
  readonly worker: DemoJobWorker | undefined;
  /** The same process as in the attempt before: its number is enough. */
  readonly sameWorker: boolean;
  /** How many workers would take it; said at the end of the road. */
  readonly takers: number | undefined;
  /** How long the whole road took; said at its end. */
  readonly inAllMs: number | undefined;
}

/** So many attempts are drawn, the next one included; of more, the first, the number between, and the last. */
const MOST_DRAWN = 3;

/** A start that comes later than this after its time is drawn also where several attempts follow. */
const LATE_MS = 1000;

/** The road of a job from its registration to now, and what lies ahead. */
export function relayOf(job: SessionJob, card: JobCard, nowMs: number): readonly Segment[] {
  if (job.fate !== "registered") return notRegistered(job, nowMs);
  if (job.view === undefined) return countingDown(job, nowMs, undefined, card.state);
  const { view } = job;
  switch (view.state) {
    case "scheduled":
    case "pending":
      return view.attempts.length === 0
        ? countingDown(job, nowMs, view.workers ?? undefined, card.state)
        : [...past(job, view), ...backedOff(job, view, nowMs, card.state)];
    case "active":
      return [...past(job, view), runningNow(job, view, nowMs)];
    case "retry":
      return [...past(job, view), ...backedOff(job, view, nowMs, card.state)];
    case "completed":
      return [...past(job, view), theEnd("printed", msOf(view.printed_at), job, view)];
    case "archived":
      return [...past(job, view), theEnd("archived", msOf(view.archived_at), job, view)];
  }
}

const blank = {
  line: "wait",
  station: "past",
  courier: false,
  weight: 1,
  lead: { kind: "none" },
  atMs: undefined,
  precise: false,
  note: undefined,
  worker: undefined,
  sameWorker: false,
  takers: undefined,
  inAllMs: undefined,
} as const satisfies Omit<Segment, "key" | "label">;

function notRegistered(job: SessionJob, nowMs: number): readonly Segment[] {
  const { fate, failure, sentAtMs, request } = job;
  const delayMs = resolveDemoJob(request).delaySeconds * 1000;
  const perhaps = fate !== "not_stored";
  const waitedMs = failure?.waitedMs ?? Math.max(0, nowMs - sentAtMs);
  return [
    {
      ...blank,
      key: "sent",
      station: "now",
      courier: true,
      weight: 0.95,
      lead: failure?.waitedMs === 0 ? { kind: "none" } : { kind: "length", ms: waitedMs },
      label: { code: fate === "sending" ? "sending" : perhaps ? "no_answer" : "refused" },
      atMs: failure?.atMs === undefined ? sentAtMs : failure.atMs - waitedMs,
      note: perhaps ? "sent" : "went_no_further",
    },
    {
      ...blank,
      key: "waiting",
      station: "ahead",
      weight: 2.75,
      lead: perhaps ? { kind: "length", ms: delayMs } : { kind: "none" },
      label: { code: fate === "perhaps" ? "waiting_if_stored" : "waiting" },
      note: fate === "perhaps" ? "not_known" : undefined,
    },
    {
      ...blank,
      key: "prints",
      line: "ahead",
      station: "ahead",
      weight: 1.1,
      lead: perhaps ? { kind: "moment", atMs: sentAtMs + delayMs, precise: false } : { kind: "none" },
      label: { code: fate === "perhaps" ? "prints_if_stored" : "prints" },
    },
  ];
}

/** Registered and not run yet: the road behind it, and the road ahead. */
function countingDown(
  job: SessionJob,
  nowMs: number,
  takers: number | undefined,
  state: CardState,
): readonly Segment[] {
  const dueMs = dueMsOf(job) ?? nowMs;
  const prints = { ...blank, key: "prints", line: "ahead", station: "ahead", label: { code: "prints" } } as const;
  if (dueMs > nowMs) {
    const [behind, ahead] = shares(nowMs - (registeredMsOf(job) ?? nowMs), dueMs - nowMs);
    return [
      { ...waited(job, nowMs), courier: true, weight: behind },
      {
        ...blank,
        key: "ahead",
        station: "now",
        weight: ahead,
        lead: { kind: "ahead", ms: dueMs - nowMs },
        label: { code: "to_its_time" },
        atMs: nowMs,
        note: "now",
      },
      { ...prints, lead: { kind: "moment", atMs: dueMs, precise: false }, takers },
    ];
  }
  return [
    { ...waited(job, dueMs), weight: 1.7 },
    {
      ...blank,
      key: "due",
      station: "now",
      courier: true,
      weight: 2,
      lead: { kind: "so_far", ms: nowMs - dueMs },
      label: { code: "due" },
      atMs: dueMs,
      note: "due",
    },
    { ...prints, lead: { kind: "obstacle", state }, takers },
  ];
}

/** What lies behind a job that ran: waiting, its attempts, and the time between them. */
function past(job: SessionJob, view: DemoJobView): readonly Segment[] {
  const { attempts } = view;
  const isEnded = view.state === "completed" || view.state === "archived";
  const drawsAll = attempts.length + (isEnded ? 0 : 1) <= MOST_DRAWN;
  const segments: Segment[] = [...beforeFirst(job, view)];
  for (const [index, attempt] of attempts.entries()) {
    const before = attempts[index - 1];
    const isLast = index === attempts.length - 1;
    if (before !== undefined && drawsAll) segments.push(gap(before, Date.parse(attempt.started_at), index));
    if (index === 1 && !isLast && !drawsAll) segments.push(between(attempts));
    if (drawsAll || index === 0 || isLast) segments.push(ran(attempt, before));
  }
  const last = attempts.at(-1);
  const runningMs = msOf(view.running?.started_at);
  if (last !== undefined && runningMs !== undefined) segments.push(gap(last, runningMs, attempts.length));
  return segments;
}

function beforeFirst(job: SessionJob, view: DemoJobView): readonly Segment[] {
  const { attempts } = view;
  // Of more than twenty attempts the first ones are not told any more, and so is not what was before them.
  if (attempts[0] !== undefined && attempts[0].number > 1) return [];
  const dueMs = msOf(view.due_at);
  const startMs = msOf(attempts[0]?.started_at) ?? msOf(view.running?.started_at);
  if (dueMs === undefined) return [];
  const isSingle = attempts.length <= 1;
  const waiting = { ...waited(job, dueMs), weight: isSingle ? 2 : 0.85 };
  if (startMs === undefined) return [waiting];
  const lateMs = latenessMs(dueMs, startMs);
  if (!isSingle && lateMs < LATE_MS) return [waiting];
  return [
    waiting,
    {
      ...blank,
      key: "late",
      weight: isSingle ? 1 : 0.85,
      lead: lateMs === 0 ? { kind: "none" } : { kind: "length", ms: lateMs },
      label: { code: lateMs === 0 ? "at_its_time" : "after_its_time" },
      atMs: dueMs,
      precise: true,
      note: "due",
    },
  ];
}

/** From the registration until a moment. */
function waited(job: SessionJob, untilMs: number): Segment {
  const registeredMs = registeredMsOf(job);
  return {
    ...blank,
    key: "waited",
    lead: registeredMs === undefined ? { kind: "none" } : { kind: "length", ms: Math.max(0, untilMs - registeredMs) },
    label: { code: "waited" },
    atMs: registeredMs,
    note: registeredMs === undefined ? undefined : job.elsewhere ? "registered" : "registered_here",
  };
}

function ran(attempt: DemoJobAttempt, before: DemoJobAttempt | undefined): Segment {
  const { number, outcome, started_at, ended_at, worker } = attempt;
  const line = {
    completed: "ok",
    handed_back: "handed_back",
    retry: "failed",
    archived: "failed",
    lost: "failed",
  } as const;
  return {
    ...blank,
    key: `attempt-${number}`,
    line: line[outcome],
    weight: outcome === "handed_back" ? 1.5 : 1.15,
    lead: { kind: "length", ms: Date.parse(ended_at) - Date.parse(started_at) },
    label: { code: "attempt", number, outcome },
    atMs: Date.parse(started_at),
    precise: true,
    worker: worker ?? undefined,
    sameWorker: worker !== null && worker.server_id === before?.worker?.server_id,
  };
}

/** The attempts that are not drawn, as one stretch: from the end of the first to the start of the last. */
function between(attempts: readonly DemoJobAttempt[]): Segment {
  const fromMs = Date.parse(attempts[0]?.ended_at ?? "");
  const untilMs = Date.parse(attempts.at(-1)?.started_at ?? "");
  return {
    ...blank,
    key: "between",
    weight: 1.3,
    lead: { kind: "length", ms: untilMs - fromMs },
    label: { code: "more_attempts", count: attempts.length - 2 },
    atMs: fromMs,
  };
}

function gap(before: DemoJobAttempt, untilMs: number, index: number): Segment {
  const fromMs = Date.parse(before.ended_at);
  return {
    ...blank,
    key: `gap-${index}`,
    weight: 0.95,
    lead: { kind: "length", ms: Math.max(0, untilMs - fromMs) },
    label: { code: before.outcome === "retry" ? "backed_off" : "between" },
    atMs: fromMs,
  };
}

/** Waits for its next attempt: what is behind it of that time, and what is ahead. */
function backedOff(job: SessionJob, view: DemoJobView, nowMs: number, state: CardState): readonly Segment[] {
  const last = view.attempts.at(-1);
  const fromMs = msOf(last?.ended_at) ?? nowMs;
  const untilMs = msOf(view.waiting?.until);
  const inMs = untilMs === undefined ? 0 : untilMs - nowMs;
  const label = { code: last?.outcome === "retry" ? "backed_off" : "between" } as const;
  const ahead = { code: "attempt", number: nextAttempt(job, view).attempt, outcome: "ahead" } as const;
  return [
    {
      ...blank,
      key: "backing-off",
      station: "now",
      courier: true,
      weight: 1.45,
      lead: { kind: inMs > 0 ? "length" : "so_far", ms: Math.max(0, nowMs - fromMs) },
      label,
      atMs: nowMs,
      note: "now",
    },
    {
      ...blank,
      key: "next",
      line: "ahead",
      station: "ahead",
      weight: 0.8,
      lead: inMs > 0 ? { kind: "in", ms: inMs } : { kind: "obstacle", state },
      label: ahead,
      atMs: untilMs,
    },
  ];
}

function runningNow(job: SessionJob, view: DemoJobView, nowMs: number): Segment {
  const startedMs = msOf(view.running?.started_at);
  const worker = view.running?.worker ?? undefined;
  const { attempt } = nextAttempt(job, view);
  return {
    ...blank,
    key: "running",
    line: "running",
    station: "now",
    courier: true,
    weight: view.running?.lost ? 2.2 : 1.6,
    lead: startedMs === undefined ? { kind: "none" } : { kind: "so_far", ms: Math.max(0, nowMs - startedMs) },
    label: { code: "attempt", number: attempt, outcome: view.running?.lost ? "lost_now" : "running" },
    atMs: startedMs,
    precise: true,
    worker,
    sameWorker: worker !== undefined && worker.server_id === view.attempts.at(-1)?.worker?.server_id,
  };
}

function theEnd(code: "printed" | "archived", atMs: number | undefined, job: SessionJob, view: DemoJobView): Segment {
  const endMs = atMs ?? msOf(view.attempts.at(-1)?.ended_at) ?? Date.parse(view.now);
  const registeredMs = registeredMsOf(job);
  return {
    ...blank,
    key: "end",
    line: "end",
    station: "now",
    courier: true,
    weight: 0.9,
    lead: { kind: "moment", atMs: endMs, precise: code === "printed" },
    label: { code },
    inAllMs: registeredMs === undefined ? undefined : Math.max(0, endMs - registeredMs),
  };
}

function registeredMsOf({ view, sentAtMs, elsewhere }: SessionJob): number | undefined {
  return msOf(view?.registered_at) ?? (elsewhere ? undefined : sentAtMs);
}

/** How the picture is shared between the time behind and the time ahead, so that both can be read. */
function shares(behindMs: number, aheadMs: number): readonly [number, number] {
  const whole = 3.7;
  const least = 0.95;
  const share = behindMs / Math.max(1, behindMs + aheadMs);
  const behind = least + (whole - 2 * least) * share;
  return [behind, whole - behind];
}
