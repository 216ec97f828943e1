import { cardOf } from "../../demo-job/job-card-state.ts";
import type { FollowState } from "../../demo-job/job-follower.ts";
import type { SessionJob } from "../../demo-job/session-jobs.ts";
import { useLanguage } from "../../i18n/language-context.ts";
import { plainText } from "../../i18n/rich-text.ts";
import { sentenceText } from "../../i18n/sentence-text.ts";
import { FollowNote } from "./follow-note.tsx";
import { JobCard } from "./job-card.tsx";
import { useAnnouncement } from "./use-announcement.ts";

interface JobListProps {
  readonly jobs: readonly SessionJob[];
  readonly follow: FollowState;
  readonly nowMs: number;
  readonly onSendAgain: (job: SessionJob) => void;
}

/** The jobs that this tab sent, newest first, each as a card that follows its job. A new sentence is announced. */
export function JobList({ jobs, follow, nowMs, onSendAgain }: JobListProps) {
  const { locale, messages } = useLanguage();
  const texts = messages.jobs;
  const announcement = useAnnouncement(
    jobs.map((job) => {
      const { message, sentence } = cardOf(job, follow, nowMs);
      const said = plainText(sentenceText(sentence, { texts, locale, nowMs }));
      return { id: job.jobId, key: newsOf(sentence), text: `${message}: ${said}` };
    }),
  );
  return (
    <section aria-labelledby="jobs-title" className="jobs">
      <header>
        <h2 id="jobs-title">{texts.title}</h2>
        <p className="cap">
          {jobs.length > 0 && <span>{texts.note(jobs.length)}</span>}
          <FollowNote follow={follow} nowMs={nowMs} jobs={jobs} />
        </p>
      </header>
      <p role="status" className="sr-only">
        {announcement}
      </p>
      {jobs.length === 0 && <p className="jobs-empty">{texts.empty}</p>}
      {jobs.map((job) => (
        <JobCard key={job.jobId} job={job} follow={follow} nowMs={nowMs} onSendAgain={onSendAgain} />
      ))}
    </section>
  );
}

/** What makes a sentence new. The passing of time does not. */
function newsOf(sentence: ReturnType<typeof cardOf>["sentence"]): string {
  const attempt = "attempt" in sentence ? sentence.attempt : "";
  const why = "why" in sentence ? sentence.why : "but" in sentence ? sentence.but : "";
  return `${sentence.code} ${attempt} ${why}`;
}
