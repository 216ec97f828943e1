import { useEffect, useRef, useState } from "react";
import { JobForm } from "../components/job-form.tsx";
import { PageHeading } from "../components/page-heading.tsx";
import { RegistrationFailure } from "../components/registration-failure.tsx";
import { RegistrationSuccess } from "../components/registration-success.tsx";
import { SessionJobList } from "../components/session-job-list.tsx";
import {
  EMPTY_JOB_FORM,
  type FieldFaults,
  type JobField,
  type JobFormValues,
  readJobForm,
  sortRefusals,
} from "../demo-job/job-form.ts";
import { useRegisterJob } from "../demo-job/use-register-job.ts";
import { useSessionJobs } from "../demo-job/use-session-jobs.ts";
import { useLanguage } from "../i18n/language-context.ts";

/** Registers a job, says what became of it, and lists what this tab has registered. */
export function DemoJobPage() {
  const { messages } = useLanguage();
  const [values, setValues] = useState<JobFormValues>(EMPTY_JOB_FORM);
  const [faults, setFaults] = useState<FieldFaults>({});
  const [answers, setAnswers] = useState(0);
  const [jobs, addJob] = useSessionJobs();
  const { mutate, reset, isPending, data, error } = useRegisterJob(addJob);
  const form = useRef<HTMLFormElement>(null);
  const result = useRef<HTMLElement>(null);

  // After each answer, the reader goes to the first field to correct, else to the result.
  useEffect(() => {
    if (answers === 0) return;
    const faulty = form.current?.querySelector<HTMLElement>("input[aria-invalid=true]");
    (faulty ?? result.current)?.focus();
  }, [answers]);

  const change = (field: JobField, value: string) => {
    setValues({ ...values, [field]: value });
    setFaults({ ...faults, [field]: undefined });
  };
  const submit = () => {
    if (isPending) return;
    const read = readJobForm(values);
    setFaults(read.valid ? {} : read.faults);
    if (!read.valid) {
      reset();
      setAnswers(answers + 1);
      return;
    }
    mutate(read.request, {
      onError: ({ failure }) => {
        if (failure.kind === "invalid") setFaults(sortRefusals(failure.errors).faults);
      },
      onSettled: () => setAnswers(answers + 1),
    });
  };

  return (
    <div className="max-w-2xl">
      <PageHeading title={messages.job.title} />
      <p className="mt-4 text-quiet">{messages.job.intro}</p>
      <JobForm ref={form} values={values} faults={faults} isPending={isPending} onChange={change} onSubmit={submit} />
      <div aria-live="polite" className="mt-8">
        {isPending && <p className="sr-only">{messages.job.submitting}</p>}
        {data && <RegistrationSuccess ref={result} {...data} />}
        {error && <RegistrationFailure ref={result} error={error} />}
      </div>
      <SessionJobList jobs={jobs} />
    </div>
  );
}
