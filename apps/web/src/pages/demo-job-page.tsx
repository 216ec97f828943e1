import { useEffect, useRef, useState } from "react";
import { JobForm } from "../components/job-form.tsx";
import { CurlExample } from "../components/jobs/curl-example.tsx";
import { FindJob } from "../components/jobs/find-job.tsx";
import { JobList } from "../components/jobs/job-list.tsx";
import { JobNotices } from "../components/jobs/job-notices.tsx";
import { PageHeading } from "../components/page-heading.tsx";
import { RegistrationRefusal } from "../components/registration-refusal.tsx";
import {
  EMPTY_JOB_FORM,
  type FieldFaults,
  type JobField,
  type JobFormValues,
  readJobForm,
  sortRefusals,
} from "../demo-job/job-form-state.ts";
import { needsAsking, type SessionJob } from "../demo-job/session-jobs.ts";
import { serverClock, tabJobs } from "../demo-job/this-tab.ts";
import { useFollowedJobs } from "../demo-job/use-followed-jobs.ts";
import { useRegisterJob } from "../demo-job/use-register-job.ts";
import { useLanguage } from "../i18n/language-context.ts";
import { noticesOf, workersIn } from "../readiness/job-notices.ts";
import { useReadinessForNotices } from "../readiness/use-readiness.ts";
import { useStoreWellAtMs } from "../readiness/use-store-well.ts";
import { useServerNow } from "../use-server-now.ts";

/** Registers jobs, and follows those that this tab has registered until they are over. */
export function DemoJobPage() {
  const { messages } = useLanguage();
  const [values, setValues] = useState<JobFormValues>(EMPTY_JOB_FORM);
  const [faults, setFaults] = useState<FieldFaults>({});
  const [refusals, setRefusals] = useState(0);
  const readiness = useReadinessForNotices();
  const storeWellAtMs = useStoreWellAtMs();
  const { jobs, follow: followed, askSoon } = useFollowedJobs(tabJobs, workersIn(readiness));
  const follow = { ...followed, storeWellAtMs };
  const { mutate, reset, isPending, data } = useRegisterJob();
  const nowMs = useServerNow(jobs.some((job) => needsAsking(job, serverClock.nowMs())));
  const form = useRef<HTMLFormElement>(null);
  const result = useRef<HTMLElement>(null);
  const read = readJobForm(values);

  // After a refusal, the reader goes to the first field to correct, else to what the server said. After a success the
  // focus stays at the button: the card tells by itself.
  useEffect(() => {
    if (refusals === 0) return;
    const faulty = form.current?.querySelector<HTMLElement>("input[aria-invalid=true]");
    (faulty ?? result.current)?.focus();
  }, [refusals]);

  const change = (field: JobField, value: string) => {
    setValues({ ...values, [field]: value });
    setFaults({ ...faults, [field]: undefined });
  };
  const send = (press: Parameters<typeof mutate>[0]) => {
    mutate(press, {
      onSuccess: (sending) => {
        askSoon();
        if (sending.kind === "refused") {
          if (sending.failure.kind === "invalid") setFaults(sortRefusals(sending.failure.errors).faults);
          setRefusals(refusals + 1);
        } else document.getElementById(`job-${sending.jobId}`)?.scrollIntoView({ block: "nearest" });
      },
    });
  };
  const submit = () => {
    if (isPending) return;
    setFaults(read.valid ? {} : read.faults);
    if (read.valid) send({ request: read.request });
    else {
      reset();
      setRefusals(refusals + 1);
    }
  };
  const sendAgain = (job: SessionJob) => {
    if (!isPending) send({ request: job.request, again: job });
  };

  return (
    <>
      <PageHeading title={messages.job.title} />
      <p className="mt-1 mb-5 text-quiet">{messages.job.intro}</p>
      <JobNotices notices={noticesOf(follow.queue, readiness)} nowMs={nowMs} />
      <div className="desk">
        <div className="desk-left">
          <section aria-labelledby="new-job-title" className="aside">
            <header>
              <h2 id="new-job-title">{messages.jobs.form.title}</h2>
            </header>
            <JobForm
              ref={form}
              values={values}
              faults={faults}
              isPending={isPending}
              onChange={change}
              onSubmit={submit}
            />
            <div aria-live="polite">
              {data?.kind === "refused" && <RegistrationRefusal ref={result} failure={data.failure} atMs={data.atMs} />}
            </div>
          </section>
          <div className="desk-more">
            <FindJob />
            <CurlExample request={read.valid ? read.request : {}} />
          </div>
        </div>
        <JobList jobs={jobs} follow={follow} nowMs={nowMs} onSendAgain={sendAgain} />
      </div>
    </>
  );
}
