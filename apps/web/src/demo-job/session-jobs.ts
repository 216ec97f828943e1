import * as z from "zod";

const registeredJob = z.object({
  jobId: z.string(),
  message: z.string(),
  maxRetry: z.number(),
  /** When it is due, by the browser's clock, in milliseconds. */
  dueAtMs: z.number(),
});

/** A job that this tab registered. */
export type RegisteredJob = z.infer<typeof registeredJob>;

/** How many jobs of this tab are kept: the newest. */
export const SESSION_JOBS_KEPT = 50;

/** Reads a stored list, newest first. Empty when nothing readable is stored. */
export function parseSessionJobs(text: string | null): readonly RegisteredJob[] {
  if (text === null) return [];
  try {
    const parsed = z.array(registeredJob).safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : [];
  } catch {
    return [];
  }
}

/** The list with a job put first, and cut to the newest {@link SESSION_JOBS_KEPT}. */
export function withSessionJob(jobs: readonly RegisteredJob[], job: RegisteredJob): readonly RegisteredJob[] {
  return [job, ...jobs].slice(0, SESSION_JOBS_KEPT);
}
