import type { ReactNode } from "react";
import { type CardState, mostAttempts } from "../../demo-job/job-card-state.ts";
import { msOf } from "../../demo-job/job-moments.ts";
import type { SessionJob } from "../../demo-job/session-jobs.ts";
import type { Writing } from "../../i18n/sentence-text.ts";
import { momentText } from "../../i18n/time-text.ts";
import { Rich } from "../rich.tsx";

interface JobEvidenceProps {
  readonly job: SessionJob;
  readonly state: CardState;
  /** The store that was away answers again. */
  readonly storeBack: boolean;
  readonly writing: Writing;
}

/** What is known of a job besides its sentence and its road: errors, where the line was printed, what is safe to do. */
export function JobEvidence({ job, state, storeBack, writing }: JobEvidenceProps) {
  const { evidence, reasons } = writing.texts;
  const { view, failure } = job;
  if (job.fate === "perhaps" && failure) {
    return <Note>{evidence.noDoubles(storeBack ? evidence.storeBack : reasons[failure.reason])}</Note>;
  }
  if (job.fate === "not_stored" && storeBack) return null;
  if (job.fate === "not_stored" && failure) return <Note>{reasons[failure.reason]}</Note>;
  if (view === undefined) return null;
  const error = view.attempts.findLast((attempt) => attempt.error !== null)?.error;
  const left = mostAttempts(job) - view.retried;
  return (
    <>
      {error && state !== "completed" && (
        <pre className="box" lang="en">
          {error}
        </pre>
      )}
      {state === "retry" && <Note>{evidence.attemptsLeft(left)}</Note>}
      {(state === "no_worker" || state === "paused" || state === "quiet" || state === "not_handled") && (
        <Note>{evidence.stored}</Note>
      )}
      {state === "completed" && <Output job={job} writing={writing} />}
      {!view.details_shown && (view.attempts.length > 0 || view.running) && <Note>{evidence.withheld}</Note>}
    </>
  );
}

/** Where the line of a printed job can be seen. */
function Output({ job: { view }, writing }: { readonly job: SessionJob; readonly writing: Writing }) {
  const { evidence } = writing.texts;
  const worker = view?.attempts.at(-1)?.worker;
  const keptUntilMs = msOf(view?.kept_until);
  return (
    <>
      <div className="output">
        <span>{worker ? evidence.stdout(worker.pid) : evidence.stdoutSomewhere}</span>
        <pre className="box">{view?.message}</pre>
      </div>
      <Note>
        <Rich text={worker?.directory ? evidence.lookThere(worker.directory) : evidence.lookSomewhere} />
      </Note>
      {keptUntilMs !== undefined && (
        <Note>{evidence.keptUntil(momentText(keptUntilMs, writing.nowMs, writing.locale))}</Note>
      )}
    </>
  );
}

function Note({ children }: { readonly children: ReactNode }) {
  return <p className="cap">{children}</p>;
}
