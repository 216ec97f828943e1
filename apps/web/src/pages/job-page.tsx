import { Link, useParams } from "@tanstack/react-router";
import { useMemo } from "react";
import { FindJob } from "../components/jobs/find-job.tsx";
import { FollowNote } from "../components/jobs/follow-note.tsx";
import { JobCard } from "../components/jobs/job-card.tsx";
import { JobNotices } from "../components/jobs/job-notices.tsx";
import { PageHeading } from "../components/page-heading.tsx";
import { SessionJobStore } from "../demo-job/session-job-store.ts";
import { lookedUpJob, needsAsking, type SessionJob } from "../demo-job/session-jobs.ts";
import { serverClock, tabJobs } from "../demo-job/this-tab.ts";
import { useFollowedJobs } from "../demo-job/use-followed-jobs.ts";
import { useRegisterJob } from "../demo-job/use-register-job.ts";
import { useLanguage } from "../i18n/language-context.ts";
import { noticesOf, workersIn } from "../readiness/job-notices.ts";
import { useReadinessForNotices } from "../readiness/use-readiness.ts";
import { useStoreWellAtMs } from "../readiness/use-store-well.ts";
import { useServerNow } from "../use-server-now.ts";

/** What became of one job, by its id: one of this tab, or of yesterday, or from anywhere. */
export function JobPage() {
  const { jobId } = useParams({ from: "/dm-jobqueue/jobs/$jobId" });
  const { messages } = useLanguage();
  const store = useMemo(() => storeWith(jobId), [jobId]);
  const readiness = useReadinessForNotices();
  const storeWellAtMs = useStoreWellAtMs();
  const { jobs, follow: followed, askSoon } = useFollowedJobs(store, workersIn(readiness));
  const follow = { ...followed, storeWellAtMs };
  const nowMs = useServerNow(true);
  const { mutate, isPending } = useRegisterJob();
  const texts = messages.jobs.page;
  const job = jobs.find((each) => each.jobId === jobId);
  const isUnseen = job?.elsewhere === true && job.view === undefined;
  const isWaiting = job !== undefined && needsAsking(job, nowMs);
  const sendAgain = (again: SessionJob) => {
    if (!isPending) mutate({ request: again.request, again }, { onSuccess: askSoon });
  };
  return (
    <>
      <PageHeading title={texts.title} />
      <p className="mt-1 mb-5 flex flex-wrap gap-x-5 text-quiet">
        <Link to="/dm-jobqueue">{texts.all}</Link>
        <FollowNote follow={follow} nowMs={nowMs} jobs={job === undefined ? [] : [job]} />
      </p>
      {isWaiting && <JobNotices notices={noticesOf(follow.queue, readiness)} nowMs={nowMs} />}
      {isUnseen && job.missingSinceMs !== undefined && (
        <section className="job" aria-labelledby="missing-title">
          <h2 id="missing-title">{texts.missing}</h2>
          <p className="job-id">
            <code>{jobId}</code>
          </p>
          <p className="mt-2">{texts.missingText}</p>
        </section>
      )}
      {isUnseen && job.missingSinceMs === undefined && (
        <p role="status">{follow.failure === undefined ? texts.asking : texts.failed}</p>
      )}
      {job && !isUnseen && <JobCard job={job} follow={follow} nowMs={nowMs} isAlone={true} onSendAgain={sendAgain} />}
      <div className="desk-more max-w-sm">
        <FindJob key={jobId} />
      </div>
    </>
  );
}

/** The tab's own jobs where the job is one of them, else a list of this one. */
function storeWith(jobId: string): SessionJobStore {
  if (tabJobs.jobs().some((job) => job.jobId === jobId)) return tabJobs;
  return new SessionJobStore(undefined, [lookedUpJob(jobId, serverClock.nowMs())]);
}
