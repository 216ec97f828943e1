import { type RegisteredJob, SESSION_JOBS_KEPT } from "../demo-job/session-jobs.ts";
import { useLanguage } from "../i18n/language-context.ts";
import { distanceText, momentText } from "../i18n/time-text.ts";
import { useNow } from "../use-now.ts";

/** The jobs that this tab registered, newest first, each with the time that is left. */
export function SessionJobList({ jobs }: { readonly jobs: readonly RegisteredJob[] }) {
  const { locale, messages } = useLanguage();
  const texts = messages.sessionJobs;
  const nowMs = useNow(jobs.length > 0);
  return (
    <section aria-labelledby="session-jobs-title" className="mt-14 border-t border-rule pt-6">
      <h2 id="session-jobs-title" className="text-2xl">
        {texts.title}
      </h2>
      {jobs.length === 0 ? (
        <p className="mt-3 text-quiet">{texts.empty}</p>
      ) : (
        <>
          <p className="mt-1 text-sm text-quiet">{texts.note(SESSION_JOBS_KEPT)}</p>
          <ul className="mt-4 divide-y divide-rule" aria-labelledby="session-jobs-title">
            {jobs.map((job) => (
              <li key={job.jobId} className="grid gap-x-6 py-3 sm:grid-cols-[1fr_auto]">
                <span className="min-w-0 wrap-anywhere">{job.message}</span>
                <span className="text-sm tabular-nums sm:text-right">
                  <time dateTime={new Date(job.dueAtMs).toISOString()}>{momentText(job.dueAtMs, nowMs, locale)}</time>
                  {" · "}
                  {job.dueAtMs > nowMs
                    ? texts.waiting(distanceText(Math.ceil((job.dueAtMs - nowMs) / 1000), locale))
                    : texts.due}
                </span>
                <code className="min-w-0 font-mono text-xs break-all text-quiet">{job.jobId}</code>
                <span className="text-xs text-quiet sm:text-right">{texts.retries(job.maxRetry)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
