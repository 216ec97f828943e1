import { type DemoJobView, demoJobView, type RegisterDemoJobRequest, registerDemoJobRequest } from "@hikyaku/contract";
import * as z from "zod";
import { FAILURE_REASONS, FATES, type FailedCall } from "./registration-fate.ts";

const sessionJob = z.object({
  jobId: z.string(),
  /** It was looked up by its id. Neither its request nor its sender is known here. */
  elsewhere: z.boolean().optional(),
  /** What was asked, without the id. */
  request: registerDemoJobRequest,
  /** When it was sent first, by the server's clock as far as the page knew it, in milliseconds. */
  sentAtMs: z.number(),
  fate: z.enum(FATES),
  /** Why it is not known to be registered, with the moment and the length of the call that left it so. */
  failure: z.object({ reason: z.enum(FAILURE_REASONS), waitedMs: z.number(), atMs: z.number() }).optional(),
  /** What the server told last. */
  view: demoJobView.optional(),
  /** Since when the store answers that it holds no such job. */
  missingSinceMs: z.number().optional(),
});

/** A job that this tab sent to the server, and what is known of it. */
export type SessionJob = z.infer<typeof sessionJob>;

/** How many jobs of this tab are kept: the newest. */
export const SESSION_JOBS_KEPT = 50;

/** How long a perhaps registered job is looked for in a store that answers and does not have it. */
export const LOOKED_FOR_MS = 120_000;

/** Reads a stored list, newest first. Entries that can't be read are left out; a call that a reload cut off is "perhaps". */
export function parseSessionJobs(text: string | null): readonly SessionJob[] {
  const stored = z.array(z.unknown()).safeParse(parseJson(text));
  if (!stored.success) return [];
  return stored.data.flatMap((entry) => {
    const parsed = sessionJob.safeParse(entry);
    return parsed.success ? [withoutOpenCall(parsed.data)] : [];
  });
}

/** Longest error text that outlives a reload, in characters: storage is small, and the server tells it again. */
const MOST_ERROR_CHARACTERS = 2000;

/** The list as text to be stored: everything but the errors that no card shows. */
export function storedText(jobs: readonly SessionJob[]): string {
  return JSON.stringify(jobs.map(withShownErrors));
}

function withShownErrors(job: SessionJob): SessionJob {
  if (job.view === undefined) return job;
  const { attempts } = job.view;
  const shown = attempts.findLastIndex(({ error }) => error !== null);
  const kept = attempts.map((attempt, index) => ({
    ...attempt,
    error: index === shown ? (attempt.error?.slice(0, MOST_ERROR_CHARACTERS) ?? null) : null,
  }));
  return { ...job, view: { ...job.view, attempts: kept } };
}

/** A new job at the moment it is sent. */
export function sentJob(jobId: string, request: RegisterDemoJobRequest, sentAtMs: number): SessionJob {
  return { jobId, request, sentAtMs, fate: "sending" };
}

/** A job of which only the id is known. */
export function lookedUpJob(jobId: string, nowMs: number): SessionJob {
  return { jobId, elsewhere: true, request: {}, sentAtMs: nowMs, fate: "registered" };
}

/** The list with a job put first, and cut to the newest {@link SESSION_JOBS_KEPT}. */
export function withJob(jobs: readonly SessionJob[], job: SessionJob): readonly SessionJob[] {
  return [job, ...jobs].slice(0, SESSION_JOBS_KEPT);
}

/** The list with one job changed. */
export function changed(
  jobs: readonly SessionJob[],
  jobId: string,
  change: (job: SessionJob) => SessionJob,
): readonly SessionJob[] {
  return jobs.map((job) => (job.jobId === jobId ? change(job) : job));
}

/**
 * The job after a call of its registration failed. "Nothing was stored" is about that call only: a job that an earlier
 * call perhaps stored stays so.
 */
export function afterFailure(
  job: SessionJob,
  { fate, reason }: FailedCall,
  call: { readonly waitedMs: number; readonly atMs: number; readonly wasPerhaps: boolean },
): SessionJob {
  if (job.fate === "registered") return job;
  // A later call that surely stored nothing caused no doubt: the moments stay those of the doubtful call.
  const doubt = call.wasPerhaps && fate === "not_stored" ? job.failure : undefined;
  const { waitedMs, atMs } = doubt ?? call;
  return { ...job, fate: call.wasPerhaps ? "perhaps" : fate, failure: { reason, waitedMs, atMs } };
}

/** The job after the server said that it is registered. */
export function afterRegistration(job: SessionJob): SessionJob {
  const { failure: _, missingSinceMs: __, ...rest } = job;
  return { ...rest, fate: "registered" };
}

/** The job after the server told its state. Undefined: the store has no such job. */
export function afterAnswer(job: SessionJob, view: DemoJobView | undefined, nowMs: number): SessionJob {
  if (view !== undefined) return { ...afterRegistration(job), view };
  if (job.fate === "sending") return job;
  return { ...job, missingSinceMs: job.missingSinceMs ?? nowMs };
}

/** Whether the job's state may still change, so that the page must ask about it. */
export function needsAsking(job: SessionJob, nowMs: number): boolean {
  const { fate, view, missingSinceMs } = job;
  if (fate === "perhaps") return missingSinceMs === undefined || nowMs - missingSinceMs <= LOOKED_FOR_MS;
  return canBeAsked(job) && view?.state !== "archived";
}

/** Whether the server may know more of the job than this page. An archived one may be run again by somebody. */
export function canBeAsked({ fate, view, missingSinceMs }: SessionJob): boolean {
  if (view?.state === "completed") return false;
  return fate === "perhaps" || (fate === "registered" && missingSinceMs === undefined);
}

/**
 * The job that a press of the button sends again, under its id: one with the same request that is not known to be
 * registered. So pressing twice can't make two jobs. Undefined: the press sends a new job.
 */
export function jobToSendAgain(jobs: readonly SessionJob[], request: RegisterDemoJobRequest): SessionJob | undefined {
  const asked = keyOf(request);
  return jobs.find(({ fate, request: before }) => fate !== "registered" && keyOf(before) === asked);
}

function keyOf({ message, delay_seconds, max_retry }: RegisterDemoJobRequest): string {
  return JSON.stringify([message || null, delay_seconds || null, max_retry || null]);
}

function withoutOpenCall(job: SessionJob): SessionJob {
  if (job.fate !== "sending") return job;
  return { ...job, fate: "perhaps", failure: { reason: "page_left", waitedMs: 0, atMs: job.sentAtMs } };
}

function parseJson(text: string | null): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}
