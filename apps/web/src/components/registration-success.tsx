import type { Ref } from "react";
import type { RegisteredJob } from "../demo-job/session-jobs.ts";
import { useLanguage } from "../i18n/language-context.ts";
import { distanceText, momentText } from "../i18n/time-text.ts";
import { CopyButton } from "./copy-button.tsx";
import { ResultPanel } from "./result-panel.tsx";

interface RegistrationSuccessProps {
  readonly job: RegisteredJob;
  readonly registeredAtMs: number;
  readonly ref: Ref<HTMLElement>;
}

/** The id of a registered job, to copy, and when it runs, in local time. */
export function RegistrationSuccess({ job, registeredAtMs, ref }: RegistrationSuccessProps) {
  const { locale, messages } = useLanguage();
  const { result } = messages;
  const time = momentText(job.dueAtMs, registeredAtMs, locale);
  const distance = distanceText((job.dueAtMs - registeredAtMs) / 1000, locale);
  return (
    <ResultPanel ref={ref} tone="good" title={result.registered}>
      <dl className="grid gap-x-5 gap-y-2 sm:grid-cols-[auto_1fr]">
        <dt className="text-quiet">{result.jobId}</dt>
        <dd className="flex flex-wrap items-baseline gap-x-3 gap-y-1">
          <code className="font-mono text-xs break-all sm:text-sm">{job.jobId}</code>
          <CopyButton text={job.jobId} what={result.jobId} key={job.jobId} />
        </dd>
        <dt className="text-quiet">{result.runs}</dt>
        <dd>
          <time dateTime={new Date(job.dueAtMs).toISOString()}>{result.runsAt(time, distance)}</time>
        </dd>
      </dl>
    </ResultPanel>
  );
}
